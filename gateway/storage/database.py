"""An SQLite file that a power cut does not harm, and that is replaced when something else has harmed it.

WAL with `synchronous=FULL`: what was committed survives. A damaged file, or one whose tables are not ours, is
set aside (renamed) and a new one begun, with what can still be read of the old one. Everything else raises
StoreError: nothing was written, and the caller may try again:

    a full disk, a read-only one, a file that another program holds
    a file of a newer version: it is whole, and the events of an outage may be in it, so it stays in place for
        the gateway that can read it; until then this one has no disk, and events go live or wait in memory
    a mistake of ours, which the log shows with its traceback, once

A file that could not be opened is not tried again for a while: each attempt may wait for another's lock, and
whoever calls has more to do than that.

A file that is removed, or replaced by another, while it is open: SQLite would go on writing to what nobody
can find any more. Each write looks whether the file is still the one that was opened; if not, it opens what
is there now and adds what the old one held, which can be read until it is closed.

One thread, that which opens it.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gateway.storage import salvage
from gateway.storage.at_work import at_work
from gateway.storage.opening import ENDINGS, beside, connect
from gateway.storage.salvage import Salvaged
from gateway.storage.schema import (
    BROKEN,
    DEEP,
    OF_THE_WORLD,
    DamagedError,
    Schema,
    StoreError,
    code_of,
    told,
)
from gateway.written import Written

logger = logging.getLogger(__name__)

T = TypeVar("T")
Opened = Callable[[sqlite3.Connection, Salvaged | None], None]
"""A file is open: what is in it, and what was salvaged of the one before, if there was one."""
_Identity = tuple[tuple[int, int] | None, tuple[int, int] | None]
KEPT_ASIDE = 2
"""Damaged files that are kept to be looked at; each is no larger than the file may be."""
RETRY_S = 2.0
"""After a file could not be opened: waiting takes 5 % (BUSY_S / RETRY_S) of the thread's time at most."""


class Database:
    """`opened` is called whenever a file has been opened, the first or another. `readers`: others may read it
    meanwhile; else nobody else can open it. `clock` is monotonic."""

    def __init__(
        self,
        path: Path,
        schema: Schema,
        opened: Opened,
        *,
        readers: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._wal = beside(path, "-wal")
        self._schema = schema
        self._readers = readers
        self._opened = opened
        self._clock = clock
        self._failure = ""  # why the file could not be opened; the error itself would keep its frames alive
        self._retry_at = -math.inf
        self._db: sqlite3.Connection | None = None
        self._names = str(path), f"{path}-wal"
        self._files: _Identity = None, None
        self._told: set[type[Exception]] = set()
        self.opened_times = 0
        """How often a file has been opened, the first or another; `opened` sees the new number."""
        self.written = Written()
        """Whatever this thread has the kernel write: what `write` commits, the log that goes to the file then
        or when it is closed, what is salvaged, the readers' index."""

    @property
    def is_open(self) -> bool:
        """Whether a file is open."""
        return self._db is not None

    def open(self) -> None:
        """Open the file, and make a new one if it is damaged. Once is enough.

        Raises StoreError; once it has, the same again for RETRY_S without another attempt, or until `close`.
        """
        if self._db is not None:
            return
        if self._clock() < self._retry_at:
            raise StoreError(self._failure)
        try:
            with self.written.counting():
                self._open()
        except StoreError as error:
            self._failure, self._retry_at = str(error), self._clock() + RETRY_S
            raise

    def _open(self) -> None:
        try:
            self._adopt(self._connect())
        except DamagedError as error:
            self._replace(error)

    def close(self) -> None:
        """Close it; a transaction under way is undone. What a removed file held is kept if it can be."""
        with self.written.counting():
            if self._db is not None and self._is_gone():
                try:
                    self._renew(self._db)
                except StoreError as error:
                    logger.error("%s; what it held is lost", error)  # noqa: TRY400 - it is no mistake of ours
            self._shut()
        self._retry_at = -math.inf

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which writes nothing. Raises StoreError."""
        return self._guarded(work)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` whole or, raising StoreError, not at all."""

        def transaction(db: sqlite3.Connection) -> T:
            try:
                db.execute("BEGIN IMMEDIATE")
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                self._roll_back(db)
                raise
            return result

        with self.written.counting():
            return self._guarded(transaction, lasting=True)

    def _guarded(self, work: Callable[[sqlite3.Connection], T], *, lasting: bool = False) -> T:
        """A damaged file is replaced, and `work` runs on the new one. `lasting`: it writes."""
        with at_work():
            return self._guarded_at_work(work, lasting=lasting)

    def _guarded_at_work(self, work: Callable[[sqlite3.Connection], T], *, lasting: bool) -> T:
        self.open()
        assert self._db is not None
        try:
            if lasting and self._is_gone():
                self._renew(self._db)
            return self._run(work, self._db)
        except DamagedError as error:
            with self.written.counting():
                self._shut()
                self._replace(error)
        return self._run(work, self._db)

    def _run(self, work: Callable[[sqlite3.Connection], T], db: sqlite3.Connection) -> T:
        """Whatever `work` raises becomes a StoreError."""
        try:
            return work(db)
        except StoreError:
            raise
        except Exception as error:
            raise self._verdict(error, db) from error

    def _roll_back(self, db: sqlite3.Connection) -> None:
        """A connection on which that fails is closed, so that the next call opens the file anew."""
        with suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
            if not db.in_transaction:
                return
        self._shut()

    def _shut(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

    def _connect(self) -> sqlite3.Connection:
        """A connection to the file, with our tables of today."""

        try:
            return connect(self._path, self._schema, readers=self._readers)
        except StoreError:
            raise
        except Exception as error:
            raise self._verdict(error) from error

    def _adopt(self, db: sqlite3.Connection, salvaged: Salvaged | None = None) -> None:
        """From now on it is the one; closed if it cannot be."""
        self._shut()
        self._db = db
        self.opened_times += 1
        try:
            self._run(lambda db: self._opened(db, salvaged), db)
            self._files = self._run(lambda _: self._identity(), db)
        except BaseException:
            self._shut()
            raise

    def _identity(self) -> _Identity:
        """Which file and which WAL their names lead to."""
        return _inode(self._names[0]), _inode(self._names[1])

    def _is_gone(self) -> bool:
        """Whether the names do not lead to the open files any more. Takes a few µs."""
        try:
            return self._identity() != self._files
        except OSError:
            return False  # let SQLite say what is wrong

    def _renew(self, old: sqlite3.Connection) -> None:
        """The file was removed, or another put in its place: open what is there, and add what ours held.

        If that cannot be done, ours stays open, as it is the only way to its rows. Raises StoreError.
        """
        was = f"{self._path} was removed or replaced while it was in use"
        try:
            file, wal = self._identity()
            if file != self._files[0]:
                if wal == self._files[1]:  # with ours SQLite would ruin another's file; we can still read it
                    self._wal.unlink(missing_ok=True)
                new = self._connect()
        except (OSError, StoreError) as error:
            raise StoreError(f"{was}, and there can be no other: {error}") from error
        if file == self._files[0]:
            self._without_wal(old)
            return
        copied = self._salvaged(lambda new: salvage.from_connection(old, new, self._schema), new)
        if copied.unwritten is not None:
            new.close()
            raise StoreError(f"{was}, and what it held does not fit into another: {copied.unwritten}")
        self._adopt(new, copied)
        logger.error("%s: another was opened; %s", was, copied.told())

    def _without_wal(self, old: sqlite3.Connection) -> None:
        """Only the WAL was removed: bring what is in it to the file, and begin another."""
        blocked, left, _ = self._run(_checkpoint, old)
        if blocked or left > 0:
            raise StoreError("the WAL cannot be brought to the file")
        logger.warning("%s was removed while it was in use: it is begun anew", self._wal)
        self._shut()
        self.open()

    def _replace(self, error: DamagedError) -> None:
        """Set the file aside, begin a new one, and copy what can be read. Raises StoreError."""
        aside = beside(self._path, f".damaged-{time.time_ns() // 1_000_000}")
        try:
            beside(self._path, "-shm").unlink(missing_ok=True)
            for ending in ENDINGS:
                with suppress(FileNotFoundError):
                    beside(self._path, ending).rename(beside(aside, ending))
            self._forget_older()
            new = self._connect()
        except (OSError, StoreError) as problem:
            raise StoreError(f"{self._path} is damaged and cannot be replaced: {problem}") from None
        copied = self._salvaged(
            lambda new: salvage.from_file(aside, new, self._schema, broken=error.broken), new
        )
        self._adopt(new, copied)
        text = "%s is damaged (%s): set aside as %s; %s"
        logger.error(text, self._path, error, aside.name, copied.told())

    def _salvaged(self, work: Callable[[sqlite3.Connection], Salvaged], new: sqlite3.Connection) -> Salvaged:
        try:
            return self._run(work, new)
        except BaseException:
            new.close()
            raise

    def _forget_older(self) -> None:
        found = self._path.parent.glob(f"{self._path.name}.damaged-*")
        names = {file.name.removesuffix("-wal").removesuffix("-journal") for file in found}
        for name in sorted(names)[:-KEPT_ASIDE]:
            for ending in ENDINGS:
                self._path.with_name(name + ending).unlink(missing_ok=True)

    def _verdict(self, error: Exception, db: sqlite3.Connection | None = None) -> StoreError:
        """What the error means; a mistake of ours is shown in the log, once for each type."""
        code = code_of(error)
        if code in BROKEN or isinstance(error, UnicodeDecodeError):  # of a message that quotes the damage
            return DamagedError(str(error), broken=True)
        if code in OF_THE_WORLD or isinstance(error, OSError):
            return StoreError(told(error))
        if db is not None and (code in DEEP or code == sqlite3.SQLITE_ERROR):
            try:
                self._schema.check(db, whole=code in DEEP)
            except DamagedError as why:
                return DamagedError(f"{error}; {why}", broken=why.broken)
            except sqlite3.Error as other:
                if code_of(other) in BROKEN:
                    return DamagedError(str(other), broken=True)
        if type(error) not in self._told:
            self._told.add(type(error))
            logger.error("%s: a mistake of the gateway's, please report it", self._path, exc_info=error)
        return StoreError(f"{type(error).__name__}: {error}")


def _inode(path: str) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - twice as fast as Path's
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino


def _checkpoint(db: sqlite3.Connection) -> tuple[int, int, int]:
    """Bring the WAL to the file; returns whether that was hindered, and the pages of the WAL and done."""
    found: tuple[int, int, int] = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return found
