"""A series over some time as few points, from whatever holds it: the hot table, sealed days, roll-ups.

Whatever it is made of, it is what `buckets.bucketed` makes of all readings and gaps of that time:

    no more readings than points   each reading is a point
    points of whole hours          of roll-ups by the hour, or by twelve; of readings where those are late
    points of whole minutes        the same, of days of so many readings that there is one by the minute
    else                           of readings; of hours, where the readings are not kept any more

Points begin at multiples of their width, so the first is whole and may begin before `since`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from gateway.history.blocks import HALF
from gateway.history.buckets import HOUR, MINUTE, Bucket, Gap
from gateway.history.by_rollups import ByRollups
from gateway.history.by_rows import ByRows
from gateway.history.days import Hot
from gateway.history.held import Held
from gateway.history.parts import one_of, width_for
from gateway.history.standing import Standing


class Unwritten(NamedTuple):
    """Of the series, and not in the file yet: `readings` in order, and when `marks` were."""

    readings: Sequence[Hot] = ()
    marks: Collection[int] = ()


class Chart(NamedTuple):
    """Points, and the gaps since the value that held when they begin was heard: those that are known, and
    others where something is damaged."""

    buckets: list[Bucket]
    gaps: list[Gap]


def chart_of(
    db: sqlite3.Connection,
    number: int,
    holes: Callable[[int, int], list[Gap]],
    unwritten: Unwritten,
    *,
    since: int,
    until: int,
    points: int,
) -> Chart:
    """At most so many points of the series `number`, whose gaps of a time `holes` gives."""
    width = width_for(since, until, points)
    begin = since // width * width
    standing = Standing(db, number, unwritten.readings)
    standing.load(begin, until)
    before = standing.last_before(begin)
    held = Held(standing, holes(begin if before is None else before[0], until))
    rolled_up = ByRollups(db, number, standing, held, unwritten.marks)
    found: list[Bucket] | None = None
    if width % HOUR == 0:
        own = HALF if width % HALF == 0 else HOUR
        found = rolled_up.buckets(own, begin, until, width, points)
    elif width % MINUTE == 0 and rolled_up.has_minutes(begin, until):
        found = rolled_up.buckets(MINUTE, begin, until, width, points)
    if found is None:
        found = ByRows(db, number, standing, held).buckets(since, until, width, points)
    return Chart(found if points > 1 or not found else [one_of(found)], held.gaps)
