"""A machine whose clocks go only when a test says so, and the house's clock on it."""

from drivers.clock import boottime
from gateway.clock.memory import Memory
from gateway.clock.wall import WallClock
from tests.support.fake_clock import START_UTC


class FakeMachine:
    """For anything that takes a `gateway.clock.machine.Machine`. Nobody keeps its clock, and nothing
    contradicts it, until a test says otherwise. `stopped_s`: between any two looks at a clock."""

    def __init__(self, wall: float = START_UTC, boottime: float = 1000.0, boot: str = "boot-a") -> None:
        self.now, self.boot = boottime, boot
        self.offset = wall - boottime
        self.built = START_UTC - 86400.0 * 365
        self.kept = False
        self.client: str | None = None
        self.stopped_s = 0.0
        self.looks = 0

    def wall(self) -> float:
        """Seconds since 1970, as set."""
        self.now += self.stopped_s
        return self.now + self.offset

    def boottime(self) -> float:
        """Seconds, as set."""
        self.now += self.stopped_s
        return self.now

    def synchronised(self) -> bool:
        """As set."""
        self.looks += 1
        return self.kept

    def silent_client(self) -> str | None:
        """As set."""
        return self.client

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds

    def set_wall(self, utc: float) -> None:
        """What a time server, or a person, does."""
        self.offset = utc - self.now


class StagedClock(WallClock):
    """The house's clock on a `machine` of its own; goes as `FakeClock` does."""

    def __init__(
        self,
        machine: FakeMachine | None = None,
        memory: Memory | None = None,
        override: str | None = None,
    ) -> None:
        self.machine = machine or FakeMachine()
        super().__init__(self.machine, memory, override)
        self.advance = self.machine.advance
        self.set_wall = self.machine.set_wall


class RunningMachine(FakeMachine):
    """One whose boottime is the real one, for tests with real sockets; its wall is as a test sets it."""

    def __init__(self, wall: float = START_UTC, boot: str = "boot-a") -> None:
        super().__init__(wall, boottime(), boot)
        self._ahead = 0.0

    def wall(self) -> float:
        """See `FakeMachine`."""
        return self.boottime() + self.offset

    def boottime(self) -> float:
        """The machine's, and what a test has let go by beside it."""
        return boottime() + self._ahead

    def advance(self, seconds: float) -> None:
        """See `FakeMachine`."""
        self._ahead += seconds

    def set_wall(self, utc: float) -> None:
        """See `FakeMachine`."""
        self.offset = utc - self.boottime()
