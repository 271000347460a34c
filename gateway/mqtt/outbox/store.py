"""What the bridge keeps on disk: events and gaps that wait, and what is retained at the broker.

Every call that writes is one transaction. All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.loss import Loss, Losses
from gateway.mqtt.outbox import events_table
from gateway.mqtt.outbox.events_table import Bounds, EventsTable, Row
from gateway.storage.checksum import row_crc
from gateway.storage.database import Database

MAX_GAPS = 1000
"""Gap records, one for each sender and reason; of more, only the count is kept."""

_GAP_CRC = "UPDATE gaps SET crc = row_crc(sender, uid, first, last, count, reason) WHERE id = ?"


class Gap(NamedTuple):
    """So many events of a sender were dropped, triggered from `first` to `last` (UTC)."""

    id: int
    sender: str
    uid: str
    first: float
    last: float
    lost: int
    reason: str


class Written(NamedTuple):
    """The first new row's id, and up to which id the oldest were dropped (0: none was)."""

    first: int
    dropped: int


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
        """Events on disk; 0 while the file is not open."""
        self.size = 0
        self.next_id = 1
        self.opened_times = 0
        """How often a file was opened, the first or another in its place."""
        self.lost = 0
        """Events dropped to keep the bounds, since the start."""

    def open(self) -> None:
        """Open the file, or make it. Once is enough."""
        self._database.open()

    def close(self) -> None:
        """Close the file; may come any number of times."""
        self._database.close()

    @property
    def is_open(self) -> bool:
        """Whether there is an open file."""
        return self._database.is_open

    def write(
        self,
        new: Sequence[Row],
        done: Collection[int],
        losses: Losses,
        *,
        done_gaps: Collection[int] = (),
        keep: Collection[int] = (),
        keep_new: Collection[int] = (),
        opened: int | None = None,
    ) -> Written:
        """Add `new`, forget what was acknowledged, note what the caller dropped; then keep to the bounds.

        The new rows get the next ids, in their order. Those with ids in `keep`, and those of `new` with the
        indices `keep_new` (a hundred or so), are not dropped. `opened`: the value of `opened_times` when the
        caller learnt the ids; if another file has been opened since, they are ids of other rows, and ignored.
        """

        def work(db: sqlite3.Connection) -> tuple[int, EventsTable, int]:
            first = self.next_id
            known = opened in (None, self.opened_times)
            kept = {first + index for index in keep_new} | (set(keep) if known else set())
            table = EventsTable(db, self.rows, self.size, kept)
            if known:
                table.forget(done)
                db.executemany("DELETE FROM gaps WHERE id = ?", [(gap_id,) for gap_id in done_gaps])
            table.add([row._replace(id=first + index) for index, row in enumerate(new)])
            for (sender, reason), loss in losses.items():
                self._add_gap(db, sender, loss, reason)
            before = table.rows
            for sender, reason, loss in list(table.drop_surplus(self._bounds, self._utc())):
                self._add_gap(db, sender, loss, reason)
            return first, table, before - table.rows

        first, table, dropped = self._database.write(work)
        self.rows, self.size = table.rows, table.size
        self.lost += dropped
        self.next_id = first + len(new)
        return Written(first, table.upto)

    def after(self, row_id: int, most: int) -> list[Row]:
        """The oldest rows after that id."""
        return self._database.read(lambda db: events_table.after(db, row_id, most))

    def gaps(self, after: int, most: int) -> list[Gap]:
        """The oldest gap records after that id, which grow no more from now on."""
        query = (
            "SELECT id, sender, uid, first, last, count, reason FROM gaps WHERE id > ? ORDER BY id LIMIT ?"
        )
        found = self._database.read(lambda db: [Gap(*row) for row in db.execute(query, (after, most))])
        if found:
            self._sent_gaps = max(self._sent_gaps, found[-1].id)
        return found

    def retained(self, kind: str) -> dict[str, str]:
        """What was noted as retained: topics with what was noted of each."""
        query = "SELECT topic, parts FROM retained WHERE kind = ?"
        return self._database.read(lambda db: dict(db.execute(query, (kind,)).fetchall()))

    def note_retained(self, kind: str, topics: Mapping[str, str | None]) -> None:
        """Note topics; None: nothing is retained there any more."""
        gone = [(topic,) for topic, parts in topics.items() if parts is None]
        kept = [
            (topic, kind, parts, row_crc(topic, kind, parts))
            for topic, parts in topics.items()
            if parts is not None
        ]

        def work(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM retained WHERE topic = ?", gone)
            db.executemany("INSERT OR REPLACE INTO retained VALUES (?, ?, ?, ?)", kept)

        self._database.write(work)

    def _count(self, db: sqlite3.Connection) -> None:
        """What is there, when the file has been opened."""
        self.opened_times = self._database.opened_times
        self.rows, self.size, last = events_table.totals(db)
        self.next_id = max(self.next_id, last + 1)
        last_gap = db.execute("SELECT coalesce(max(id), 0) FROM gaps").fetchone()[0]
        self._sent_gaps = max(self._sent_gaps, last_gap)  # an earlier process may have sent it

    def _add_gap(self, db: sqlite3.Connection, sender: str, loss: Loss, reason: str) -> None:
        """Let the sender's gap grow, or begin one after those that are on their way."""
        grown = db.execute(
            "UPDATE gaps SET first = min(first, ?), last = max(last, ?), count = count + ? "
            "WHERE sender = ? AND reason = ? AND id > ? RETURNING id",
            (loss.first, loss.last, loss.count, sender, reason, self._sent_gaps),
        ).fetchone()
        if grown is not None:
            db.execute(_GAP_CRC, grown)
            return
        count, last = db.execute("SELECT count(*), coalesce(max(id), 0) FROM gaps").fetchone()
        if count < MAX_GAPS:
            values = (sender, self._new_uid(), loss.first, loss.last, loss.count, reason)
            new_id = max(self._sent_gaps, last) + 1
            db.execute(
                "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (new_id, *values, row_crc(*values))
            )
