"""An SQLite file that a power cut does not harm, and that is replaced when something else has harmed it.

WAL with `synchronous=FULL`: what was committed survives. A damaged file is set aside (renamed) and a new one
begun, with what can still be read of the old one. A full disk, or a file that another program holds, raises
StoreError: nothing was written, and the caller may try again.

One thread, that which opens it.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
MIGRATIONS = Path(__file__).parent / "migrations"
KEPT_ASIDE = 2
"""Damaged files that are kept to be looked at; each is no larger than the file may be."""
BUSY_S = 0.1
"""How long to wait for another program's lock: little, as events wait meanwhile."""
_TABLES = ("events", "gaps", "retained")
_PRAGMAS = """
    PRAGMA locking_mode = EXCLUSIVE;  -- one gateway a folder; and no -shm file
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 1048576;
    PRAGMA wal_autocheckpoint = 250;  -- pages of 4 KiB: a WAL of 1 MiB
    PRAGMA cache_size = -512;         -- KiB
    PRAGMA temp_store = MEMORY;
"""


class StoreError(Exception):
    """The file cannot be used now; the text says why. What was to be written was not."""


class Database:
    """`opened()` is called whenever a file has been opened, the first or another."""

    def __init__(self, path: Path, opened: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._opened = opened
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, and make a new one if it is damaged. Raises StoreError. Once is enough."""
        if self._db is not None:
            return
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            self.close()
            if not damaged(error):
                raise StoreError(told(error)) from None
            self._replace(error)

    def close(self) -> None:
        """Close it; a transaction under way is undone."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

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
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            return result

        return self._guarded(transaction)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """A damaged file is replaced, and `work` runs on the new one."""
        self.open()
        assert self._db is not None
        try:
            return work(self._db)
        except sqlite3.DatabaseError as error:
            if not damaged(error):
                raise StoreError(told(error)) from None
            self.close()
            self._replace(error)
        try:
            return work(self._db)
        except sqlite3.DatabaseError as error:
            raise StoreError(told(error)) from None

    def _connect(self) -> None:
        self._db = db = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        db.executescript(_PRAGMAS)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        scripts = sorted(MIGRATIONS.glob("*.sql"))
        if version > len(scripts):
            raise sqlite3.NotSupportedError(f"it is of a newer version ({version})")
        for number, script in enumerate(scripts[version:], version + 1):
            db.executescript(f"BEGIN IMMEDIATE; {script.read_text()} PRAGMA user_version = {number}; COMMIT")
        self._opened(db)

    def _replace(self, error: sqlite3.DatabaseError) -> None:
        """Set the file aside, begin a new one, and copy what can be read. Raises StoreError."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns() // 1_000_000}")
        try:
            for ending in ("-wal", ""):
                with suppress(FileNotFoundError):
                    self._path.with_name(self._path.name + ending).rename(f"{aside}{ending}")
            self._forget_older()
            self._connect()
        except (OSError, sqlite3.Error) as problem:
            self.close()
            raise StoreError(f"{self._path} is damaged and cannot be replaced: {problem}") from None
        assert self._db is not None
        saved = _salvage(aside, self._db)
        self._opened(self._db)
        text = "mqtt: %s is damaged (%s): set aside as %s; %d events could be read and are kept"
        logger.error(text, self._path, error, aside.name, saved)

    def _forget_older(self) -> None:
        pattern = f"{self._path.name}.damaged-*[0-9]"
        for old in sorted(self._path.parent.glob(pattern))[:-KEPT_ASIDE]:
            for ending in ("-wal", ""):
                old.with_name(old.name + ending).unlink(missing_ok=True)


def damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault: not a database, broken, or with other tables than ours."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
    )


def told(error: sqlite3.DatabaseError) -> str:
    """The error, with what to do where that is known."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return "another program holds the file; does another gateway use this data folder?"
    return str(error)


def _salvage(aside: Path, into: sqlite3.Connection) -> int:
    """Copy rows until the damage; returns how many events that were."""
    saved = 0
    with closing(sqlite3.connect(aside)) as old:
        for table in _TABLES:
            with suppress(sqlite3.Error):
                for row in old.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
                    marks = ", ".join("?" * len(row))
                    into.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608
                    saved += table == "events"
    return saved
