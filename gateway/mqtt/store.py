"""What the bridge keeps on disk: events and gaps that wait, and what is retained at the broker.

Every call that writes is one transaction. All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.mqtt.database import Database
from gateway.mqtt.mailbox import Loss

ROW_BYTES = 48
"""What a row takes beside its texts: header, id, time, its share of the tree."""
KNOWN_UTC = 1_735_689_600.0
"""2025: a time before that is one of a clock that was not set, and says nothing about age."""
MAX_GAPS = 1000
"""Gap records, one for each sender and reason; of more, only the count is kept."""
FULL, OLD = "the outbox was full", "older than the outbox keeps"

_SIZE = f"({ROW_BYTES} + length(sender) + length(event) + length(uid) + length(head))"
# A page that was damaged may hold any type and still be read.
_TYPED = "coalesce(CAST(time AS REAL), 0.0), " + ", ".join(
    f"coalesce(CAST({name} AS TEXT), '')" for name in ("sender", "event", "uid", "head")
)
_LOST = (
    f"SELECT sender, min(time), max(time), count(*), sum{_SIZE} "  # noqa: S608 - our own text
    "FROM events WHERE id <= ? GROUP BY sender"
)


class Row(NamedTuple):
    """An event that waits. `uid` is its id for subscribers, `head` its message's beginning."""

    id: int
    time: float
    sender: str
    event: str
    uid: str
    head: str

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return ROW_BYTES + len(self.sender) + len(self.event) + len(self.uid) + len(self.head)


class Gap(NamedTuple):
    """So many events of a sender were dropped, triggered from `first` to `last` (UTC)."""

    id: int
    sender: str
    uid: str
    first: float
    last: float
    lost: int
    reason: str


class Bounds(NamedTuple):
    """How much may wait, whichever is reached first: rows, bytes, seconds."""

    rows: int
    size: int
    age_s: float


def loss_of(utc: float) -> Loss:
    """One event's."""
    loss = Loss(utc)
    loss.count = 1
    return loss


Losses = Mapping[tuple[str, str], Loss]
"""What was dropped, by sender and reason."""


class Store:
    """`new_uid` makes the ids of gap records. The constructor opens nothing. All calls raise StoreError."""

    def __init__(
        self, path: Path, bounds: Bounds, new_uid: Callable[[], str], utc: Callable[[], float] = time.time
    ) -> None:
        self._bounds = bounds
        self._new_uid = new_uid
        self._utc = utc
        self._database = Database(path, self._count)
        self._sent_gaps = 0  # gaps up to this id are on their way, and grow no more
        self.rows = 0
        self.size = 0
        self.next_id = 1
        self.lost = 0
        """Events dropped to keep the bounds, since the start."""

    def open(self) -> None:
        """Open the file, or make it. Once is enough."""
        self._database.open()

    def close(self) -> None:
        """Close the file; may come any number of times."""
        self._database.close()

    def write(self, new: Sequence[Row], done: Collection[int], losses: Losses) -> None:
        """Add `new`, forget the rows `done`, note what the caller dropped; then keep to the bounds."""

        def work(db: sqlite3.Connection) -> tuple[int, int, int]:
            rows, size = self.rows, self.size
            for row_id in done:
                query = f"DELETE FROM events WHERE id = ? RETURNING {_SIZE}"  # noqa: S608 - our own text
                found = db.execute(query, (row_id,)).fetchone()
                if found:
                    rows, size = rows - 1, size - found[0]
            db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", new)
            rows, size = rows + len(new), size + sum(row.size for row in new)
            for (sender, reason), loss in losses.items():
                self._add_gap(db, sender, loss, reason)
            return self._keep_bounds(db, rows, size)

        self.rows, self.size, dropped = self._database.write(work)
        self.lost += dropped
        if new:
            self.next_id = new[-1].id + 1

    def after(self, row_id: int, most: int) -> list[Row]:
        """The oldest rows after that id."""
        query = f"SELECT id, {_TYPED} FROM events WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 - our own text
        return self._database.read(lambda db: [Row(*found) for found in db.execute(query, (row_id, most))])

    def gaps(self, after: int, most: int) -> list[Gap]:
        """The oldest gap records after that id, which grow no more from now on."""
        query = (
            "SELECT id, sender, uid, first, last, count, reason FROM gaps WHERE id > ? ORDER BY id LIMIT ?"
        )
        found = self._database.read(lambda db: [Gap(*row) for row in db.execute(query, (after, most))])
        if found:
            self._sent_gaps = max(self._sent_gaps, found[-1].id)
        return found

    def forget_gaps(self, ids: Collection[int]) -> None:
        """They have been acknowledged."""
        rows = [(gap_id,) for gap_id in ids]
        self._database.write(lambda db: db.executemany("DELETE FROM gaps WHERE id = ?", rows))

    def retained(self, kind: str) -> dict[str, str]:
        """What was noted as retained: topics with what was noted of each."""
        query = "SELECT topic, parts FROM retained WHERE kind = ?"
        return self._database.read(lambda db: dict(db.execute(query, (kind,)).fetchall()))

    def note_retained(self, kind: str, topics: Mapping[str, str | None]) -> None:
        """Note topics; None: nothing is retained there any more."""
        gone = [(topic,) for topic, parts in topics.items() if parts is None]
        kept = [(topic, kind, parts) for topic, parts in topics.items() if parts is not None]

        def work(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM retained WHERE topic = ?", gone)
            db.executemany("INSERT OR REPLACE INTO retained VALUES (?, ?, ?)", kept)

        self._database.write(work)

    def _count(self, db: sqlite3.Connection) -> None:
        """What is there, when the file has been opened."""
        query = f"SELECT count(*), coalesce(sum{_SIZE}, 0), coalesce(max(id), 0) FROM events"  # noqa: S608
        self.rows, self.size, last = db.execute(query).fetchone()
        self.next_id = max(self.next_id, last + 1)

    def _keep_bounds(self, db: sqlite3.Connection, rows: int, size: int) -> tuple[int, int, int]:
        """Drop the oldest beyond the bounds; returns rows and bytes that are left, and how many went."""
        before = rows
        while rows > self._bounds.rows or size > self._bounds.size:
            by_size = 1 + rows * (size - self._bounds.size) // size if size > self._bounds.size else 0
            surplus = min(max(rows - self._bounds.rows, by_size), rows)
            query = "SELECT id FROM events ORDER BY id LIMIT 1 OFFSET ?"
            upto = db.execute(query, (surplus - 1,)).fetchone()[0]
            rows, size = self._drop(db, upto, FULL, rows, size)
        limit = self._utc() - self._bounds.age_s
        oldest = db.execute("SELECT time FROM events ORDER BY id LIMIT 1").fetchone()
        if oldest is not None and KNOWN_UTC < oldest[0] < limit:
            query = "SELECT min(id) FROM events WHERE NOT (time > ? AND time < ?)"
            young = db.execute(query, (KNOWN_UTC, limit)).fetchone()[0]
            last = db.execute("SELECT max(id) FROM events").fetchone()[0]
            rows, size = self._drop(db, last if young is None else young - 1, OLD, rows, size)
        return rows, size, before - rows

    def _drop(self, db: sqlite3.Connection, upto: int, reason: str, rows: int, size: int) -> tuple[int, int]:
        """Put gap records in place of the rows up to an id; returns the rows and bytes that are left."""
        for sender, first, last, count, freed in db.execute(_LOST, (upto,)).fetchall():
            loss = Loss(first)
            loss.add(first, last, count)
            self._add_gap(db, sender, loss, reason)
            rows, size = rows - count, size - freed
        db.execute("DELETE FROM events WHERE id <= ?", (upto,))
        return rows, size

    def _add_gap(self, db: sqlite3.Connection, sender: str, loss: Loss, reason: str) -> None:
        """Let the sender's gap grow, or begin one after those that are on their way."""
        grown = db.execute(
            "UPDATE gaps SET first = min(first, ?), last = max(last, ?), count = count + ? "
            "WHERE sender = ? AND reason = ? AND id > ? RETURNING id",
            (loss.first, loss.last, loss.count, sender, reason, self._sent_gaps),
        ).fetchone()
        if grown is not None:
            return
        count, last = db.execute("SELECT count(*), coalesce(max(id), 0) FROM gaps").fetchone()
        if count < MAX_GAPS:
            values = (sender, self._new_uid(), loss.first, loss.last, loss.count, reason)
            new_id = max(self._sent_gaps, last) + 1
            db.execute("INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?)", (new_id, *values))
