"""What a line of an exported file holds. All times are UTC in ms.

    reading   time sender value unit quality [reason] [seq id]
    gap       time to sender reason             to: empty or null where it lasts still
    event     time sender event data id         time: that of the id
    each      clock boot at heard               where the clock was not set: see `Untimed`

CSV has all the fields as columns, and JSON lines those that there are.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.event_id import EventId
from gateway.history.rows import Item, Kept, Mark, Reading, Untimed
from gateway.history.sealed import GOOD

READING, GAP, EVENT = "reading", "gap", "event"
FIELDS = (
    *("kind", "time", "sender", "value", "unit", "quality", "reason", "to", "event", "data"),
    *("id", "seq", "clock", "boot", "at", "heard"),
)
TEXTS = ("sender", "unit", "reason", "event", "boot")
"""Fields that are anybody's words."""
MOST_LINE = 1 << 20
"""Bytes of a line: an event's data may be as large as a message of the router's."""


class Silence(NamedTuple):
    """A gap of a sender's. `end`: when its next reading came, None while none has."""

    sender: str
    begin: int
    end: int | None
    reason: str


Record = Reading | Silence | Kept | Untimed


def reading(sender: str, unit: str, time: int, value: float, quality: int, reason: str | None) -> Reading:
    """One of which nothing else is known: as if it had been heard when it was measured."""
    return Reading(
        sender, unit, time, value, quality, None if quality == GOOD else reason, 0, EventId(time, 0)
    )


def item(record: Record) -> Item:
    """What a store takes for it. A gap's end is the next reading, which has a line of its own."""
    if isinstance(record, Silence):
        return Mark(record.sender, record.begin, record.reason)
    return record
