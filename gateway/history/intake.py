"""From an event as it was heard to what is stored of it, and back to an event. Pure, no I/O.

    #changed with a reading     the reading
    #late with a reading        the same, at its own time; the event itself if it has no value
    #stale, #disconnect         a mark, since the value holds no longer; and the event itself
    #gap                        a mark of when readings began to be missing; and the event itself
    everything else             the event

A reading is taken apart here, on the recorder's thread and many at a time: on the thread that triggered it,
each would be waited for.
"""

from __future__ import annotations

import sys
from datetime import datetime
from functools import lru_cache
from typing import Any

import sig
from drivers.clock import UNSET
from drivers.options import finite
from drivers.reading import GOOD, STALE, SUSPECT
from gateway.encoding import decode, encode
from gateway.history import sealed
from gateway.history.events import CHANGED, LATE, LATE_SEQ, of_reading
from gateway.history.rows import Item, Kept, Mark, Reading, Untimed
from gateway.mailbox import Noted

STALE_EVENT, GAP_EVENT = "#stale", "#gap"
MISSING = "readings are missing"
NOT_CONNECTED, OFF = "not connected", "the gateway was off"
MOST_REASON = 200
"""Characters of a reason that are kept with each reading or mark."""
MOST_DATA = 16 * 1024
"""Characters of an event's data: more is not kept, but that there was an event."""
_QUALITIES = {GOOD: sealed.GOOD, SUSPECT: sealed.SUSPECT}


def items_of(noted: Noted, boot: str, *, leaving: bool = False) -> list[Item]:
    """What is stored of an event that was heard in this `boot`. `leaving`: the gateway is about to end, and
    takes its senders along. Nothing of a reading that came late, and just as the clock was set: when it was
    measured cannot be said any more, and its device sends it again."""
    if not noted.body.reading:
        found: list[Reading | Mark | Kept] = _marks(noted, leaving=leaving)
        found.append(_kept(noted))
        return list(found) if noted.known else _untimed(found, noted, boot, 0)
    data = decode(noted.body.data)
    measured = _ms(data["time"])
    heard = round(noted.utc * 1000)
    set_between = noted.known and data.get("clock") == UNSET
    if set_between and noted.event == LATE and noted.receipt is not None:
        return []
    if measured is None or set_between:
        measured = heard
    found = _of_reading(noted, data, measured)
    return list(found) if noted.known else _untimed(found, noted, boot, heard - measured)


def event_of(item: Item) -> Kept | None:
    """The event that it came of, as it was published; None for a mark."""
    inner = item.item if isinstance(item, Untimed) else item
    if isinstance(inner, Reading):
        return of_reading(inner, unset=inner is not item)
    return inner if isinstance(inner, Kept) else None


def _of_reading(noted: Noted, data: dict[str, Any], measured: int) -> list[Reading | Mark | Kept]:
    """Of an event whose data is a reading."""
    if noted.event in (CHANGED, LATE):
        value, quality = finite(data["value"]), _quality(data["quality"])
        unit, seq = data["unit"], data.get("seq", 0)
        is_number = type(seq) is int and abs(seq) < LATE_SEQ // 2
        if value is not None and quality is not None and isinstance(unit, str) and is_number:
            reason = data.get("reason")
            text = None if reason is None else str(reason)[:MOST_REASON]
            unit = sys.intern(unit)  # the same text in all of a sensor's readings
            more = noted.id, noted.event == LATE, noted.receipt
            return [Reading(noted.sender, unit, measured, value, quality, text, seq, *more)]
    marks: list[Reading | Mark | Kept] = []
    if noted.event == STALE_EVENT:
        reason = str(data.get("reason") or STALE)[:MOST_REASON]
        marks.append(Mark(noted.sender, round(noted.utc * 1000), reason))
    return [*marks, _kept(noted)]


def _quality(said: object) -> int | None:
    """None for what is none: whoever triggers the event may say a list there."""
    return _QUALITIES.get(said) if isinstance(said, str) else None


def _kept(noted: Noted) -> Kept:
    return Kept(noted.id, noted.sender, noted.event, _short(noted.body.data), noted.receipt)


def _marks(noted: Noted, *, leaving: bool) -> list[Reading | Mark | Kept]:
    if noted.event == GAP_EVENT:
        return _missing(noted)
    if noted.event != sig.EVENT_DISCONNECT:
        return []
    return [Mark(noted.sender, round(noted.utc * 1000), OFF if leaving else NOT_CONNECTED)]


def _missing(noted: Noted) -> list[Reading | Mark | Kept]:
    """Readings were lost on the device: what is known of the value ends where the gap begins. Where the clock
    was set between the two, when that was cannot be said any more."""
    data = decode(noted.body.data)
    begin = _ms(data.get("from")) if isinstance(data, dict) else None
    if begin is None or (noted.known and data.get("clock") == UNSET):
        return []
    return [Mark(noted.sender, begin, str(data.get("reason") or MISSING)[:MOST_REASON])]


def _untimed(items: list[Reading | Mark | Kept], noted: Noted, boot: str, before_ms: int) -> list[Item]:
    """`before_ms`: so long before it was heard the reading was measured."""
    heard, utc = round(noted.at * 1000), round(noted.utc * 1000)
    return [
        Untimed(boot, heard - (utc - item.time if isinstance(item, Mark) else before_ms), heard, item)
        for item in items
    ]


def _ms(time: object) -> int | None:
    """None for what is no time of day in our form."""
    if not isinstance(time, str) or not time.endswith("Z"):
        return None
    try:
        if len(time) == 24 and time[19] == "." and time[20:23].isdecimal():
            return _second(time[:19]) + int(time[20:23])
        return round(datetime.fromisoformat(time).timestamp() * 1000)
    except ValueError:
        return None


@lru_cache(maxsize=8)  # readings come in bunches of the same second
def _second(time: str) -> int:
    return round(datetime.fromisoformat(f"{time}Z").timestamp()) * 1000


def _short(data: str) -> str:
    return data if len(data) <= MOST_DATA else encode(f"{len(data)} characters, which are not kept")
