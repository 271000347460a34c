"""A chart made of readings, and of hours where the readings are not kept any more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import takewhile

from gateway.history import blocks
from gateway.history.buckets import DAY, HOUR, Bucket, bucketed, held_after
from gateway.history.days import cut
from gateway.history.held import Held
from gateway.history.parts import Part, count_of, cut_part, together
from gateway.history.rollups import EMPTY, Rollup, joined, wider
from gateway.history.sealed import Columns
from gateway.history.standing import Standing


class ByRows:
    """Of the series `number`, for one chart."""

    def __init__(self, db: sqlite3.Connection, number: int, standing: Standing, held: Held) -> None:
        self._db = db
        self._number = number
        self._standing = standing
        self._held = held

    def buckets(self, since: int, until: int, width: int, points: int) -> list[Bucket]:
        """Of that width, or a point for each reading, where there are no more than `points`."""
        begin = since // width * width
        parts = list(self._parts(begin, until))
        if sum(map(count_of, parts)) < points:
            width, begin = 1, since
            parts = [cut_part(part, since) for part in parts if part.until > since]
        held, gaps = self._held.at(begin), self._held.gaps
        found: list[Bucket] = []
        for part in parts:
            if part.rows is not None:
                made = bucketed(part.rows, held, gaps, part.since, part.until, width)
            else:
                made = wider(part.hours, HOUR, held, gaps, part.since, part.until, HOUR)
            found += [each for each in made if each.readings] if found else made
            held = held_after(made, held, gaps, part.until)
        return found

    def _parts(self, since: int, until: int) -> Iterator[Part]:
        """What there is, one after the other; days of the same kind are put together."""
        rows: list[Columns] = []
        hours: list[Rollup] = []
        start = since
        for day in self._days(since, until):
            whole = self._standing.day(day)
            if whole is not None:
                if hours:
                    yield Part(start, day * DAY, None, joined(hours))
                    hours, start = [], day * DAY
                rows.append(cut(whole.rows, since, until))
                continue
            rolled = blocks.buckets(
                self._db, self._number, max(since, day * DAY), min(until, (day + 1) * DAY)
            )
            if len(rolled):
                if rows:
                    yield Part(start, day * DAY, together(rows), EMPTY)
                    rows, start = [], day * DAY
                hours.append(rolled)
        if hours:
            yield Part(start, until, None, joined(hours))
        else:
            yield Part(start, until, together(rows), EMPTY)

    def _days(self, since: int, until: int) -> Sequence[int]:
        """In which there may be readings."""
        days = range(since // DAY, -(-until // DAY))
        if len(days) < 3:
            return days
        there = blocks.days_after(self._db, self._number, days[0])
        return sorted({*takewhile(lambda day: day <= days[-1], there), *self._standing.loose_days})
