"""What the outbox holds: an event on its way to the broker, and a gap record."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import NamedTuple

from gateway.mqtt.outbox.store import Gap

LIVE, FLYING, WAITING = "live", "flying", "waiting"
"""Where an event is that is in memory: to be sent now; sent and not acknowledged; to be sent late."""


@dataclass(slots=True, eq=False)
class Event:
    """`number` ascends; `row` is its id on disk, 0 while it is not there; `at` is monotonic."""

    number: int
    sender: str
    event: str
    head: str
    utc: float
    at: float
    uid: str
    late: bool = False
    row: int = 0
    place: str = WAITING

    @property
    def size(self) -> int:
        """Bytes of memory that its message takes."""
        return sys.getsizeof(self.head)


class LateGap(NamedTuple):
    """A gap record on its way."""

    gap: Gap


Outgoing = Event | LateGap


def is_late(outgoing: Outgoing) -> bool:
    """Whether it belongs to the backlog."""
    return isinstance(outgoing, LateGap) or outgoing.late
