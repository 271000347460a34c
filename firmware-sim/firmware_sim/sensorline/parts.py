"""What a sensorline board is made of: who it is, when its channels report, what it has done."""

from dataclasses import dataclass

from firmware_sim.channels import Channel
from firmware_sim.line import encode

NS_PER_MS = 1_000_000
MAX_INTERVAL_MS = 86_400_000
"""A day: what the board makes of a longer interval."""
LAST_WORDS = encode("D the supply voltage falls")
"""What it is saying when it restarts in the middle of a line."""


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


@dataclass(slots=True)
class Counters:
    """What the board did since the program started."""

    boots: int = 0
    readings: int = 0
    readings_skipped: int = 0
    sent_again: int = 0
    requests: int = 0
    requests_unusable: int = 0
    messages_unknown: int = 0
    requests_damaged: int = 0
