"""Up to which time the sealed days of a series hold all that has been heard of it.

Readings of before that are in the hot table as well, until their day is over, as their ids are known only
there; but nobody needs to read them there. It is a promise of what has been written, so what is not noted, or
cannot be read, means 0: everything in the hot table is looked at. A day that is damaged, or is not there at
all, is covered by nothing. All runs inside a transaction of the caller's.
"""

from __future__ import annotations

import sqlite3

from gateway.history import notes
from gateway.history.buckets import DAY
from gateway.history.schema import SENSOR_BITS


def until(db: sqlite3.Connection, number: int) -> int:
    """UTC in ms; 0 for never."""
    return notes.number(db, notes.COVERED_FROM + number) or 0


def cover(db: sqlite3.Connection, number: int, time: int) -> None:
    """The sealed days hold everything before that, or, if it is later than it was, not more than that."""
    notes.note(db, notes.COVERED_FROM + number, time)


def opened(db: sqlite3.Connection, *, salvaged: bool) -> None:
    """Of a file that was put together of what could be read of another nothing is covered: days may be
    missing. There, and in one of an older gateway, what is sealed is not taken to be hot as well."""
    if salvaged:
        end = notes.COVERED_FROM + (1 << SENSOR_BITS)
        db.execute("DELETE FROM notes WHERE key >= ? AND key < ?", (notes.COVERED_FROM, end))
    if salvaged or notes.number(db, notes.HOT_FROM) is None:
        (last,) = db.execute("SELECT max(key) FROM days").fetchone()
        notes.note(db, notes.HOT_FROM, 0 if last is None else (last >> SENSOR_BITS) + 1)


def is_hot(db: sqlite3.Connection, day: int) -> bool:
    """Whether everything that was heard that day is in the hot table, too."""
    first = notes.number(db, notes.HOT_FROM)
    return first is not None and day >= first


def cooled(db: sqlite3.Connection, time: int) -> None:
    """Readings up to then go from the hot table."""
    first = time // DAY + 1
    if first > (notes.number(db, notes.HOT_FROM) or 0):
        notes.note(db, notes.HOT_FROM, first)
