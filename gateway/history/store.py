"""The history's file: what is written, and when. One thread, that which opens it.

What a batch brings is written in one transaction, readings into a table of their own in time order,
wherever they belong; `maintain` brings them to their days later, step by step, and forgets what is too old or
too much.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from gateway.event_id import EventId
from gateway.history import covered, series, untimed
from gateway.history.known import Known
from gateway.history.retention import Bounds
from gateway.history.rows import Batch
from gateway.history.schema import SCHEMA
from gateway.history.upkeep import Upkeep
from gateway.history.writing import Writing
from gateway.storage.database import Database
from gateway.storage.salvage import Salvaged

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Opening(NamedTuple):
    """What is there at the start. `last_id`: the newest event's; `alive`: until when a gateway is known to
    have been at work; `senders`: why nothing is known of each now, None for one whose value holds."""

    last_id: EventId
    alive: int | None
    senders: Mapping[str, str | None]


class Store:
    """`keep_ms`, `keep_events_ms`: how old readings and other events may become; `most_bytes`: how much of
    the file may be in use."""

    def __init__(self, path: Path, *, keep_ms: int, keep_events_ms: int, most_bytes: int) -> None:
        self._bounds = Bounds(keep_ms, keep_events_ms, most_bytes)
        self._database = Database(path, SCHEMA, self._opened, readers=True)
        self._known: Known | None = None
        self._upkeep = Upkeep(self._bounds, self._forget_known)
        self.refused = 0
        """Items that no history can hold, since the start."""
        self.repeated = 0
        """Readings that came once more, as their device was not told in time that they are safe."""

    @property
    def written(self) -> int | None:
        """Bytes that were written to the disk, since the start; None where the system does not tell. For any
        thread."""
        return self._database.written.total

    def open(self) -> Opening:
        """Open the file, which is made if there is none. Raises StoreError."""
        self._database.open()
        return self._database.read(self._opening)

    def close(self) -> None:
        """Close it; what was written is there."""
        self._database.close()

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What else is kept there. Raises StoreError."""
        return self._database.read(work)

    def write(
        self, batch: Batch, also: Callable[[sqlite3.Connection], None] | None = None, *, every: bool = False
    ) -> None:
        """All of it in one synced transaction, and what `also` writes, or, raising StoreError, nothing. An
        item that no history can hold (a value that is no number, a time before 1970) is left out, and the log
        says so once. `every`: all readings are new ones, also two of one millisecond."""
        oldest = 0 if batch.alive is None else batch.alive - self._bounds.keep_ms

        def work(db: sqlite3.Connection) -> int:
            known, came = self._known_of(db), self._upkeep.came
            writing = Writing(db, known, came, self._refused, oldest, every=every)
            for item in batch.items:
                writing.add(item)
            writing.end(batch.alive, is_last=batch.is_last)
            if also is not None:
                also(db)
            return writing.repeated

        self.repeated += self._changing(work)

    def settle(self, boot: str, offset_ms: int) -> None:
        """The clock of that boot is known now: UTC is its CLOCK_BOOTTIME plus the offset. What waited for it
        goes to its place. Raises StoreError; what is done by then stays done."""
        while self._changing(lambda db: self._settle_some(db, boot, offset_ms)):
            pass

    def untimed_boots(self) -> Collection[str]:
        """Of which there are items that wait for their clock. Raises StoreError."""
        return self._database.read(untimed.boots)

    def maintain(self, now_ms: int) -> bool:
        """One short step of what is to be done beside writing; whether there is more. Raises StoreError."""
        return self._changing(lambda db: self._upkeep.step(db, now_ms))

    def _settle_some(self, db: sqlite3.Connection, boot: str, offset_ms: int) -> bool:
        writing = Writing(db, self._known_of(db), self._upkeep.came, self._refused)
        more = untimed.settle_some(db, boot, offset_ms, writing.settled)
        writing.end(None)
        return more

    def _changing(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What is known of the file is of what is in it, also when nothing was written."""
        try:
            return self._database.write(work)
        except BaseException:
            self._known, self._upkeep = None, Upkeep(self._bounds, self._forget_known)
            raise

    def _forget_known(self) -> None:
        """It is to be read anew."""
        self._known = None

    def _opened(self, db: sqlite3.Connection, salvaged: Salvaged | None) -> None:
        covered.opened(db, salvaged=salvaged is not None)
        series.restore(db)
        self._known = None
        self._upkeep = Upkeep(self._bounds, self._forget_known)

    def _opening(self, db: sqlite3.Connection) -> Opening:
        known = self._known_of(db)
        senders = {name: there.gap and there.gap.reason for name, there in known.names.items()}
        return Opening(known.last_id, known.alive_until(db), senders)

    def _known_of(self, db: sqlite3.Connection) -> Known:
        if self._known is None:
            self._known = Known(db)
        return self._known

    def _refused(self, what: str) -> None:
        self.refused += 1
        if self.refused == 1:
            logger.error("history: %s cannot be kept; what else cannot is only counted", what)
