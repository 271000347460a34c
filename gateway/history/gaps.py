"""The table of gaps: a mark opens one, and a reading ends it, in whatever order they come.

Gaps of a name do not overlap. All runs inside a transaction of the caller's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from gateway.history.buckets import Gap
from gateway.history.schema import GAPS, MOST_TIME, SCHEMA, sealed

_OF_A_TIME = (
    "SELECT * FROM gaps WHERE sensor = ? AND began < ? AND (ended IS NULL OR ended > ?) ORDER BY began"
)


def between(db: sqlite3.Connection, home: int, since: int, until: int) -> list[Gap]:
    """Those that lasted at some time of it, whole, in order."""
    rows = db.execute(_OF_A_TIME, (home, until, since)).fetchall()
    return [Gap(began, ended, reason) for _, began, ended, reason, _ in filter(_is_sound, rows)]


def _is_sound(row: tuple[object, ...]) -> bool:
    return SCHEMA.is_sound(GAPS, row)


def put(db: sqlite3.Connection, home: int, gap: Gap) -> None:
    """Write it, in the place of one that began then."""
    db.execute("INSERT OR REPLACE INTO gaps VALUES (?, ?, ?, ?, ?)", sealed(GAPS, home, *gap))


def cut_short(db: sqlite3.Connection, home: int, time: int) -> Gap | None:
    """A reading of then ends the one in which it is. Returns it as it was; None for none."""
    for gap in between(db, home, time, time + 1):
        if gap.begin < time:
            put(db, home, gap._replace(end=time))
            return gap
    return None


def opened(db: sqlite3.Connection, home: int, time: int, reason: str, heard_next: int | None) -> Gap | None:
    """A mark of then, after which the name was heard at `heard_next`. None if it is in a gap already."""
    if any(gap.begin <= time for gap in between(db, home, time, time + 1)):
        return None
    until = MOST_TIME + 1 if heard_next is None else heard_next
    db.execute("DELETE FROM gaps WHERE sensor = ? AND began > ? AND began < ?", (home, time, until))
    gap = Gap(time, heard_next, reason)
    put(db, home, gap)
    return gap


def open_ones(db: sqlite3.Connection) -> dict[int, Gap]:
    """Those that last, by home."""
    rows: Sequence[tuple[int, int, None, str, int]]
    rows = db.execute("SELECT * FROM gaps WHERE ended IS NULL").fetchall()
    return {row[0]: Gap(*row[1:4]) for row in filter(_is_sound, rows)}
