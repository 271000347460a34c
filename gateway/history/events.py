"""Events by their ids, as they were published: of the table of events, and readings of the hot table."""

from __future__ import annotations

import sqlite3

from drivers.clock import UNSET
from drivers.reading import GOOD, SUSPECT, format_ms
from gateway.encoding import encode
from gateway.event_id import EventId
from gateway.history.days import is_sound_reading
from gateway.history.rows import Kept, Reading
from gateway.history.schema import EVENTS, SCHEMA, SENSORS
from gateway.history.sealed import GOOD as GOOD_CODE
from gateway.storage.schema import Values

CHANGED, LATE = "#changed", "#late"
LATE_SEQ = 1 << 60
"""Added to the number of a reading whose event was `#late`, in the table: no other number is so large."""
LATE_MS = 60_000
"""Readings whose event came later than that have an index of their own (in the migrations)."""
SOME = 100
"""Readings that are looked at for the newest: all of them would have to be damaged."""
_AFTER = "time + delay > :ms OR (time + delay = :ms AND number > :number)"
_IN_TIME = f"SELECT * FROM readings WHERE time >= :ms - {LATE_MS} AND ({_AFTER}) "  # noqa: S608 - ours alone
_LATE = (
    f"SELECT * FROM readings WHERE delay > {LATE_MS} AND time + delay >= :ms "  # noqa: S608 - the same
    f"AND time < :ms - {LATE_MS} AND ({_AFTER}) "
)
_ORDER = "ORDER BY time + delay, number LIMIT :limit"


def after(db: sqlite3.Connection, event_id: EventId, limit: int, sender: str | None = None) -> list[Kept]:
    """At most so many after that one, in order; of one sender, if given. An empty list: there are none."""
    query = "SELECT * FROM events WHERE (ms, number) > (?, ?) AND (? IS NULL OR sender = ?) "
    query += "ORDER BY ms, number LIMIT ?"
    while rows := db.execute(query, (*event_id, sender, sender, limit)).fetchall():
        if found := [Kept(EventId(*row[:2]), *row[2:5]) for row in rows if SCHEMA.is_sound(EVENTS, row)]:
            return found
        event_id = EventId(*rows[-1][:2])
    return []


def newest(db: sqlite3.Connection) -> EventId | None:
    """The last one that is there, for where it is not noted any more."""
    query = "SELECT time + delay, number FROM readings WHERE time >= 0 ORDER BY 1 DESC, 2 DESC LIMIT 1"
    found = [EventId(*row) for row in db.execute(query) if all(isinstance(each, int) for each in row)]
    if (event := newest_event(db)) is not None:
        found.append(event)
    return max(found, default=None)


def newest_event(db: sqlite3.Connection) -> EventId | None:
    """The last one that is no reading."""
    query = "SELECT ms, number FROM events WHERE ms < 1 << 62 ORDER BY ms DESC, number DESC LIMIT 1"
    row = db.execute(query).fetchone()
    return EventId(*row) if row is not None and all(isinstance(each, int) for each in row) else None


def newest_reading_after(db: sqlite3.Connection, event_id: EventId) -> EventId | None:
    """The last one in the hot table after that one; None for none."""
    values = {**event_id._asdict(), "limit": SOME}
    order = "ORDER BY time + delay DESC, number DESC LIMIT :limit"
    rows = [row for query in (_IN_TIME, _LATE) for row in db.execute(query + order, values)]
    return max((EventId(row[0] + row[3], row[4]) for row in rows if is_sound_reading(row)), default=None)


def readings_after(db: sqlite3.Connection, event_id: EventId, limit: int) -> list[Kept]:
    """The same of readings in the hot table."""
    values = {**event_id._asdict(), "limit": limit}
    rows = [row for query in (_IN_TIME, _LATE) for row in db.execute(query + _ORDER, values)]
    names = {row[0]: row for row in db.execute("SELECT * FROM sensors") if SCHEMA.is_sound(SENSORS, row)}
    found = [_published(row, names) for row in rows if is_sound_reading(row) and row[1] in names]
    return sorted(found)[:limit]


def _published(row: Values, names: dict[int, Values]) -> Kept:
    time, number, value, delay, id_number, seq, reason, _ = row
    _, name, unit, _ = names[number]
    data = reading_data(value, unit, time, told_seq(seq), reason)
    event = CHANGED if seq == told_seq(seq) else LATE
    return Kept(EventId(time + delay, id_number), name, event, data)


def told_seq(seq: int) -> int:
    """The number of a row in the table, as it was published."""
    return seq - LATE_SEQ if seq > LATE_SEQ // 2 else seq


def reading_data(
    value: float, unit: str, time: int, seq: int, reason: str | None, *, unset: bool = False
) -> str:
    """What `#changed` carried: see `drivers.reading.Reading.as_data`. `reason`: None for a good one."""
    quality = GOOD if reason is None else SUSPECT
    data = {"value": value, "unit": unit, "time": format_ms(time), "quality": quality, "seq": seq}
    if reason:
        data["reason"] = reason
    if unset:
        data["clock"] = UNSET
    return encode(data)


def of_reading(item: Reading, *, unset: bool = False) -> Kept:
    """What was published of it."""
    reason = None if item.quality == GOOD_CODE else item.reason or ""
    data = reading_data(item.value, item.unit, item.time, item.seq, reason, unset=unset)
    return Kept(item.id, item.sender, LATE if item.late else CHANGED, data)
