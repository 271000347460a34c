"""A chart made of roll-ups, and of the readings of those days whose roll-ups do not say all."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

from gateway.history import blocks
from gateway.history.buckets import DAY, HOUR, MINUTE, Bucket, bucketed
from gateway.history.days import cut, day_key
from gateway.history.held import Held
from gateway.history.rollups import Rollup, joined, of_buckets, unpacked, wider
from gateway.history.sealed import SealedError
from gateway.history.standing import Standing


class ByRollups:
    """Of the series `number`, for one chart. `marks`: when gaps began that are not in the file yet."""

    def __init__(
        self, db: sqlite3.Connection, number: int, standing: Standing, held: Held, marks: Collection[int]
    ) -> None:
        self._db = db
        self._number = number
        self._standing = standing
        self._held = held
        self._marks = marks

    def buckets(self, own: int, since: int, until: int, width: int, points: int) -> list[Bucket] | None:
        """Made of roll-ups of the width `own`, from `since` on, which is a multiple of `width`; None if there
        are so few readings that each can be a point."""
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
        return wider(whole, own, self._held.at(since), self._held.gaps, since, until, width)

    def _raw_days(self, times: Sequence[int], since: int, until: int, own: int) -> list[int]:
        """Those whose roll-ups do not say all: with readings that are not sealed, or not over, and the next
        after such, as another value may hold when it begins; where a gap is new; and the last, if it is not
        wanted whole."""
        rolled = {time // DAY for time in times}
        found = self._standing.loose_days | self._standing.growing_days(since, until, rolled)
        late = list(found)
        if len(times) and (before := self._standing.last_before(times[0] // DAY * DAY)) is not None:
            late += [before[0] // DAY] if self._standing.is_loose(before[0]) else []
        for day in late:
            after = bisect_left(times, (day + 1) * DAY)
            if after < len(times):
                found.add(times[after] // DAY)
        for gap in self._held.gaps:
            if gap.begin in self._marks:
                found |= {gap.begin // DAY, (gap.end or gap.begin) // DAY}
        if until % own and times and times[-1] // DAY == until // DAY:
            found.add(until // DAY)
        return sorted(day for day in found if since // DAY <= day <= (until - 1) // DAY)

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
        whole = self._standing.day(day)
        if whole is None:
            yield there.between(max(begin, since), end)
            return
        rows = cut(whole.rows, begin, end)
        made = bucketed(rows, self._held.at(begin), self._held.gaps, begin, end, own)
        yield of_buckets(made).between(since, until)

    def has_minutes(self, since: int, until: int) -> bool:
        """Whether a day of that time has roll-ups by the minute."""
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
