"""Bringing readings of a day that has ended from the hot table to their days, a series at a time.

A day is sealed once again when readings of it come late: they wait in the hot table meanwhile, and whoever
reads puts both together. Sealing what has been sealed changes nothing, so a step that is done twice, as after
a power cut, does no harm. All runs inside a transaction of the caller's.
"""

from __future__ import annotations

import logging
import sqlite3

from gateway.encoding import encode
from gateway.history import blocks, gaps, lookups, series
from gateway.history.buckets import DAY, HOUR, MINUTE, bucketed
from gateway.history.days import DamagedDayError, Day, day_key, hot, sealed_day, with_hot
from gateway.history.rollups import of_buckets, packed
from gateway.history.schema import DAYS, sealed
from gateway.history.sealed import seal

logger = logging.getLogger(__name__)

MANY_ROWS = 6 * 24 * 60
"""A day with more readings than that, six a minute, has a roll-up by the minute."""


def seal_day(db: sqlite3.Connection, number: int, day: int, raw_from: int) -> None:
    """Put the series' hot readings of that day to those that are sealed. They stay in the hot table. Of a day
    before `raw_from` no readings are kept: there they only make a roll-up, if there is none."""
    begin = day * DAY
    new = hot(db, number, begin, begin + DAY)
    if not new:
        return
    there = blocks.hours(db, number, begin, begin + DAY)
    if day < raw_from and len(there):
        return
    try:
        old = sealed_day(db, number, day)
    except DamagedDayError as error:
        logger.warning("history: day %d of series %d is damaged, and is lost: %s", day, number, error)
        old = None
    whole = with_hot(old, new)
    _put(db, number, day, whole, home_of(db, number))
    if not len(there) or there.values[-1] != whole.rows.values[-1]:
        _roll_next(db, number, day)


def roll_again(db: sqlite3.Connection, number: int, day: int) -> None:
    """The gaps of that day have changed: make its roll-ups anew, if there are any."""
    try:
        there = sealed_day(db, number, day)
    except DamagedDayError:
        return
    if there is not None:
        _put(db, number, day, there, home_of(db, number))


def home_of(db: sqlite3.Connection, number: int) -> int:
    """Under which number the series has its gaps."""
    return next((each.home for each in series.all_series(db) if each.number == number), number)


def _roll_next(db: sqlite3.Connection, number: int, day: int) -> None:
    """The value that held when the next day began may have been another."""
    following = next(blocks.days_after(db, number, day + 1), None)
    if following is not None:
        roll_again(db, number, following)


def _put(db: sqlite3.Connection, number: int, day: int, whole: Day, home: int) -> None:
    """The day as it is, with its roll-ups."""
    begin, end = day * DAY, (day + 1) * DAY
    rows = whole.rows
    holes = gaps.between(db, home, begin, end)
    held = held_at(db, number, home, begin)
    rolled = of_buckets(bucketed(rows, held, holes, begin, end, HOUR))
    blocks.put_day(db, number, day, rolled, rows.times[0], rows.times[-1])
    minutes = None
    if len(rows) > MANY_ROWS:
        minutes = packed(of_buckets(bucketed(rows, held, holes, begin, end, MINUTE)), MINUTE)
    reasons = encode(list(whole.reasons)) if whole.reasons else None
    last = rows.times[-1], rows.values[-1]
    row = sealed(DAYS, day_key(day, number), len(rows), *last, reasons, minutes, seal(rows))
    db.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def held_at(db: sqlite3.Connection, number: int, home: int, time: int) -> float | None:
    """The value that holds at that time; None in a gap, and before the first."""
    before = lookups.last_before(db, number, time)
    if before is None or any(gap.begin >= before[0] for gap in gaps.between(db, home, before[0], time + 1)):
        return None
    return before[1]
