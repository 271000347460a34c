"""What is to be done beside writing, in short steps: days are sealed, as they grow and when they have ended,
and old ones forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from gateway.history import blocks, clearing, growing, retention, sealing, series
from gateway.history.blocks import HALF
from gateway.history.buckets import DAY, HOUR
from gateway.history.retention import Bounds
from gateway.history.sealing import Lasts

SEAL_AFTER_MS = 2 * HOUR
"""After a day has ended: what is measured then, and comes late, is mostly there."""
BEHIND_MS = HOUR
"""So much of the day that lasts is not sealed at least: readings that come late are mostly of it."""
SOME_ROWS, LEAST_ROWS = 5000, 100
"""Of days that grow, sealed in one step, and for how many a series counts at least: 5,000 take 20 ms, and
0.2 s on a Pi Zero 2 (a guess)."""
REST_MS = HOUR
"""Between two rounds over days that have been sealed: a late reading of a day costs as much as all of it."""
MANY_LATE = 1000
"""Of so many late readings there is no rest."""


class Upkeep:
    """`step` after `step`, until there is nothing more to do for now. All inside transactions of the
    caller's; if one of them fails, it is begun anew. `lasts`: a gap has begun that nobody knows of yet."""

    def __init__(self, bounds: Bounds, lasts: Lasts) -> None:
        self._bounds = bounds
        self._lasts = lasts
        self._day: int | None = None  # of which the series are being sealed
        self._waiting: list[int] = []  # series
        self._sealed: int | None = None  # until when the first of them is, if there is more of its day
        self._rest_until = 0
        self._sealed_to = 0  # days before it were sealed in this run
        self._mending: Iterator[int] | None = None  # blocks that are to be looked at, once
        self._growing: list[int] = []  # series of which more may have to be sealed
        self._grown: int | None = None  # until when the last of them is sealed, if there is more of its day
        self._grown_to = 0  # what there was before that is sealed, but for what is not worth it yet

    def came(self, number: int, time: int) -> None:
        """A reading of then has been written."""
        if time // DAY == self._day and number not in self._waiting:
            self._waiting.append(number)
        if self._sealed is not None and time // DAY == self._day and number == self._waiting[0]:
            self._sealed = min(self._sealed, time)

    def step(self, db: sqlite3.Connection, now_ms: int) -> bool:
        """Do something short; whether there is more to do."""
        return (
            self._mend(db)
            or self._seal(db, now_ms)
            or self._grow(db, now_ms)
            or retention.forget_old(db, self._bounds, now_ms)
            or retention.forget_most(db, self._bounds, now_ms)
        )

    def _mend(self, db: sqlite3.Connection) -> bool:
        """Once at the start, and once a day: read the trees of the large tables, so that damage is known, and
        make anew the hours that have been damaged."""
        if self._mending is None:
            db.execute("SELECT count(*) FROM events").fetchone()
            db.execute("DELETE FROM readings WHERE typeof(time) != 'integer'")
            first, end = blocks.bounds_of_days(db)
            self._mending = iter(range(first, end))
        block = next(self._mending, None)
        if block is None:
            return False
        blocks.walk(db, block)
        for each in series.all_series(db):
            rolled, halves = (blocks.rolled_days(db, each.number, block, width) for width in (HOUR, HALF))
            for day in sorted(blocks.sealed_days(db, each.number, block) - (rolled & halves)):
                sealing.mend(db, each.number, day)
        return True

    def _seal(self, db: sqlite3.Connection, now_ms: int) -> bool:
        if self._waiting:
            assert self._day is not None
            number, day = self._waiting[0], self._day
            self._sealed = sealing.seal_day(db, number, day, since=self._sealed, lasts=self._lasts)
            if self._sealed >= (day + 1) * DAY:
                self._waiting.pop(0)
                self._sealed = None
            return True
        if self._day is not None:
            if clearing.forget_day(db, self._day * DAY, (self._day + 1) * DAY):
                return True
            self._day = self._mending = None
            return True
        return self._begin(db, now_ms)

    def _grow(self, db: sqlite3.Connection, now_ms: int) -> bool:
        """Once an hour all series are looked at; some in one step, as each step writes a few pages beside."""
        until = (now_ms - BEHIND_MS) // HOUR * HOUR
        if until != self._grown_to:  # later, or the clock has been set back
            self._grown_to = until
            self._growing = [each.number for each in series.all_series(db)]
            self._grown = None
        rows = 0
        begun = bool(self._growing)
        while self._growing and rows < SOME_ROWS:
            number, until = self._growing[-1], self._grown_to
            grown = growing.seal_on(db, number, until, since=self._grown, lasts=self._lasts)
            self._grown = grown.until if grown is not None and grown.is_part else None
            if grown is None:
                self._growing.pop()
            rows += LEAST_ROWS if grown is None else max(grown.rows, LEAST_ROWS)
        return begun

    def _begin(self, db: sqlite3.Connection, now_ms: int) -> bool:
        """The oldest day of which there are readings in the hot table, if it is to be sealed now."""
        (oldest,) = db.execute("SELECT min(time) FROM readings WHERE time >= 0").fetchone()
        if not isinstance(oldest, int):
            return False
        day = oldest // DAY
        end = (day + 1) * DAY
        if now_ms < end + SEAL_AFTER_MS or (now_ms < self._rest_until and self._may_rest(db, day)):
            return False
        if day < self._sealed_to:
            self._rest_until = now_ms + REST_MS
        self._sealed_to = max(self._sealed_to, day + 1)
        query = "SELECT DISTINCT sensor FROM readings WHERE time >= ? AND time < ?"
        numbers = (number for (number,) in db.execute(query, (day * DAY, end)))
        self._waiting = [number for number in numbers if isinstance(number, int)]
        self._day = day
        return True

    def _may_rest(self, db: sqlite3.Connection, day: int) -> bool:
        query = "SELECT count(*) FROM (SELECT 1 FROM readings WHERE time < ? LIMIT ?)"
        (late,) = db.execute(query, ((day + 1) * DAY, MANY_LATE)).fetchone()
        return day < self._sealed_to and late < MANY_LATE
