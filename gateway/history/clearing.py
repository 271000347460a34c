"""Readings go from the hot table: those of a day that is sealed, and the oldest where the file is too large.
They cannot be had by their ids any more.

Each call is one step inside a transaction of the caller's, and says whether it has done something.

Rows that are deleted cost as much as to write them: SQLite writes each of their pages once more before it is
free. So where more of them go than stay, as when a day is over, those that stay are copied to a new table,
and the old one goes as a whole, of which no page is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from gateway.event_id import EventId
from gateway.history import covered, notes
from gateway.history.days import is_sound_reading
from gateway.history.events import LATE_MS, SOME

SOME_ROWS = 5000
"""That are deleted in one step: they take 10 ms, and 0.1 s on a Pi Zero 2 (a guess)."""
MOST_COPIED = 100_000
"""That stay, and are copied in one step, which is done once a day: 6 MB, ten readings a second for almost
three hours. They take 0.3 s, in which readings wait in memory."""
_GONE = "time >= ? AND time < ?"
_LEFT = "(time < ? OR time >= ?)"


def forget_day(db: sqlite3.Connection, since: int, until: int) -> bool:
    """All of that time, or, where many others stay, some of the oldest."""
    left = _count(db, _LEFT, since, until, MOST_COPIED + 1)
    if left > MOST_COPIED or _count(db, _GONE, since, until, left + 1) <= left:
        return forget_some(db, since, until)
    _cooled(db, since, until)
    made = db.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'readings' ORDER BY type DESC"
    ).fetchall()
    db.execute("DROP INDEX late")
    db.execute("ALTER TABLE readings RENAME TO gone")
    for (sql,) in made:  # as the migrations have put it: the table, then its index
        if sql is not None:
            db.execute(sql)
    db.execute(f"INSERT INTO readings SELECT * FROM gone WHERE {_LEFT}", (since, until))  # noqa: S608 - ours
    db.execute("DROP TABLE gone")
    return True


def forget_some(db: sqlite3.Connection, since: int, until: int) -> bool:
    """Some of the oldest of that time."""
    query = f"SELECT time FROM readings WHERE {_GONE} ORDER BY time LIMIT 1 OFFSET ?"  # noqa: S608 - ours
    row = db.execute(query, (since, until, SOME_ROWS)).fetchone()
    until = until if row is None else row[0] + 1
    _cooled(db, since, until)
    return db.execute(f"DELETE FROM readings WHERE {_GONE}", (since, until)).rowcount > 0  # noqa: S608 - ours


def _count(db: sqlite3.Connection, which: str, since: int, until: int, most: int) -> int:
    query = f"SELECT count(*) FROM (SELECT 1 FROM readings WHERE {which} LIMIT ?)"  # noqa: S608 - ours
    number: int = db.execute(query, (since, until, most)).fetchone()[0]
    return number


def _cooled(db: sqlite3.Connection, since: int, until: int) -> None:
    """Note what is not there any more."""
    query = f"SELECT max(time) FROM readings WHERE {_GONE}"  # noqa: S608 - ours
    (newest,) = db.execute(query, (since, until)).fetchone()
    if newest is None:
        return
    covered.cooled(db, newest)
    order = "ORDER BY time + delay DESC, number DESC LIMIT ?"
    query = f"SELECT * FROM readings WHERE {_GONE} {order}"  # noqa: S608 - ours
    found = _ids(db.execute(query, (max(since, newest - LATE_MS), until, SOME)))
    query = f"SELECT * FROM readings WHERE delay > {LATE_MS} AND {_GONE} {order}"  # noqa: S608 - ours
    found += _ids(db.execute(query, (since, until, SOME)))
    if found:
        reaches(db, max(found))


def _ids(rows: Iterable[tuple[Any, ...]]) -> list[EventId]:
    return [EventId(row[0] + row[3], row[4]) for row in rows if is_sound_reading(row)]


def reaches(db: sqlite3.Connection, last: EventId) -> None:
    """Events up to that one are not all there any more."""
    there = notes.event_id(db, notes.REACH)
    if there is None or there < last:
        notes.note(db, notes.REACH, notes.id_text(last))
