"""Bringing readings from the hot table to their days, a series at a time.

A day grows while it lasts (`growing.py`). It is sealed once more when it is over, and gets its roll-ups; and
again when readings of it come late: they wait in the hot table meanwhile, and whoever reads puts both
together. Sealing what has been sealed changes nothing, so a step that is done twice, as after a power cut,
does no harm. All runs inside a transaction of the caller's.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence

from drivers.reading import format_ms
from gateway.encoding import encode
from gateway.history import blocks, covered, gaps, lookups, notes, portions, series
from gateway.history.blocks import HALF
from gateway.history.buckets import DAMAGED, DAY, HOUR, MINUTE, Gap, bucketed, held_after
from gateway.history.days import (
    DamagedDayError,
    Day,
    Hot,
    cut,
    day_key,
    hot,
    sealed_day,
    spoilt,
    whole_portions,
    with_hot,
)
from gateway.history.rollups import Rollup, joined, of_buckets, packed, wider
from gateway.history.schema import DAYS, sealed
from gateway.history.sealed import Columns

logger = logging.getLogger(__name__)

MANY_ROWS = 6 * 24 * 60
"""A day with more readings than that, six a minute, has a roll-up by the minute."""
SOME_ROWS = 50_000
"""Read of the hot table at once: 20 MB for a moment. Ten a second of six hours are four times that."""

Lasts = Callable[[], None]
"""A gap was opened that lasts, as what is damaged is the newest of its name."""


def seal_day(
    db: sqlite3.Connection,
    number: int,
    day: int,
    until: int | None = None,
    *,
    since: int | None = None,
    lasts: Lasts,
) -> int:
    """Put the series' hot readings of that day, those of before `until` if it is not over, to those that are
    sealed; or the first SOME_ROWS of them. They stay in the hot table. Of a day whose readings are not kept
    any more they only make a roll-up, if there is none.

    Returns up to when it is done. If there are more, that is the next call's `since`: what is covered need
    not have come so far. If one of an earlier time has come meanwhile, that time is."""
    begin, end = day * DAY, (day + 1) * DAY
    wanted = end if until is None else until
    old = _old(db, number, day)
    if since is None:
        since = _first(db, number, begin, old)
    until = portion_end(db, number, since, wanted)
    there = blocks.buckets(db, number, begin, end)
    is_kept = day >= (notes.number(db, notes.RAW_FROM) or 0) or not len(there)
    # what was sealed of it a moment ago, and is damaged now, is hot
    new = hot(db, number, begin if old is None else since, until) if is_kept else ()
    _mark_spoilt(db, number, since, until, lasts)
    if is_kept and (new or (old is not None and until == end and not len(there))):
        whole = with_hot(old, new)
        kept = whole_portions(db, number, day) if _follow(old, new) else ()
        _put(db, number, day, whole, kept, rolls=until == end or len(there) > 0)
        _roll_next(db, number, day)
    _cover(db, number, since, until)
    return until


def _old(db: sqlite3.Connection, number: int, day: int) -> Day | None:
    """What is sealed of the day; None if it is damaged."""
    try:
        return sealed_day(db, number, day)
    except DamagedDayError as error:
        saved = "made anew" if covered.is_hot(db, day) else "lost"
        logger.warning("history: day %d of series %d is damaged, and is %s: %s", day, number, saved, error)
        return None


def _first(db: sqlite3.Connection, number: int, begin: int, old: Day | None) -> int:
    """From when on readings are to be put to the day: all that are hot, if it is damaged, or not there."""
    if old is None and covered.until(db, number) > begin:
        covered.cover(db, number, begin)
    return max(begin, covered.until(db, number))


def portion_end(db: sqlite3.Connection, number: int, since: int, until: int) -> int:
    """Until when there are SOME_ROWS of the series, if there are more until then. Later than `since`: a time
    that is damaged may be none."""
    which = "time >= ? AND time < ? AND sensor = ? ORDER BY time LIMIT 1 OFFSET ?"
    query = f"SELECT time FROM readings WHERE {which}"  # noqa: S608 - ours
    row = db.execute(query, (since, until, number, SOME_ROWS)).fetchone()
    return until if row is None or int(row[0]) <= since else int(row[0])


def _follow(old: Day | None, new: Sequence[Hot]) -> bool:
    """Whether all that is new is later."""
    return old is not None and len(old.rows) > 0 and (not new or new[0].time > old.rows.times[-1])


def _mark_spoilt(db: sqlite3.Connection, number: int, since: int, until: int, lasts: Lasts) -> None:
    """Where a reading is damaged, nothing is known until the next one of its name: the one before does not
    hold."""
    times = spoilt(db, number, since, until)
    home = home_of(db, number) if times else number
    for time in times:
        logger.warning("history: the reading of series %d at %s is damaged", number, format_ms(time))
        mine = {number, *(each.number for each in series.all_series(db) if each.home == home)}
        nexts = [lookups.first_after(db, each, time) for each in mine]
        heard_next = min((each for each in nexts if each is not None), default=None)
        gap = gaps.opened(db, home, time, DAMAGED, heard_next)
        if heard_next is not None:
            roll_again(db, number, heard_next // DAY)
        elif gap is not None:
            lasts()


def _cover(db: sqlite3.Connection, number: int, since: int, until: int) -> None:
    """What is sealed until then is everything, unless there are readings of before `since` that are not."""
    was = covered.until(db, number)
    if was < until and not _has_hot(db, number, was, since):
        covered.cover(db, number, until)


def _has_hot(db: sqlite3.Connection, number: int, since: int, until: int) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM readings WHERE time >= ? AND time < ? AND sensor = ?)"
    return bool(db.execute(query, (since, until, number)).fetchone()[0])


def roll_again(db: sqlite3.Connection, number: int, day: int) -> None:
    """The gaps of that day have changed, or what held when it began: make its roll-ups anew, if there are
    any."""
    if len(blocks.buckets(db, number, day * DAY, (day + 1) * DAY, HALF)):
        _roll(db, number, day)


def mend(db: sqlite3.Connection, number: int, day: int) -> None:
    """Make the roll-ups of a day that has none, as they have been damaged. One that has readings in the hot
    table gets them when it is sealed the next time."""
    if not _has_hot(db, number, day * DAY, (day + 1) * DAY):
        _roll(db, number, day)


def _roll(db: sqlite3.Connection, number: int, day: int) -> None:
    try:
        there = sealed_day(db, number, day)
    except DamagedDayError:
        return
    if there is not None:
        _put(db, number, day, there, whole_portions(db, number, day), rolls=True)


def home_of(db: sqlite3.Connection, number: int) -> int:
    """Under which number the series has its gaps."""
    return next((each.home for each in series.all_series(db) if each.number == number), number)


def _roll_next(db: sqlite3.Connection, number: int, day: int) -> None:
    """The value that held when the next day began may have been another, or none, as a gap ends earlier."""
    following = next(blocks.days_after(db, number, day + 1), None)
    if following is not None:
        roll_again(db, number, following)


def _put(
    db: sqlite3.Connection, number: int, day: int, whole: Day, kept: Sequence[bytes], *, rolls: bool
) -> None:
    """The day as it is, with its roll-ups or without. `kept`: what is sealed already of its first rows."""
    rows = whole.rows
    minutes = _put_rollups(db, number, day, whole) if rolls else None
    reasons = encode(list(whole.reasons)) if whole.reasons else None
    last = rows.times[-1], rows.values[-1]
    row = sealed(DAYS, day_key(day, number), len(rows), *last, reasons, minutes, portions.seal(rows, kept))
    db.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _put_rollups(db: sqlite3.Connection, number: int, day: int, whole: Day) -> bytes | None:
    """Those by the minute, where there are many readings, are for the day's own row."""
    begin, end = day * DAY, (day + 1) * DAY
    rows, home = whole.rows, home_of(db, number)
    holes = gaps.between(db, home, begin, end)
    held = held_at(db, number, home, begin)

    by_minutes = _by_minutes(rows, held, holes, begin, end) if len(rows) > portions.PORTION_ROWS else None

    def rolled(width: int) -> Rollup:
        if by_minutes is None:
            return of_buckets(bucketed(rows, held, holes, begin, end, width))
        return of_buckets(wider(by_minutes, MINUTE, held, holes, begin, end, width))

    blocks.put_day(db, number, day, rolled, rows.times[0], rows.times[-1])
    return packed(rolled(MINUTE), MINUTE) if len(rows) > MANY_ROWS else None


def _by_minutes(rows: Columns, held: float | None, holes: Sequence[Gap], begin: int, end: int) -> Rollup:
    """An hour at a time: lists of all of them would take too much memory."""
    found: list[Rollup] = []
    for since in range(begin, end, HOUR):
        made = bucketed(cut(rows, since, since + HOUR), held, holes, since, since + HOUR, MINUTE)
        held = held_after(made, held, holes, since + HOUR)
        found.append(of_buckets(made))
    return joined([each for each in found if len(each)])


def held_at(db: sqlite3.Connection, number: int, home: int, time: int) -> float | None:
    """The value that holds at that time; None in a gap, and before the first."""
    before = lookups.last_before(db, number, time)
    if before is None or any(gap.begin >= before[0] for gap in gaps.between(db, home, before[0], time + 1)):
        return None
    return before[1]
