"""What a recorder writes to PostgreSQL: readings, events, gaps and cursors, in one transaction a batch.

A connection that breaks is made anew with the next batch, which the recorder tries again with longer and
longer pauses; meanwhile nothing is confirmed, so the gateways keep it. Where it breaks in the middle of a
commit, the cursors tell afterwards whether that was done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from gateway.collect.admission import Admission, Cursor
from gateway.collect.postgres.marks import Marks
from gateway.collect.postgres.schema import connect, prepare, told
from gateway.event_id import EventId
from gateway.fleet.message import Position
from gateway.history.rows import Batch, Item, Kept, Mark, Reading
from gateway.history.schema import is_finite, is_name, is_time
from gateway.history.sealed import GOOD
from gateway.history.store import Opening
from gateway.storage.schema import StoreError

if TYPE_CHECKING:
    from gateway.collect.site_store import Told

T = TypeVar("T")
Db = psycopg.Connection[Any]
ALIVE, REACH, REACH_NUMBER = "alive", "reach", "reach_number"
KEEPING_MS = 3_600_000
"""Between two times that what is too old is looked for."""
SOME = 5000
"""Rows that go at once."""


class PostgresStore:
    """A `gateway.history.disk.Store`; of one thread. `opened`, `wrote`: as of a `SiteStore`."""

    def __init__(self, url: str, keep_ms: int, keep_events_ms: int, opened: Told, wrote: Told) -> None:
        self._url = url
        self._keep_ms, self._keep_events_ms = keep_ms, keep_events_ms
        self._opened = opened
        self._wrote = wrote
        self._db: Db | None = None
        self._admission = Admission()
        self._cursors: dict[str, Cursor] = {}  # as of the last commit that is known
        self._doubt: dict[str, Cursor] = {}  # what a commit that broke would have made of them
        self._marks = Marks()
        self._kept_at = 0
        self.repeated = 0
        """None: gateways' events are numbered."""

    @property
    def written(self) -> int | None:
        """Another's disk."""
        return None

    def open(self) -> Opening:
        """See `Store`."""
        self.close()
        self._doubt = {}
        return self._safely(self._begin)

    def close(self) -> None:
        """See `Store`."""
        db, self._db = self._db, None
        self._marks = Marks()
        if db is not None:
            with suppress(psycopg.Error):
                db.close()

    def write(self, batch: Batch) -> None:
        """See `Store`."""

        def work(db: Db) -> dict[str, Cursor]:
            items, cursors = self._admission.admit(batch.items)
            self._doubt = cursors
            with db.transaction():
                self._put(db, items)
                rows = [(name, *each.position, each.utc_ms) for name, each in cursors.items()]
                query = (
                    "INSERT INTO cursors VALUES (%s, %s, %s, %s) ON CONFLICT (gateway) "
                    "DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, utc = excluded.utc"
                )
                with db.cursor() as cursor:
                    cursor.executemany(query, rows)
                if batch.alive is not None:
                    _note(db, ALIVE, batch.alive)
            return cursors

        cursors = self._safely(work)
        self._is_done(cursors)

    def maintain(self, now_ms: int) -> bool:
        """See `Store`: what is too old goes, some at a time."""
        if now_ms - self._kept_at < KEEPING_MS:
            return False
        more = self._safely(lambda db: self._forget(db, now_ms))
        if not more:
            self._kept_at = now_ms
        return more

    def settle(self, boot: str, offset_ms: int) -> None:
        """See `Store`: all that comes here has its time."""

    def untimed_boots(self) -> Collection[str]:
        """See `Store`."""
        return ()

    def _is_done(self, cursors: dict[str, Cursor]) -> None:
        self._admission.wrote()
        self._cursors |= cursors
        self._doubt = {}
        if cursors:
            self._wrote(cursors)

    def _safely(self, work: Callable[[Db], T]) -> T:
        """On the connection, or a new one. Raises StoreError."""
        try:
            if self._db is None:
                self._db = connect(self._url)
                prepare(self._db)
                self._settle_doubt(self._db)
            return work(self._db)
        except psycopg.Error as error:
            self.close()
            raise StoreError(told(error)) from None
        except BaseException:
            self.close()
            raise

    def _settle_doubt(self, db: Db) -> None:
        """After a connection broke: whether its last commit was done. Raises RuntimeError where somebody else
        has written meanwhile."""
        found = _cursors(db)
        if not self._cursors and not self._doubt:
            return
        if self._doubt and all(found.get(name) == each for name, each in self._doubt.items()):
            self._is_done(self._doubt)
        if any(found.get(name) != each for name, each in self._cursors.items()):
            raise RuntimeError("PostgreSQL: somebody else has written to the history meanwhile")

    def _begin(self, db: Db) -> Opening:
        self._cursors = _cursors(db)
        query = "SELECT name FROM series GROUP BY name"
        names = {name for (name,) in db.execute(query).fetchall()}
        names -= {name for (name,) in db.execute("SELECT sender FROM gaps WHERE ended IS NULL").fetchall()}
        self._admission.opened(self._cursors, names)
        last = max((_last_id(db, table) for table in ("readings", "events")), default=EventId(-1, 0))
        self._opened(dict(self._cursors))
        return Opening(last, _noted(db, ALIVE), dict.fromkeys(names))

    def _put(self, db: Db, items: Sequence[Item]) -> None:
        """In their order, but that readings go many at a time."""
        readings: list[Reading] = []
        events: list[Kept] = []
        for item in items:
            if isinstance(item, Reading):
                if is_name(item.sender) and is_time(item.time) and is_finite(float(item.value)):
                    readings.append(item)
            elif isinstance(item, Kept):
                events.append(item)
            elif isinstance(item, Mark):
                self._put_readings(db, readings)
                readings = []
                self._marks.mark(db, item)
        self._put_readings(db, readings)
        with db.cursor() as cursor:
            query = "INSERT INTO events VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
            rows = [(*each.id, _text(each.sender), _text(each.event), _text(each.data)) for each in events]
            cursor.executemany(query, rows)
        ids = [each.id for each in items if isinstance(each, Reading | Kept)]
        if ids and _noted(db, REACH) is None:
            first = min(ids)
            _note(db, REACH, first.ms)
            _note(db, REACH_NUMBER, first.number - 1)

    def _put_readings(self, db: Db, readings: Sequence[Reading]) -> None:
        if not readings:
            return
        rows = [
            (
                self._marks.series(db, each),
                each.time,
                float(each.value),
                None if each.quality == GOOD else _text(each.reason or ""),
                each.seq,
                each.late,
                *each.id,
            )
            for each in readings
        ]
        with db.cursor() as cursor, cursor.copy("COPY readings FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        for each in readings:
            self._marks.reading(db, each)

    def _forget(self, db: Db, now_ms: int) -> bool:
        """Whether there is more."""
        bounds = {"readings": now_ms - self._keep_ms, "events": now_ms - self._keep_events_ms}
        more = False
        for table, before in bounds.items():
            column = "time" if table == "readings" else "heard"
            some = f"SELECT ctid FROM {table} WHERE {column} < %s LIMIT {SOME}"  # noqa: S608 - ours alone
            query = f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({some}))"  # noqa: S608 - the same
            gone = db.execute(query.encode(), (before,)).rowcount
            more = more or gone == SOME
            if gone:
                _note(db, REACH, max(before, _noted(db, REACH) or 0))
        return more


def _text(text: str) -> str:
    """PostgreSQL has no NUL."""
    return text.replace("\0", "?")


def _cursors(db: Db) -> dict[str, Cursor]:
    rows = db.execute("SELECT gateway, epoch, seq, utc FROM cursors").fetchall()
    return {name: Cursor(Position(epoch, seq), utc) for name, epoch, seq, utc in rows}


def _last_id(db: Db, table: str) -> EventId:
    query = f"SELECT heard, number FROM {table} ORDER BY heard DESC, number DESC LIMIT 1"  # noqa: S608 - ours
    row = db.execute(query.encode()).fetchone()
    return EventId(-1, 0) if row is None else EventId(*row)


def _noted(db: Db, key: str) -> int | None:
    row = db.execute("SELECT value FROM notes WHERE key = %s", (key,)).fetchone()
    return None if row is None else int(row[0])


def _note(db: Db, key: str, value: int) -> None:
    query = "INSERT INTO notes VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    db.execute(query, (key, value))
