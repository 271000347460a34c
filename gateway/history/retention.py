"""What is forgotten: what is too old, and the oldest where the file is too large. Roll-ups outlive readings.

Each call is one short step inside a transaction of the caller's, and says whether it has done something.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import NamedTuple

from drivers.reading import format_ms
from gateway.event_id import EventId
from gateway.history import clearing, notes
from gateway.history.blocks import BLOCK
from gateway.history.buckets import DAY
from gateway.history.schema import SENSOR_BITS

logger = logging.getLogger(__name__)

SOME_EVENTS = 500
"""That are deleted in one step: each step writes a dozen pages beside."""
SOME_DAYS = 50
"""Of series, of a day that is deleted: 50 of a reading a minute take 120 KiB."""


class Bounds(NamedTuple):
    """How old readings and other events may become, in ms, and how many bytes of the file may be in use."""

    keep_ms: int
    keep_events_ms: int
    most_bytes: int


def forget_old(db: sqlite3.Connection, bounds: Bounds, now_ms: int) -> bool:
    """What is older than it may become: whole days of readings, and events."""
    return _forget_days(db, (now_ms - bounds.keep_ms) // DAY) or _forget_events(
        db, now_ms - bounds.keep_events_ms
    )


def forget_most(db: sqlite3.Connection, bounds: Bounds, now_ms: int) -> bool:
    """The oldest, if more than they may is in use: readings of days that are over, events, roll-ups, and
    readings that are not sealed, or are but are there as well."""
    if used_bytes(db) <= bounds.most_bytes:
        return False
    day = _first(db, "SELECT min(key) FROM days WHERE key < ?", now_ms // DAY << SENSOR_BITS)
    if day is not None:
        _say(bounds, f"the readings of {_date((day >> SENSOR_BITS) * DAY)}; their roll-ups stay")
        return _forget_days(db, (day >> SENSOR_BITS) + 1)
    ms = _first(db, "SELECT min(ms) FROM events")
    if ms is not None:
        _say(bounds, f"events from {_date(ms)} on")
        return _forget_events(db, 1 << 62)
    block = _first(db, "SELECT min(key) FROM hours")
    if block is not None:
        _say(bounds, f"the roll-ups of 32 days from {_date((block >> SENSOR_BITS) * BLOCK)} on")
        return _forget_blocks(db, (block >> SENSOR_BITS) + 1)
    time = _first(db, "SELECT min(time) FROM readings")
    if time is None:
        return False
    _say(bounds, f"readings from {format_ms(time)} on")
    return clearing.forget_some(db, 0, 1 << 62)


def used_bytes(db: sqlite3.Connection) -> int:
    """Of the file, without the pages that are free."""
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _forget_days(db: sqlite3.Connection, before: int) -> bool:
    key = before << SENSOR_BITS
    query = "DELETE FROM days WHERE key IN (SELECT key FROM days WHERE key < ? ORDER BY key LIMIT ?)"
    if not db.execute(query, (key, SOME_DAYS)).rowcount:
        return False
    if before > (notes.number(db, notes.RAW_FROM) or 0):
        notes.note(db, notes.RAW_FROM, before)
    return True


def _forget_events(db: sqlite3.Connection, before: int) -> bool:
    query = "SELECT ms, number FROM events WHERE ms < ? ORDER BY ms, number LIMIT ?"
    rows = db.execute(query, (before, SOME_EVENTS)).fetchall()
    if not rows:
        return False
    gone = db.executemany("DELETE FROM events WHERE ms IS ? AND number IS ?", rows).rowcount
    clearing.reaches(db, EventId(*rows[-1]))
    return gone > 0


def _forget_blocks(db: sqlite3.Connection, before: int) -> bool:
    db.execute("DELETE FROM hours WHERE key < ?", (before << SENSOR_BITS,))
    query = "DELETE FROM gaps WHERE ended IS NOT NULL AND ended < ?"
    db.execute(query, (before * BLOCK,))
    return True


def _first(db: sqlite3.Connection, query: str, *values: int) -> int | None:
    row = db.execute(query, values).fetchone()
    return None if row is None else row[0]


def _date(ms: int) -> str:
    return format_ms(ms)[:10]


def _say(bounds: Bounds, what: str) -> None:
    logger.warning("history: more than %d MB are in use; forgotten: %s", bounds.most_bytes // 1_000_000, what)
