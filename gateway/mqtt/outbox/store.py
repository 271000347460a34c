"""What the bridge keeps on disk: events and gaps that wait, and what is retained at the broker.

A row is what was written, or it is deleted and counted as lost: nobody sees another. Every call that writes
is one transaction. All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gateway.clock.wall import STEP_S, WallClock
from gateway.loss import Loss, Losses, Tally
from gateway.mqtt.outbox import events_table
from gateway.mqtt.outbox.damage import Damage
from gateway.mqtt.outbox.events_table import Bounds, EventsTable, Noted, Row
from gateway.mqtt.outbox.schema import EVENTS, GAPS, RETAINED, SCHEMA
from gateway.mqtt.outbox.sieve import Sieve
from gateway.storage.checksum import row_crc
from gateway.storage.database import Database
from gateway.storage.salvage import Salvaged
from gateway.storage.schema import StoreError, Values, text_or_none

MAX_GAPS = 1000
"""Gap records, one for each sender and reason; of more, only the count is kept."""

_GAP_COLUMNS = "sender, uid, first, last, count, reason, boot, at, known"
_GAP_CRC = f"UPDATE gaps SET crc = row_crc({_GAP_COLUMNS}) WHERE id = ?"  # noqa: S608 - our own text


class Gap(NamedTuple):
    """So many events of a sender were dropped, triggered from `first` to `last` (UTC). `boot`, `at`, `known`:
    see `Row`, of `last`."""

    id: int
    sender: str
    uid: str
    first: float
    last: float
    lost: int
    reason: str
    boot: str = ""
    at: float = 0.0
    known: bool = True


class Written(NamedTuple):
    """The first new row's id, up to which id the oldest were dropped (0: none was), and whether there are
    gap records of rows that the disk has spoilt."""

    first: int
    dropped: int
    damaged: bool


class Store:
    """`new_uid` makes the ids of gap records. The constructor opens nothing. All calls raise StoreError."""

    def __init__(
        self, path: Path, bounds: Bounds, new_uid: Callable[[], str], clock: WallClock | None = None
    ) -> None:
        self._bounds = bounds
        self._new_uid = new_uid
        self.clock = clock or WallClock()
        """What times are told by."""
        self.lost_of = Tally()
        """What was lost, by sender, since the start: here, and before it came here."""
        self._damage = Damage(path, self.lost_of)
        self._database = Database(path, SCHEMA, self._count)
        self._since = 0.0  # since when (UTC) the rows are known
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
        self._settle()

    def close(self) -> None:
        """Close the file; may come any number of times."""
        self._database.close()

    @property
    def is_open(self) -> bool:
        """Whether there is an open file."""
        return self._database.is_open

    @property
    def written(self) -> int | None:
        """Bytes that were written to the disk, since the start; None where the system does not tell."""
        return self._database.written.total

    def prove(self) -> None:
        """See whether it can be written: a page that says what it said."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(f"PRAGMA user_version = {db.execute('PRAGMA user_version').fetchone()[0]}")

        self._database.write(work)

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

        surplus: list[tuple[str, str, Loss]] = []

        def work(db: sqlite3.Connection) -> tuple[int, EventsTable, int]:
            first = self.next_id
            known = opened in (None, self.opened_times)
            kept = {first + index for index in keep_new} | (set(keep) if known else set())
            mended = self._mend(db)
            table = EventsTable(db, mended.rows, mended.size, kept)
            if known:
                table.forget(done)
                db.executemany("DELETE FROM gaps WHERE id = ?", [(gap_id,) for gap_id in done_gaps])
            table.add([row._replace(id=first + index) for index, row in enumerate(new)])
            for (sender, reason), loss in losses.items():
                self._add_gap(db, sender, loss, reason)
            before = table.rows
            surplus[:] = table.drop_surplus(self._bounds, self._now(), self._age)
            for sender, reason, loss in surplus:
                self._add_gap(db, sender, loss, reason)
            return first, table, before - table.rows

        first, table, dropped = self._database.write(work)
        self.rows, self.size = table.rows, table.size
        self.lost += dropped
        for sender, _, loss in surplus:
            self.lost_of.add(sender, loss.count)
        damaged = bool(self._damage)
        self._damage.settled()
        self.next_id = first + len(new)
        return Written(first, table.upto, damaged)

    @property
    def damaged(self) -> int:
        """Events that the disk has spoilt, since the start; each is in a gap, or soon will be."""
        return self._damage.found

    def after(self, row_id: int, most: int, spare: Callable[[int], bool] = lambda _: False) -> list[Row]:
        """The oldest rows after that id. Bad ones that are to be spared stay: somebody has them in memory."""
        rows: list[Row] = []
        while not rows:
            found = self._database.read(partial(events_table.after, row_id=row_id, most=most))
            if not found:
                self._count_again()
                break
            row_id = found[-1][0]
            sieve = Sieve(self._now())
            known = self._damage.bad[EVENTS]
            for values in found:
                left_alone = values[0] in known or spare(values[0])
                if (not left_alone or SCHEMA.is_sound(EVENTS, values)) and sieve.take(values):
                    rows.append(Row.of(values))
            self._damage.events(sieve)
        self._settle()
        return rows

    def gaps(self, after: int, most: int) -> list[Gap]:
        """The oldest gap records after that id, which grow no more from now on."""
        query = "SELECT * FROM gaps WHERE id > ? ORDER BY id LIMIT ?"
        found = self._database.read(lambda db: db.execute(query, (after, most)).fetchall())
        if found:
            self._sent_gaps = max(self._sent_gaps, found[-1][0])
        return [Gap(*row[:-1])._replace(known=bool(row[-2])) for row in found if self._is_sound_gap(row)]

    def retained(self, kind: str) -> dict[str, str]:
        """What was noted as retained: topics with what was noted of each."""
        query = "SELECT * FROM retained WHERE kind = ?"
        found = self._database.read(lambda db: db.execute(query, (kind,)).fetchall())
        return {row[0]: row[2] for row in found if self._is_sound_note(row)}

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

    def _count(self, db: sqlite3.Connection, salvaged: Salvaged | None) -> None:
        """What is there, when the file has been opened."""
        self.opened_times = self._database.opened_times
        self._damage.another_file()
        now = self._now()
        self._since = now.last
        self.rows, self.size, last = events_table.totals(db)
        self.next_id = max(self.next_id, last + 1)
        for row in db.execute("SELECT * FROM gaps").fetchall():
            self._is_sound_gap(row)
            self._sent_gaps = max(self._sent_gaps, row[0])  # an earlier process may have sent it
        for row in db.execute("SELECT * FROM retained"):
            self._is_sound_note(row)
        if salvaged is not None:
            self._damage.salvaged(db, salvaged, now)
        for boot, at, utc, known in events_table.newest_of_boots(db):
            self.clock.found(boot, at, utc, known=known)

    def _age(self, noted: Noted) -> float:
        return self.clock.age(noted.boot, noted.at, noted.time, known=noted.known)

    def _now(self) -> Loss:
        """An event that is lost now."""
        at = self.clock.monotonic()
        utc, unset = self.clock.stamp(at)
        return Loss.of(utc, at, known=not unset)

    def _count_again(self) -> None:
        """All rows have been read: are there as many as there should be?"""
        count = self._database.read(lambda db: db.execute("SELECT count(*) FROM events").fetchone()[0])
        if count != self.rows:
            self._damage.vanished(max(0, self.rows - count), self._since, self._now())
            self.rows, self.size, _ = self._database.read(events_table.totals)

    def _settle(self) -> None:
        """Bring what the disk has spoilt to gap records, now, or with the next write that succeeds."""
        if self._damage:
            with suppress(StoreError):
                table = self._database.write(self._mend)
                self.rows, self.size = table.rows, table.size
                self._damage.settled()

    def _mend(self, db: sqlite3.Connection) -> EventsTable:
        """Gap records in place of what is bad."""
        table = EventsTable(db, self.rows, self.size, ())
        bad = self._damage.bad
        table.forget(bad[EVENTS])
        db.executemany("DELETE FROM gaps WHERE id = ?", [(gap_id,) for gap_id in bad[GAPS]])
        db.executemany("DELETE FROM retained WHERE topic = ?", [(topic,) for topic in bad[RETAINED]])
        if None in bad[RETAINED]:
            _forget_unreadable_notes(db)
        for (sender, reason), loss in self._damage.losses.items():
            self._add_gap(db, sender, loss, reason)
        return table

    def _is_sound_gap(self, row: Values) -> bool:
        if SCHEMA.is_sound(GAPS, row):
            return True
        if row[0] not in self._damage.bad[GAPS]:
            self._damage.gap(row[0], self._now())
        return False

    def _is_sound_note(self, row: Values) -> bool:
        if SCHEMA.is_sound(RETAINED, row):
            return True
        self._damage.retained(row[0])
        return False

    def _add_gap(self, db: sqlite3.Connection, sender: str, loss: Loss, reason: str) -> None:
        """Let the sender's gap grow, or begin one after those that are on their way: also where the clock has
        been set since, so that the times of each can be corrected as one."""
        boot, at = (loss.boot, loss.at) if loss.at is not None else ("", 0.0)
        boot = self.clock.boot if boot is None else boot
        clock = boot, loss.known, loss.last - at, STEP_S
        grown = db.execute(
            "UPDATE gaps SET first = min(first, ?), last = max(last, ?), at = max(at, ?), count = count + ? "
            "WHERE sender = ? AND reason = ? AND id > ? AND boot = ? AND known = ? "
            "AND (boot = '' OR abs(last - at - ?) < ?) RETURNING id",
            (loss.first, loss.last, at, loss.count, sender, reason, self._sent_gaps, *clock),
        ).fetchone()
        if grown is not None:
            db.execute(_GAP_CRC, grown)
            return
        count, last = db.execute("SELECT count(*), coalesce(max(id), 0) FROM gaps").fetchone()
        if count < MAX_GAPS:
            noted = boot, at, loss.known
            values = (sender, self._new_uid(), loss.first, loss.last, loss.count, reason, *noted)
            new_id = max(self._sent_gaps, last) + 1
            db.execute(
                "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (new_id, *values, row_crc(*values)),
            )


def _forget_unreadable_notes(db: sqlite3.Connection) -> None:
    """Those whose topic is no text any more, so that no text finds them."""
    for (topic,) in db.execute("SELECT CAST(topic AS BLOB) FROM retained").fetchall():
        if text_or_none(topic) is None:
            db.execute("DELETE FROM retained WHERE CAST(topic AS BLOB) = ?", (topic,))
