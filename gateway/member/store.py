"""The spool's file: written by the service's thread, a transaction for each call, and read by any.

Whatever a row says is what was written, or the row is left out: what it was is then missing in the numbering,
and told as lost by its number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gateway.clock.wall import WallClock
from gateway.fleet.gaps import Gaps
from gateway.fleet.message import Position
from gateway.fleet.spool import FULL
from gateway.member import rows
from gateway.member.rows import Epoch, Row
from gateway.member.schema import SCHEMA
from gateway.storage.database import Database
from gateway.storage.reading import Readers
from gateway.storage.salvage import Salvaged

OLD = "older than the fleet keeps"
MOST_EPOCHS = 1000
"""Starts that are remembered: a consumer that has heard nothing for so many begins with the oldest event."""

Confirmed = dict[str, tuple[Position, float]]
"""By consumer, up to where it has all, and when (UTC, seconds) it said so."""


class Bounds(NamedTuple):
    """How much may wait on disk, whichever is reached first: bytes, seconds."""

    size: int
    age_s: float


class State(NamedTuple):
    """What is to be on disk after a write. `new`: rows of `epoch`; `floor`: what is up to it goes."""

    new: Sequence[Row]
    epoch: int
    last: int
    floor: Position
    confirmed: Confirmed
    gaps: Gaps


class Dropped(NamedTuple):
    """A row that there was no room for."""

    position: Position
    sender: str


class Store:
    """The constructor opens nothing. All calls raise StoreError. `confirmed`, `gaps` are as
    the file had them when it was opened."""

    def __init__(self, path: Path, bounds: Bounds, clock: WallClock) -> None:
        self._bounds = bounds
        self._clock = clock
        self._database = Database(path, SCHEMA, self._load, readers=True, clock=clock.monotonic)
        self._readers = Readers(path, SCHEMA, "spool of the fleet's")
        self._noted_gaps: dict[tuple[int, int], int] = {}  # which gaps the file has, up to which number
        self._begun = 0
        self.rows = 0
        self.size = 0
        """Bytes of all rows."""
        self.last_id = 0
        self.epochs: dict[int, Epoch] = {}
        """All that there were, in order, with the one that `begin` began."""
        self.confirmed: Confirmed = {}
        self.gaps = Gaps()
        self.oldest: Row | None = None
        self.opened_times = 0

    @property
    def is_open(self) -> bool:
        """Whether there is an open file."""
        return self._database.is_open

    @property
    def written(self) -> int | None:
        """Bytes that were written to the disk, since the start; None where the system does not tell."""
        return self._database.written.total

    def open(self) -> None:
        """Open the file, or make it. Once is enough."""
        self._database.open()

    def close(self) -> None:
        """Close it, and let nobody read any more."""
        self._readers.close()
        self._database.close()

    def begin(self, head: Position) -> None:
        """From now on rows come after it, of its epoch: the last that there is, or a greater one. That is on
        disk when this returns, so that it is never given again."""
        epoch = head.epoch
        base = self.epochs[epoch].base if epoch in self.epochs else self.last_id
        begun = Epoch(base, head.seq)
        self._database.write(lambda db: rows.note_epoch(db, epoch, begun))
        self._begun = epoch
        self.epochs[epoch] = begun
        for old in list(self.epochs)[:-MOST_EPOCHS]:
            del self.epochs[old]

    def between(self, after: Position, upto: Position) -> tuple[list[Row], bool]:
        """Of the rows after the one and up to the other a page, and whether these are all. Any thread."""
        first, last = self._id_of(after), self._id_of(upto)
        return self._readers.read(lambda db: rows.between(db, first, last))

    def write(self, state: State) -> tuple[Gaps, list[Dropped]]:
        """Returns the gaps as they are now, and what was dropped to keep the bounds."""
        done = self._database.write(lambda db: self._write(db, state))
        self.rows, self.size, self.oldest = done.rows, done.size, done.oldest
        self._noted_gaps = {(gap.epoch, gap.first): gap.last for gap in done.gaps}
        self.epochs[state.epoch] = done.epoch
        if state.new:
            self.last_id = max(self.last_id, done.epoch.base + state.new[-1].seq)
        return done.gaps, done.dropped

    def _write(self, db: sqlite3.Connection, state: State) -> _Done:
        epoch = Epoch(self.epochs[state.epoch].base, state.last)
        rows.note_epoch(db, state.epoch, epoch)
        rows.forget_epochs(db, MOST_EPOCHS)
        rows.add(db, epoch.base, state.new)
        table = _Counted(self.rows + len(state.new), self.size + sum(row.size for row in state.new))
        table.delete(db, self._id_of(state.floor))
        gaps = state.gaps.copy()
        gaps.forget(state.floor)
        dropped = list(self._drop_surplus(db, table, gaps))
        self._note_gaps(db, gaps)
        rows.note_confirmed(db, state.confirmed)
        return _Done(gaps, dropped, table.rows, table.size, rows.oldest(db), epoch)

    def _drop_surplus(self, db: sqlite3.Connection, table: _Counted, gaps: Gaps) -> Iterator[Dropped]:
        """The oldest beyond the bounds, which are in the gaps then."""
        while table.rows and table.size > self._bounds.size:
            count = 1 + table.rows * (table.size - self._bounds.size) // table.size
            yield from self._drop(db, table, rows.nth(db, count), gaps, FULL)
        yield from self._drop(db, table, rows.upto_older(db, self._is_old), gaps, OLD)

    def _drop(
        self, db: sqlite3.Connection, table: _Counted, upto: int, gaps: Gaps, reason: str
    ) -> Iterator[Dropped]:
        for row in rows.sound_upto(db, upto) if upto else ():
            utc, _ = self._clock.noted(row.boot, row.at, row.time, known=row.known)
            gaps.drop(row.position, row.sender, round(utc * 1000), reason)
            yield Dropped(row.position, row.sender)
        table.delete(db, upto)

    def _is_old(self, row: Row) -> bool:
        return self._clock.age(row.boot, row.at, row.time, known=row.known) > self._bounds.age_s

    def _note_gaps(self, db: sqlite3.Connection, gaps: Gaps) -> None:
        """Those that have changed."""
        now = {(gap.epoch, gap.first): gap.last for gap in gaps}
        for epoch, first in self._noted_gaps.keys() - now.keys():
            rows.forget_gap(db, epoch, first)
        for gap in gaps:
            if self._noted_gaps.get((gap.epoch, gap.first)) != gap.last:
                rows.note_gap(db, gap)

    def _id_of(self, position: Position) -> int:
        """Of its row, or of the last before it. A position may be after the last number that the file knows
        of its epoch: what is confirmed in time is never written, and the next epoch's rows begin there."""
        found = 0
        for epoch, (base, last) in self.epochs.copy().items():
            if epoch == position.epoch:
                return base + (position.seq if epoch == self._begun else min(position.seq, last))
            if epoch < position.epoch:
                found = base + last
        return found

    def _load(self, db: sqlite3.Connection, _salvaged: Salvaged | None) -> None:
        """What is there, when a file has been opened, the first or another in its place."""
        self.rows, self.size, last = rows.totals(db)
        self.last_id = max(self.last_id, last)
        found = rows.epochs(db)
        self.last_id = max(self.last_id, *(base + last for base, last in found.values()), 0)
        self.epochs = found | ({self._begun: self.epochs[self._begun]} if self._begun else {})
        self.confirmed = rows.confirmed(db)
        self.gaps = Gaps(rows.gaps(db))
        self._noted_gaps = {(gap.epoch, gap.first): gap.last for gap in self.gaps}
        self.oldest = rows.oldest(db)
        self.opened_times = self._database.opened_times
        for row in rows.newest_of_boots(db):
            self._clock.found(row.boot, row.at, row.time, known=row.known)


class _Done(NamedTuple):
    """After a write."""

    gaps: Gaps
    dropped: list[Dropped]
    rows: int
    size: int
    oldest: Row | None
    epoch: Epoch


@dataclass(slots=True)
class _Counted:
    """The table of events within a transaction."""

    rows: int
    size: int

    def delete(self, db: sqlite3.Connection, upto: int) -> None:
        """All up to that id."""
        if upto:
            count, size = rows.size_upto(db, upto)
            rows.delete_upto(db, upto)
            self.rows, self.size = self.rows - count, self.size - size
