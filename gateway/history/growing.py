"""Sealing a day while it lasts: every two hours what has come since is put to what is sealed of it, so that a
chart of today has little to read in the hot table. All runs inside a transaction of the caller's.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from gateway.history import covered
from gateway.history.buckets import DAY, HOUR
from gateway.history.days import day_key
from gateway.history.sealing import MANY_ROWS, Lasts, portion_end, seal_day

EVERY_MS, SELDOM_MS = 2 * HOUR, 6 * HOUR
"""Between two sealings of a day that lasts. One of a reading a second takes 100 kB each time, so it waits
longer: what is not sealed of it is still small beside what is."""
QUICK_ROWS = MANY_ROWS * EVERY_MS // DAY
"""More readings than that of EVERY_MS are of such a day."""


class Grown(NamedTuple):
    """A day of so many rows, sealed until then; there is more of it if `is_part`."""

    rows: int
    until: int
    is_part: bool


def seal_on(
    db: sqlite3.Connection, number: int, until: int, *, since: int | None = None, lasts: Lasts
) -> Grown | None:
    """Seal what the series has said before `until`, of the first day of which there is something, if there is
    so much of it that it is worth it. None: nothing was done. `since`: where the call before has stopped, if
    there is more of that day."""
    first = covered.until(db, number) if since is None else since
    query = "SELECT time FROM readings WHERE time >= ? AND time < ? AND sensor = ? ORDER BY time LIMIT 1"
    row = db.execute(query, (first, until, number)).fetchone()
    if row is None:
        return None
    day = row[0] // DAY
    begin, until = day * DAY, min(until, (day + 1) * DAY)
    first = max(first, begin)
    is_many = portion_end(db, number, first, until) < until
    if not is_many and until % DAY and until - first < _pause(db, number, first, until):
        return None
    goes_on = since if since is not None and since > begin else None
    reached = seal_day(db, number, day, until, since=goes_on, lasts=lasts)
    (rows,) = db.execute("SELECT max(rows) FROM days WHERE key = ?", (day_key(day, number),)).fetchone()
    return Grown(rows if isinstance(rows, int) else 0, reached, reached < until)


def _pause(db: sqlite3.Connection, number: int, since: int, until: int) -> int:
    """How long the series waits from one sealing to the next."""
    query = (
        "SELECT count(*) FROM (SELECT 1 FROM readings WHERE time >= ? AND time < ? AND sensor = ? LIMIT ?)"
    )
    since = max(since, until - EVERY_MS)
    (rows,) = db.execute(query, (since, until, number, QUICK_ROWS + 1)).fetchone()
    return SELDOM_MS if rows > QUICK_ROWS else EVERY_MS
