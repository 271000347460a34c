"""A clock that goes only when a test says so."""

START_UTC = 1_795_329_000.0
"""2026-11-22T06:30:00Z, and the monotonic zero of the tests' clocks."""


class FakeClock:
    """For anything that takes a `drivers.clock.Clock`."""

    def __init__(self, monotonic: float = 1000.0, utc: float = START_UTC) -> None:
        self._monotonic = monotonic
        self._utc = utc
        self.unset = False

    def monotonic(self) -> float:
        """Seconds, as set."""
        return self._monotonic

    def utc(self) -> float:
        """Seconds since 1970, as set."""
        return self._utc

    def stamp(self, moment: float) -> tuple[float, bool]:
        """From the difference of the two, and `unset` as set."""
        return self._utc - (self._monotonic - moment), self.unset

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._monotonic += seconds
        self._utc += seconds

    def set_wall(self, utc: float) -> None:
        """What a time server does to a machine without a clock of its own: the wall clock jumps."""
        self._utc = utc
