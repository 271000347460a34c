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
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import takewhile
from operator import attrgetter

from gateway.history import blocks, lookups
from gateway.history.blocks import HALF
from gateway.history.buckets import DAY, HOUR, MINUTE, Bucket, Gap, bucketed
from gateway.history.days import (
    DamagedDayError,
    Day,
    Hot,
    cut,
    day_key,
    hot,
    sealed_day,
    with_hot,
)
from gateway.history.parts import Part, count_of, cut_part, one_of, together, width_for
from gateway.history.rollups import EMPTY, Rollup, joined, of_buckets, unpacked, wider
from gateway.history.sealed import Columns, SealedError

DAMAGED = "damaged"
"""The reason of a gap where there were readings, and what is on disk is not what was written."""


class Chart:
    """Of the series `number`, whose gaps of a time `holes` gives. Not in the file yet: the readings `new`, in
    order, and marks of the times `marks`."""

    def __init__(
        self,
        db: sqlite3.Connection,
        number: int,
        holes: Callable[[int, int], list[Gap]],
        new: Sequence[Hot],
        marks: Collection[int] = (),
    ) -> None:
        self._db = db
        self._number = number
        self._holes = holes
        self.gaps: list[Gap] = []
        """Those since the value that held when the chart begins was heard, and others where something is
        damaged."""
        self._new = new
        self._marks = marks
        self._hot: dict[int, list[Hot]] = {}
        self._befores: dict[int, tuple[int, float] | None] = {}

    def buckets(self, since: int, until: int, points: int) -> list[Bucket]:
        """At most so many, in order."""
        width = width_for(since, until, points)
        begin = since // width * width
        before = self._last_before(begin)
        self.gaps = self._holes(begin if before is None else before[0], until)
        self._load_hot(begin, until)
        found: list[Bucket] | None = None
        if width % HOUR == 0:
            own = HALF if width % HALF == 0 else HOUR
            found = self._of_rollups(own, begin, until, width, points)
        elif width % MINUTE == 0 and self._has_minutes(begin, until):
            found = self._of_rollups(MINUTE, begin, until, width, points)
        if found is None:
            found = self._of_rows(since, until, width, points)
        return found if points > 1 or not found else [one_of(found)]

    def _load_hot(self, since: int, until: int) -> None:
        """By day; of a time that is there twice, what was written later."""
        rows = hot(self._db, self._number, since // DAY * DAY, until)
        if self._new:
            merged = {row.time: row for row in rows}
            merged.update((row.time, row) for row in self._new if since // DAY * DAY <= row.time < until)
            rows = sorted(merged.values())
        self._hot = {}
        for row in rows:
            self._hot.setdefault(row.time // DAY, []).append(row)

    def held_at(self, time: int) -> float | None:
        """The value that holds then; None in a gap, and before the first."""
        before = self._last_before(time)
        if before is None or any(before[0] <= gap.begin <= time for gap in self.gaps):
            return None
        return before[1]

    def _last_before(self, time: int) -> tuple[int, float] | None:
        if time not in self._befores:
            self._befores[time] = self._looked_up_before(time)
        return self._befores[time]

    def _looked_up_before(self, time: int) -> tuple[int, float] | None:
        before = lookups.last_before(self._db, self._number, time)
        at = bisect_left(self._new, time, key=attrgetter("time")) - 1
        if at >= 0 and (before is None or self._new[at].time >= before[0]):
            before = self._new[at].time, self._new[at].value
        return before

    # readings

    def _of_rows(self, since: int, until: int, width: int, points: int) -> list[Bucket]:
        begin = since // width * width
        parts = list(self._parts(begin, until))
        if sum(map(count_of, parts)) < points:
            width, begin = 1, since
            parts = [cut_part(part, since) for part in parts if part.until > since]
        held = self.held_at(begin)
        found: list[Bucket] = []
        for part in parts:
            if part.rows is not None:
                made = bucketed(part.rows, held, self.gaps, part.since, part.until, width)
            else:
                made = wider(part.hours, HOUR, held, self.gaps, part.since, part.until, HOUR)
            found += [each for each in made if each.readings] if found else made
            held = self._held_after(made, held, part)
        return found

    def _held_after(self, made: Sequence[Bucket], held: float | None, part: Part) -> float | None:
        value = made[-1].value if made else held
        over = any(gap.begin <= part.until and (gap.end or part.until + 1) > part.until for gap in self.gaps)
        return None if over else value

    def _parts(self, since: int, until: int) -> Iterator[Part]:
        """What there is, one after the other; days of the same kind are put together."""
        rows: list[Columns] = []
        hours: list[Rollup] = []
        start = since
        for day in self._days(since, until):
            whole = self._day(day)
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
        return sorted({*takewhile(lambda day: day <= days[-1], there), *self._hot})

    def _day(self, day: int) -> Day | None:
        """Its readings; None if there are none, or none any more."""
        try:
            there = sealed_day(self._db, self._number, day)
        except DamagedDayError:
            there = None
            if not self._has_hours(day):
                self._is_damaged(day)
        new = self._hot.get(day, ())
        if there is None and (not new or self._has_hours(day)):
            return None
        return with_hot(there, new)

    def _has_hours(self, day: int) -> bool:
        return len(blocks.buckets(self._db, self._number, day * DAY, (day + 1) * DAY, HALF)) > 0

    def _is_damaged(self, day: int) -> None:
        gap = Gap(day * DAY, (day + 1) * DAY, DAMAGED)
        if gap not in self.gaps:
            self.gaps = sorted([*self.gaps, gap], key=lambda gap: gap.begin)

    # roll-ups

    def _of_rollups(self, own: int, since: int, until: int, width: int, points: int) -> list[Bucket] | None:
        """None if there are so few readings that each can be a point."""
        there = blocks.buckets(self._db, self._number, since // DAY * DAY, until, max(own, HOUR))
        raw = self._raw_days(there.times, since, until, own)
        parts: list[Rollup] = []
        at = since
        for day in raw:
            parts += self._rolled(there, own, at, max(at, day * DAY))
            parts += self._made(there, own, day, since, until)
            at = max(at, (day + 1) * DAY)
        parts += self._rolled(there, own, at, until)
        whole = joined([part for part in parts if len(part)])
        if sum(whole.readings) < points:
            return None
        return wider(whole, own, self.held_at(since), self.gaps, since, until, width)

    def _raw_days(self, times: Sequence[int], since: int, until: int, own: int) -> list[int]:
        """Those whose roll-ups do not say all: with readings that came late, and the next after such, as
        another value may hold when it begins; where a gap is new; and the last, if it is not wanted whole."""
        found = set(self._hot)
        late = list(self._hot)
        if len(times) and (before := self._last_before(times[0] // DAY * DAY)) is not None:
            late += [before[0] // DAY] if self._is_hot(before[0]) else []
        for day in late:
            after = bisect_left(times, (day + 1) * DAY)
            if after < len(times):
                found.add(times[after] // DAY)
        for gap in self.gaps:
            if gap.begin in self._marks:
                found |= {gap.begin // DAY, (gap.end or gap.begin) // DAY}
        if until % own and times and times[-1] // DAY == until // DAY:
            found.add(until // DAY)
        return sorted(day for day in found if since // DAY <= day <= (until - 1) // DAY)

    def _is_hot(self, time: int) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM readings WHERE time = ? AND sensor = ?)"
        there = self._db.execute(query, (time, self._number)).fetchone()[0]
        return bool(there) or any(row.time == time for row in self._new)

    def _rolled(self, there: Rollup, own: int, since: int, until: int) -> Iterator[Rollup]:
        if own != MINUTE:
            yield there.between(since, until)
            return
        for day in sorted({time // DAY for time in there.between(since // DAY * DAY, until).times}):
            minutes = self._minutes(day)
            if minutes is not None:
                yield minutes.between(since, until)
            else:
                yield from self._made(there, own, day, since, until)

    def _made(self, there: Rollup, own: int, day: int, since: int, until: int) -> Iterator[Rollup]:
        """Of readings, of a whole day but for what is not wanted; of hours where there are none."""
        begin, end = day * DAY, min((day + 1) * DAY, until)
        whole = self._day(day)
        if whole is None:
            yield there.between(max(begin, since), end)
            return
        rows = cut(whole.rows, begin, end)
        made = bucketed(rows, self.held_at(begin), self.gaps, begin, end, own)
        yield of_buckets(made).between(since, until)

    def _has_minutes(self, since: int, until: int) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM days WHERE key = ? AND minutes IS NOT NULL)"
        days = range(since // DAY, -(-until // DAY))
        return any(self._db.execute(query, (day_key(day, self._number),)).fetchone()[0] for day in days)

    def _minutes(self, day: int) -> Rollup | None:
        query = "SELECT minutes FROM days WHERE key = ?"
        row = self._db.execute(query, (day_key(day, self._number),)).fetchone()
        try:
            return None if row is None or row[0] is None else unpacked(row[0], MINUTE)
        except SealedError:
            return None
