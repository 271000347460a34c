"""What a sensorline board is made of: who it is, when its channels report, what it was asked."""

from dataclasses import dataclass

from firmware_sim.channels import Channel

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the board says it is, in its hello: three words."""

    model: str = "occupancy-sim"
    identity: str = "SIM000000001"
    firmware: str = "1.0.0"


@dataclass(slots=True)
class Pace:
    """When a channel reports. `asked`: a request set the interval, so a new speed leaves it alone."""

    channel: Channel
    interval_ns: int
    due_ns: int
    asked: bool = False

    @property
    def interval_ms(self) -> int:
        return max(1, round(self.interval_ns / NS_PER_MS)) if self.interval_ns else 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits: carried out at `due_ns`."""

    due_ns: int
    id: int
    verb: str
    arguments: tuple[str, ...]


@dataclass(slots=True)
class Counters:
    """What the board did since the program started."""

    boots: int = 0
    readings: int = 0
    readings_skipped: int = 0
    requests: int = 0
    requests_unusable: int = 0
    messages_unknown: int = 0
    requests_damaged: int = 0
