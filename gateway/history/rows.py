"""What history is made of: what a recorder hands to the store, and what an archive answers. Pure.

All times are UTC in ms. Between two readings of a sender the value holds; only a mark makes a gap, which
lasts until the sender's next reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drivers.receipt import Receipt
from gateway.event_id import EventId
from gateway.history.buckets import Bucket, Gap


class Reading(NamedTuple):
    """A `#changed` event, or a `#late` one. `time`: when the value was measured; `quality`: `sealed.GOOD` or
    `SUSPECT`, with a `reason` then; `id`: the event's, which is of when it was heard. `receipt`: of one that
    its device keeps until it is written."""

    sender: str
    unit: str
    time: int
    value: float
    quality: int
    reason: str | None
    seq: int
    id: EventId
    late: bool = False
    receipt: Receipt | None = None


class Mark(NamedTuple):
    """From `time` on nothing is known of the sender's value: it is stale, disconnected, or the gateway was
    off. One in a gap that is there already changes nothing."""

    sender: str
    time: int
    reason: str


class Kept(NamedTuple):
    """Any event that is no reading, as it was published. `data`: JSON. `receipt`: as of a `Reading`."""

    id: EventId
    sender: str
    event: str
    data: str
    receipt: Receipt | None = None


class Untimed(NamedTuple):
    """Of a boot whose clock has not been set yet: what is to be stored when it has. `at`: CLOCK_BOOTTIME in
    ms of the reading's measurement or the mark's moment; `heard`: that of the event. The times in `item` are
    those of the unset clock."""

    boot: str
    at: int
    heard: int
    item: Reading | Mark | Kept


Item = Reading | Mark | Kept | Untimed


def receipt_of(item: Item) -> Receipt | None:
    """To be let go of when the item is written, or dropped."""
    inner = item.item if isinstance(item, Untimed) else item
    return None if isinstance(inner, Mark) else inner.receipt


class Batch(NamedTuple):
    """What one transaction writes. `items` are in the order in which they were heard; `alive`: the gateway
    was at work until then, None while the clock is unset."""

    items: Sequence[Item]
    alive: int | None
    is_last: bool = False
    """The run ends with it."""


class Sender(NamedTuple):
    """Of whom there are readings. `first`, `last`: the times of the oldest that is left and the newest."""

    name: str
    unit: str
    first: int
    last: int


class Series(NamedTuple):
    """What a sensor has said in some time. `first`: since when there is history of it."""

    unit: str | None
    first: int | None
    buckets: Sequence[Bucket]
    gaps: Sequence[Gap]
