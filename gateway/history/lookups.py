"""The reading of a series that is next to a time, wherever it stands."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from itertools import chain

from gateway.history import blocks, covered, notes
from gateway.history.buckets import DAY, HOUR, MINUTE
from gateway.history.days import DamagedDayError, is_sound_reading, last_of_day, sealed_day

LONGEST_MS = 10 * MINUTE
"""From one note that the gateway is at work to the next at most; readings of later are of a wrong clock."""

_BEFORE = "SELECT * FROM readings WHERE time < ? AND time >= ? AND sensor = ? ORDER BY time DESC"
_AFTER = "SELECT * FROM readings WHERE time > ? AND sensor = ? ORDER BY time"


def last_before(db: sqlite3.Connection, sensor: int, time: int) -> tuple[int, float] | None:
    """The time and the value of the last one before; None for none."""
    found = _sealed_before(db, sensor, time)
    since = -1 if found is None else found[0]
    rows = db.execute(_BEFORE, (time, since, sensor))
    return next(((row[0], row[2]) for row in rows if is_sound_reading(row)), found)


def first_after(db: sqlite3.Connection, sensor: int, time: int) -> int | None:
    """The time of the first one after; None for none."""
    found = [_sealed_after(db, sensor, time), first_hot(db, sensor, time)]
    return min((each for each in found if each is not None), default=None)


def first_hot(db: sqlite3.Connection, sensor: int, time: int) -> int | None:
    """The same of those that are not sealed."""
    rows = db.execute(_AFTER, (time, sensor))
    return next((row[0] for row in rows if is_sound_reading(row)), None)


def alive_until(db: sqlite3.Connection) -> int | None:
    """Until when a gateway was at work, UTC in ms: as is noted, or as a reading of soon after says; None
    where that was never noted."""
    noted = notes.number(db, notes.ALIVE)
    if not noted:
        return None
    newest = newest_hot(db, noted, noted + LONGEST_MS)
    return noted if newest is None else newest


def newest_hot(db: sqlite3.Connection, since: int, until: int) -> int | None:
    """The time of the last one of that time, of any series, that is in the hot table."""
    query = "SELECT * FROM readings WHERE time >= ? AND time < ? ORDER BY time DESC"
    return next((row[0] for row in db.execute(query, (since, until)) if is_sound_reading(row)), None)


def _sealed_before(db: sqlite3.Connection, sensor: int, time: int) -> tuple[int, float] | None:
    yesterday = (time - 1) // DAY
    days = chain((yesterday,), blocks.days_before(db, sensor, yesterday - 1))
    for day in days:
        found = _last_of(db, sensor, day, time)
        if found is not None:
            return found
    return None


def _last_of(db: sqlite3.Connection, sensor: int, day: int, time: int) -> tuple[int, float] | None:
    """Of a day; where its readings are not kept any more, of its hours; none where they are hot as well."""
    try:
        last = last_of_day(db, sensor, day)
        if last is not None and last[0] < time:
            return last
        there = None if last is None else sealed_day(db, sensor, day)
    except DamagedDayError:
        if covered.is_hot(db, day):
            return None
        there = None
    if there is not None:
        at = bisect_left(there.rows.times, time) - 1
        return (there.rows.times[at], there.rows.values[at]) if at >= 0 else None
    hours = blocks.buckets(db, sensor, day * DAY, min((day + 1) * DAY, time - HOUR + 1))
    return (hours.times[-1] + HOUR - 1, hours.values[-1]) if len(hours) else None


def _sealed_after(db: sqlite3.Connection, sensor: int, time: int) -> int | None:
    for day in blocks.days_after(db, sensor, time // DAY):
        try:
            there = sealed_day(db, sensor, day)
        except DamagedDayError:
            there = None
        if there is not None:
            at = bisect_right(there.rows.times, time)
            if at < len(there.rows):
                return there.rows.times[at]
            continue
        hours = blocks.buckets(db, sensor, max(day * DAY, time + 1), (day + 1) * DAY)
        if len(hours):
            return hours.times[0]
    return None
