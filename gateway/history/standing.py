"""A series over some time, a day at a time, as it stands: what is sealed, what is only in the hot table, and
what is not in the file yet.

For one chart: what has been looked up is kept, as a day is opened for its readings and for what held before.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from gateway.history import blocks, covered, lookups
from gateway.history.blocks import HALF
from gateway.history.buckets import DAY
from gateway.history.days import DamagedDayError, Day, Hot, hot, sealed_day, with_hot


class Standing:
    """Of the series `number`. `new`: readings that are not in the file yet, in order."""

    def __init__(self, db: sqlite3.Connection, number: int, new: Sequence[Hot]) -> None:
        self._db = db
        self._number = number
        self._new = new
        self._covered = covered.until(db, number)
        self._loose: dict[int, Sequence[Hot]] = {}
        self._loaded = range(0)
        self._days: dict[int, Day | None] = {}
        self._befores: dict[int, tuple[int, float] | None] = {}
        self.damaged: set[int] = set()
        """Days that were asked for and are lost."""

    def load(self, since: int, until: int) -> None:
        """Days of that time are going to be asked for, and no other."""
        begin = since // DAY * DAY
        rows = hot(self._db, self._number, max(begin, self._covered), until)
        rows = _with(rows, [row for row in self._new if begin <= row.time < until])
        by_day: dict[int, list[Hot]] = {}
        for row in rows:
            by_day.setdefault(row.time // DAY, []).append(row)
        self._loose, self._days = dict(by_day), {}
        self._loaded = range(since // DAY, -(-until // DAY))

    @property
    def loose_days(self) -> set[int]:
        """Those of which there are readings that are not sealed."""
        return set(self._loose)

    def day(self, day: int) -> Day | None:
        """Its readings; None if there are none, or none any more, but for some that came late."""
        if day not in self._days:
            there, rows = self._opened(day)
            if not there and rows is not None and self.has_hours(day) and not covered.is_hot(self._db, day):
                rows = None
            self._days[day] = rows
        return self._days[day]

    def some_of(self, day: int) -> Day | None:
        """Its readings, as far as there are any."""
        return self._opened(day)[1]

    def _opened(self, day: int) -> tuple[bool, Day | None]:
        """Whether it is sealed, and its readings."""
        begin, new = day * DAY, self._loose.get(day, ())
        try:
            there = sealed_day(self._db, self._number, day)
        except DamagedDayError:
            there = None
            if not (self.has_hours(day) or covered.is_hot(self._db, day)):
                self.damaged.add(day)
        if there is None and begin < self._covered:
            rest = hot(self._db, self._number, begin, min(begin + DAY, self._covered))
            new = _with(rest, new)
        return there is not None, with_hot(there, new) if there is not None or new else None

    def has_hours(self, day: int) -> bool:
        """Whether there are roll-ups of it."""
        return len(blocks.buckets(self._db, self._number, day * DAY, (day + 1) * DAY, HALF)) > 0

    def growing_days(self, since: int, until: int, rolled: set[int]) -> set[int]:
        """Those of a time of which something is sealed and nothing is `rolled` up, as they are not over."""
        (first,) = self._db.execute("SELECT min(time) FROM readings WHERE time >= 0").fetchone()
        if not isinstance(first, int) or first >= until:
            return set()
        days = range(max(first, since) // DAY, -(-until // DAY))
        found: set[int] = set()
        for block in range(days[0] // blocks.BLOCK_DAYS, days[-1] // blocks.BLOCK_DAYS + 1):
            found |= blocks.sealed_days(self._db, self._number, block)
        return {day for day in found - rolled if day in days}

    def last_before(self, time: int) -> tuple[int, float] | None:
        """The time and the value of the last reading before; None for none."""
        if time not in self._befores:
            self._befores[time] = self._looked_up_before(time)
        return self._befores[time]

    def _looked_up_before(self, time: int) -> tuple[int, float] | None:
        day = time // DAY
        if time % DAY and day in self._loaded and (whole := self.day(day)) is not None:
            at = bisect_left(whole.rows.times, time) - 1
            if at >= 0:
                return whole.rows.times[at], whole.rows.values[at]
            time = day * DAY
        before = lookups.last_before(self._db, self._number, time)
        at = bisect_left(self._new, time, key=attrgetter("time")) - 1
        if at >= 0 and (before is None or self._new[at].time >= before[0]):
            before = self._new[at].time, self._new[at].value
        return before

    def is_loose(self, time: int) -> bool:
        """Whether there is a reading of then that may not be sealed."""
        query = "SELECT EXISTS (SELECT 1 FROM readings WHERE time = ? AND sensor = ?)"
        there = self._db.execute(query, (time, self._number)).fetchone()[0]
        return bool(there) or any(row.time == time for row in self._new)


def _with(rows: Sequence[Hot], new: Sequence[Hot]) -> list[Hot]:
    """Both, in order; of a time that is there twice, what was written later."""
    if not (rows and new):
        return [*rows, *new]
    return sorted({row.time: row for row in [*rows, *new]}.values())
