"""A link as others see it, at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from drivers.source import Device


class LinkState(StrEnum):
    """Where a link is in its life."""

    CLOSED = "closed"
    OPENING = "opening"
    ABSENT = "absent"
    GREETING = "greeting"
    UP = "up"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """A link at one moment. `port` is what the config calls its source, `device` what was opened of it last;
    `reason` says why the link is not up; `devices` are there, by name; `warning`: why one of them may be
    another than is meant; `counters` count from the link's creation; `dropped` is the newest line or frame of
    this opening that was of no use; `waiting` requests are not answered yet; `since` is the monotonic time of
    the last change of state; `reconnects`: how often it came up again, from the link's creation."""

    name: str
    state: LinkState
    port: str
    device: str | None
    reason: str | None
    devices: Mapping[str, Device]
    warning: str | None
    counters: dict[str, int]
    dropped: str | None
    waiting: int
    since: float
    reconnects: int = 0

    @property
    def board(self) -> Device | None:
        """The device of a link that can have only one; None while it is not there."""
        return self.devices.get("")
