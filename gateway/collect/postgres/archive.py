"""What PostgreSQL answers of history, on any thread: the same points as a site's file gives.

What the recorder has not written yet is not in them: it is a second old at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

from gateway.collect.postgres.schema import connect, told
from gateway.event_id import EventId
from gateway.history.buckets import Bucket, Gap
from gateway.history.events import of_reading
from gateway.history.parts import one_of, width_for
from gateway.history.rows import Item, Kept, Reading, Series
from gateway.history.sealed import GOOD, SUSPECT
from gateway.storage.schema import StoreError

T = TypeVar("T")
Db = psycopg.Connection[Any]
CLOSE_S = 0.2
"""What a question that is under way has, at the end; its connection ends with the process then."""
_SERIES = """
SELECT id, unit, (SELECT max(time) FROM readings WHERE series = series.id) AS last,
       (SELECT min(time) FROM readings WHERE series = series.id) AS first
FROM series WHERE name = %s ORDER BY last DESC NULLS LAST LIMIT 1
"""
_HELD = """
SELECT value FROM (
    (SELECT time, value FROM readings WHERE series = %(series)s AND time < %(since)s ORDER BY time DESC LIMIT
    1) UNION ALL
    (SELECT began, NULL FROM gaps WHERE sender = %(name)s AND began < %(since)s ORDER BY began DESC LIMIT 1)
) AS before ORDER BY time DESC LIMIT 1
"""
_BUCKETS = """
WITH said AS (
    SELECT time, value, 1 AS heard FROM readings
    WHERE series = %(series)s AND time >= %(since)s AND time < %(until)s
    UNION ALL
    SELECT began, NULL, 0 FROM gaps WHERE sender = %(name)s AND began >= %(since)s AND began < %(until)s
    UNION ALL
    SELECT %(since)s, %(held)s::double precision, 0 WHERE %(held)s::double precision IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM readings WHERE series = %(series)s AND time = %(since)s)
), spans AS (
    SELECT time, value, heard, time / %(width)s * %(width)s AS bucket,
           lead(time, 1, %(until)s::bigint) OVER (ORDER BY time, heard) AS ends
    FROM said
), cut AS (
    SELECT *, CASE WHEN value IS NULL THEN 0 ELSE least(ends, bucket + %(width)s) - time END AS lasted FROM
    spans
)
SELECT bucket, sum(heard), min(value), max(value), sum(value * lasted), sum(lasted)::bigint, min(time),
       (array_agg(value ORDER BY time DESC, heard DESC) FILTER (WHERE value IS NOT NULL))[1],
       (array_agg(value ORDER BY time DESC, heard DESC))[1]
FROM cut GROUP BY bucket ORDER BY bucket
"""
_FEW = """
SELECT count(*) FROM (
    SELECT 1 FROM readings
    WHERE series = %(series)s AND time >= %(since)s AND time < %(until)s LIMIT %(points)s
) AS few
"""
_GAPS = """
SELECT began, ended, reason FROM gaps
WHERE sender = %s AND began < %s AND (ended IS NULL OR ended > %s) ORDER BY began
"""
_SINCE = """
SELECT heard, number, NULL, NULL, NULL, name, unit, time, value, reason, seq, late
FROM (SELECT * FROM readings WHERE (heard, number) > (%(ms)s, %(number)s)
      ORDER BY heard, number LIMIT %(limit)s) AS few JOIN series ON series.id = few.series
UNION ALL
(SELECT heard, number, sender, event, data, NULL, NULL, NULL, NULL, NULL, NULL, NULL
 FROM events WHERE (heard, number) > (%(ms)s, %(number)s) ORDER BY heard, number LIMIT %(limit)s)
ORDER BY 1, 2 LIMIT %(limit)s
"""


class PostgresArchive:
    """See `gateway.history.recall.Archive`. One connection, one question at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()  # held for a question
        self._db: Db | None = None
        self._closed = False

    def close(self) -> None:
        """Nothing can be asked any more."""
        self._closed = True
        if self._lock.acquire(timeout=CLOSE_S):
            try:
                self._let_go()
            finally:
                self._lock.release()

    def points(
        self,
        sender: str,
        since_ms: int,
        until_ms: int,
        points: int,
        unwritten: Sequence[Item] = (),  # noqa: ARG002 - see above
    ) -> Series | None:
        """See `Archive`."""
        return self._ask(lambda db: _chart(db, sender, since_ms, until_ms, points))

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """See `Archive`."""
        return self._ask(lambda db: _since(db, after, limit))

    def _ask(self, work: Callable[[Db], T]) -> T:
        with self._lock:
            if self._closed:
                raise StoreError("the history is closed")
            try:
                if self._db is None:
                    self._db = connect(self._url)
                with self._db.transaction():
                    return work(self._db)
            except psycopg.Error as error:
                self._let_go()
                raise StoreError(told(error)) from None

    def _let_go(self) -> None:
        """With the lock."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(psycopg.Error):
                db.close()


def _chart(db: Db, name: str, since: int, until: int, points: int) -> Series | None:
    row = db.execute(_SERIES, (name,)).fetchone()
    if row is None:
        return None
    series, unit, _, first = row
    width = width_for(since, until, points)
    begin = since // width * width
    asked: dict[str, Any] = {"series": series, "name": name, "since": begin, "until": until, "points": points}
    few = db.execute(_FEW, asked).fetchone()
    if few is not None and few[0] < points:  # each reading is a point
        width, begin = 1, since
    asked |= {"since": begin, "width": width}
    before = db.execute(_HELD, asked).fetchone()
    asked["held"] = None if before is None else before[0]
    buckets = _buckets(db.execute(_BUCKETS, asked).fetchall())
    gaps = [
        Gap(max(began, since), ended, why) for began, ended, why in db.execute(_GAPS, (name, until, since))
    ]
    return Series(unit, first, buckets if points > 1 or not buckets else [one_of(buckets)], gaps)


def _buckets(rows: Sequence[tuple[Any, ...]]) -> list[Bucket]:
    """With what held when each began."""
    found: list[Bucket] = []
    held: float | None = None
    for bucket, heard, least, most, area, covered, first, last, last_of_all in rows:
        if last is not None:
            if held is not None and first > bucket:
                least, most = min(least, held), max(most, held)
                area += held * (first - bucket)
                covered += first - bucket
            mean = float(area / covered) if covered else last
            mean = min(max(mean, least), most)
            found.append(Bucket(int(bucket), last, least, most, mean, int(heard), int(covered)))
        held = last_of_all
    return found


def _since(db: Db, after: EventId, limit: int) -> Sequence[Kept] | None:
    notes = dict(db.execute("SELECT key, value FROM notes").fetchall())
    if "reach" not in notes or after < EventId(notes["reach"], notes.get("reach_number", 0)):
        return None
    asked = {"ms": after.ms, "number": after.number, "limit": limit}
    return [_kept(*row) for row in db.execute(_SINCE, asked).fetchall()]


def _kept(ms: int, number: int, sender: str | None, event: str, data: str, *reading: Any) -> Kept:
    event_id = EventId(ms, number)
    if sender is not None:
        return Kept(event_id, sender, event, data)
    name, unit, time, value, reason, seq, late = reading
    quality = GOOD if reason is None else SUSPECT
    return of_reading(Reading(name, unit, time, value, quality, reason, seq, event_id, late))
