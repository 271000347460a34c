"""What an archive answers, each from a connection to one moment's state of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge, nsmallest
from typing import NamedTuple

from gateway.event_id import EventId
from gateway.history import blocks, events, fold, gaps, lookups, notes, series, untimed
from gateway.history.buckets import DAY, MINUTE, Gap
from gateway.history.chart import Unwritten, chart_of
from gateway.history.days import Hot
from gateway.history.rows import Kept, Mark, Reading, Sender, Series
from gateway.history.schema import MOST_TIME
from gateway.history.series import Numbered
from gateway.history.standing import Standing

OFF, OFF_MS = "off", 10 * MINUTE
"""A gateway notes at least every five minutes that it is at work: if not for twice that, it was off."""


class Row(NamedTuple):
    """A reading as it is kept for years. `reason`: why it is suspect, None for a good one; empty where that
    is not known any more."""

    time: int
    value: float
    unit: str
    reason: str | None


def senders(db: sqlite3.Connection) -> list[Sender]:
    """All of whom there are readings, by name, with the unit that they had last."""
    found: dict[str, Sender] = {}
    for number, _, name, unit in series.all_series(db):
        last, first = lookups.last_before(db, number, MOST_TIME + 1), _first(db, number, ())
        if last is None or first is None:
            continue
        new = Sender(name, unit, first, last[0])
        old = found.get(name, new)
        newest = max(old, new, key=lambda each: each.last)
        found[name] = newest._replace(first=min(old.first, new.first))
    return sorted(found.values())


def chart(
    db: sqlite3.Connection, name: str, since: int, until: int, points: int, new: Sequence[Reading | Mark]
) -> Series | None:
    """See `Archive.points`."""
    there = series.of_name(db, name)
    if not there and not new:
        return None
    readings = [item for item in new if isinstance(item, Reading)]
    number, unit = _current(db, there, readings)
    hot_ones = {item.time: Hot(item.time, item.value, None) for item in readings if item.unit == unit}
    rows = sorted(hot_ones.values())
    marks = {item.time for item in new if isinstance(item, Mark)}

    def holes(begin: int, end: int) -> list[Gap]:
        return _gaps(db, there, begin, end, new)

    made = chart_of(db, number, holes, Unwritten(rows, marks), since=since, until=until, points=points)
    shown = [gap._replace(begin=max(gap.begin, since)) for gap in made.gaps if _lasted(gap, since, until)]
    return Series(unit, _first(db, number, rows), made.buckets, shown)


def _lasted(gap: Gap, since: int, until: int) -> bool:
    return gap.begin < until and (gap.end is None or gap.end > since)


def _current(
    db: sqlite3.Connection, there: Sequence[Numbered], new: Sequence[Reading]
) -> tuple[int, str | None]:
    """The number and the unit of the series in which the name was heard last; number 0: it is new."""
    units = {each.unit: each.number for each in there}
    heard = [(item.time, units.get(item.unit, 0), item.unit) for item in new]
    if len(there) == 1 and not new:
        return there[0].number, there[0].unit
    for each in there:
        last = lookups.last_before(db, each.number, MOST_TIME)
        heard.append((-1 if last is None else last[0], each.number, each.unit))
    if not heard:
        return 0, None
    _, number, unit = max(heard, key=lambda each: each[0])
    return number, unit


def _first(db: sqlite3.Connection, number: int, new: Sequence[Hot]) -> int | None:
    """When the series was heard first, of what is left."""
    found = [row.time for row in new[:1]]
    for block in range(*blocks.bounds(db)):
        row = db.execute(
            "SELECT first FROM hours WHERE key = ?", (blocks.block_key(block, number),)
        ).fetchone()
        if row is not None and isinstance(row[0], int):
            found.append(row[0])
            break
    if (hot_one := lookups.first_hot(db, number, -1)) is not None:
        found.append(hot_one)
    return min(found, default=None)


def _gaps(
    db: sqlite3.Connection,
    there: Sequence[Numbered],
    since: int,
    until: int,
    new: Sequence[Reading | Mark],
) -> list[Gap]:
    """Those of the time, whole, in order; where no gateway says that it is at work, it is off."""
    since = min([since, *(item.time for item in new)])
    found = gaps.between(db, there[0].home, since, until) if there else []
    if new:

        def heard_next(time: int) -> int | None:
            times = (lookups.first_after(db, each.number, time) for each in there)
            return min((each for each in times if each is not None), default=None)

        return fold.folded(found, new, heard_next)
    alive = lookups.alive_until(db)
    if alive is None or until <= alive + OFF_MS or any(gap.end is None for gap in found):
        return found
    lasts = (lookups.last_before(db, each.number, MOST_TIME) for each in there)
    begin = max([alive, *(last[0] for last in lasts if last is not None)])
    return [*found, Gap(begin, None, OFF)] if begin < until else found


def gaps_of(db: sqlite3.Connection, name: str, since: int, until: int) -> list[Gap]:
    """See `Archive.gaps`."""
    there = series.of_name(db, name)
    return [gap for gap in _gaps(db, there, since, until, ()) if _lasted(gap, since, until)] if there else []


def days_of(db: sqlite3.Connection, name: str, since: int, until: int) -> list[int]:
    """In which something was heard that is kept, of a time, in order."""
    found: set[int] = set()
    (first, last) = db.execute(
        "SELECT (SELECT min(time) FROM readings WHERE time >= 0), "
        "(SELECT max(time) FROM readings WHERE time <= ?)",
        (MOST_TIME,),
    ).fetchone()
    for each in series.of_name(db, name):
        for day in blocks.days_after(db, each.number, since // DAY):
            if day * DAY >= until:
                break
            found.add(day)
    if isinstance(first, int) and last is not None:
        found.update(range(max(first, since) // DAY, -(-min(last + 1, until) // DAY)))
    return sorted(found)


def rows_of(db: sqlite3.Connection, name: str, since: int, until: int) -> list[Row]:
    """Of a time within a day, in order."""
    return list(merge(*(_rows(db, each, since, until) for each in series.of_name(db, name))))


def _rows(db: sqlite3.Connection, of: Numbered, since: int, until: int) -> Iterator[Row]:
    standing = Standing(db, of.number, ())
    standing.load(since, until)
    day = standing.some_of(since // DAY)
    if day is None:
        return
    for time, value, quality in zip(*day.rows, strict=True):
        if since <= time < until:
            yield Row(time, value, of.unit, day.reason(quality))


def since(db: sqlite3.Connection, after: EventId, limit: int) -> list[Kept] | None:
    """See `Archive.since`."""
    reach = notes.event_id(db, notes.REACH)
    if reach is None or after < reach:
        return None
    readings = events.readings_after(db, after, limit)
    others = events.after(db, after, limit)
    return nsmallest(limit, [*readings, *others, *untimed.published_after(db, after)])
