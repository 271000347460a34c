"""The table of events on disk: rows come and go, and beyond the bounds the oldest go.

Everything here runs inside a transaction of the caller's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple, Self

from gateway.loss import Loss
from gateway.mqtt.outbox.sieve import DAMAGED, Sieve, add
from gateway.storage.checksum import row_crc

ROW_BYTES = 72
"""What a row takes beside its texts: header, id, times, checksum, its share of the tree."""
FULL, OLD = "the outbox was full", "older than the outbox keeps"

_TEXTS = ("sender", "event", "uid", "head", "boot")
_SIZE = f"({ROW_BYTES} + {' + '.join(f'length(CAST({name} AS BLOB))' for name in _TEXTS)})"
# A page that was damaged may hold any type and still be read.
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TIME = "coalesce(CAST(time AS REAL), 0.0)"
_AT = "coalesce(CAST(at AS REAL), 0.0)"
_BOOT = "coalesce(CAST(boot AS TEXT), '')"
_KNOWN = "coalesce(CAST(known AS INTEGER), 0)"


class Row(NamedTuple):
    """An event that waits. `uid` is its id for subscribers, `head` its message's beginning. `boot`, `at`: the
    kernel's id of the boot in which it was triggered, and when by that boot's CLOCK_BOOTTIME (seconds); empty
    and 0 where that was not noted. `known`: whether the wall clock, which `time` is of, was believed then."""

    id: int
    time: float
    sender: str
    event: str
    uid: str
    head: str
    boot: str = ""
    at: float = 0.0
    known: bool = True

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """From all columns of the table, which are what was written."""
        return cls(*values[:-1])._replace(known=bool(values[-2]))

    @property
    def loss(self) -> Loss:
        """What to count if it is lost."""
        return Loss.of(self.time, self.at if self.boot else None, self.boot, known=self.known)

    @property
    def crc(self) -> int:
        """Over all but the id."""
        return row_crc(*self[1:])

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return ROW_BYTES + sum(
            len(text.encode()) for text in (self.sender, self.event, self.uid, self.head, self.boot)
        )


class Bounds(NamedTuple):
    """How much may wait, whichever is reached first: rows, bytes, seconds."""

    rows: int
    size: int
    age_s: float


class Noted(NamedTuple):
    """When an event was noted; see `Row`."""

    boot: str
    at: float
    time: float
    known: bool


class Totals(NamedTuple):
    """What is there: rows, their bytes, the last id."""

    rows: int
    size: int
    last: int


def totals(db: sqlite3.Connection) -> Totals:
    """Counted in the file."""
    query = f"SELECT count(*), coalesce(sum{_SIZE}, 0), coalesce(max(id), 0) FROM events"  # noqa: S608 - ours
    return Totals(*db.execute(query).fetchone())


def after(db: sqlite3.Connection, row_id: int, most: int) -> list[tuple[Any, ...]]:
    """The oldest rows after that id, as they stand there, be it nonsense."""
    query = "SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?"
    return db.execute(query, (row_id, most)).fetchall()


def newest_of_boots(db: sqlite3.Connection) -> list[Noted]:
    """Of each boot that is there the newest event when the clock was believed, or any if it never was."""
    query = (
        f"SELECT {_BOOT}, {_AT}, {_TIME}, max(CASE WHEN {_KNOWN} THEN id END) IS NOT NULL "  # noqa: S608 - ours
        "FROM events GROUP BY 1"
    )
    return [Noted(boot, at, time, bool(known)) for boot, at, time, known in db.execute(query)]


class EventsTable:
    """The table during one transaction, with its counts. `keep`: a hundred ids or so that stay."""

    def __init__(self, db: sqlite3.Connection, rows: int, size: int, keep: Collection[int]) -> None:
        self._db = db
        self.rows = rows
        self.size = size
        self.upto = 0
        """Up to which id the oldest were dropped."""
        self._but_kept = f"id NOT IN ({', '.join(map(str, keep))})" if keep else "1"

    def add(self, new: Sequence[Row]) -> None:
        """New ones, with ids that ascend."""
        self._db.executemany(_INSERT, [(*row, row.crc) for row in new])
        self.rows += len(new)
        self.size += sum(row.size for row in new)

    def forget(self, done: Collection[int]) -> None:
        """Those that were acknowledged, if they are there."""
        query = f"DELETE FROM events WHERE id = ? RETURNING {_SIZE}"  # noqa: S608 - our own text
        for row_id in done:
            found = self._db.execute(query, (row_id,)).fetchone()
            if found:
                self.rows -= 1
                self.size -= found[0]

    def drop_surplus(
        self, bounds: Bounds, now: Loss, age: Callable[[Noted], float]
    ) -> Iterator[tuple[str, str, Loss]]:
        """Drop the oldest beyond the bounds: sender, reason and loss of what went. `now`: of an event that is
        lost now. `age`: in seconds."""
        while self.rows > bounds.rows or self.size > bounds.size:
            by_size = 1 + self.rows * (self.size - bounds.size) // self.size if self.size > bounds.size else 0
            surplus = min(max(self.rows - bounds.rows, by_size), self.rows)
            before = self.rows
            yield from self._drop(self._oldest(surplus), FULL, now)
            if self.rows == before:
                break
        yield from self._drop(self._older(bounds.age_s, age), OLD, now)

    def _oldest(self, count: int) -> int:
        """The id up to which so many may go, or all that may."""
        query = f"SELECT id FROM events WHERE {self._but_kept} ORDER BY id LIMIT ?"  # noqa: S608 - our own ids
        last = f"SELECT coalesce(max(id), 0) FROM ({query})"  # noqa: S608 - our own text
        found: int = self._db.execute(last, (count,)).fetchone()[0]
        return found

    def _older(self, limit_s: float, age: Callable[[Noted], float]) -> int:
        """The id up to which all are older."""
        upto = 0
        noted = f"SELECT id, {_BOOT}, {_AT}, {_TIME}, {_KNOWN} FROM events"  # noqa: S608 - our own text
        query = f"{noted} WHERE {self._but_kept} ORDER BY id"
        for row_id, boot, at, time, known in self._db.execute(query):
            if age(Noted(boot, at, time, bool(known))) <= limit_s:
                break
            upto = row_id
        return upto

    def _drop(self, upto: int, reason: str, now: Loss) -> Iterator[tuple[str, str, Loss]]:
        if not upto:
            return
        which = f"FROM events WHERE id <= ? AND {self._but_kept}"
        sieve, gone = Sieve(now), dict[tuple[Any, ...], Loss]()
        for *values, size in self._db.execute(f"SELECT *, {_SIZE} {which} ORDER BY id", (upto,)):
            self.rows -= 1
            self.size -= size
            self.upto = upto
            if sieve.take(tuple(values)):
                loss = Row.of(values).loss
                # Apart what was noted with the clock set otherwise: each gap's times are corrected as one.
                add(gone, (values[2], loss.boot, loss.known, round(loss.offset, 1)), loss)
        self._db.execute(f"DELETE {which}", (upto,))
        yield from (
            (sender, reason, loss) for (sender, *_), loss in sorted(gone.items(), key=lambda of: of[0])
        )
        yield from ((sender, DAMAGED, loss) for sender, loss in sieve.losses().items())
