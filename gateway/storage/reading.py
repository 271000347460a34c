"""Reading a file that another thread, or another process, may be writing: connections that change nothing.

For any thread. A connection is lent for one short piece of work: what it sees is of one moment, and as long
as it is seen the log cannot be begun anew. A file that is replaced by another is noticed with the next piece.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from gateway.storage.schema import Schema, StoreError, code_of, text_or_none, told

T = TypeVar("T")
MOST_IDLE = 4
"""Connections that are kept for those who read next: as many as read at the same time, mostly."""
BUSY_S = 2.0
"""A reader waits only where a log is being recovered after a kill."""


class _Lent(NamedTuple):
    db: sqlite3.Connection
    file: tuple[int, int]


class Readers:
    """Of the file at `path`. `what`: what it holds, for those who look for it in vain."""

    def __init__(self, path: Path, schema: Schema, what: str) -> None:
        self._path = path
        self._schema = schema
        self._what = what
        self._lock = threading.Lock()
        self._idle: list[_Lent] = []
        self._closed = False

    def close(self) -> None:
        """Close those that nobody has, and the others when they come back. Nothing is lent after."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for lent in idle:
            lent.db.close()

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on one moment's state of the file, on this thread. Raises StoreError."""
        lent = self._take()
        try:
            lent.db.execute("BEGIN")
            found = work(lent.db)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            lent.db.close()
            raise StoreError(f"{self._path}: {told(error)}") from error
        except BaseException:
            lent.db.close()
            raise
        self._give_back(lent)
        return found

    def _take(self) -> _Lent:
        file = self._file()
        with self._lock:
            if self._closed:
                raise StoreError(f"{self._path}: it has been closed")
            idle, self._idle = self._idle, []
            lent = None
            while idle:
                each = idle.pop()
                if each.file != file:
                    each.db.close()
                elif lent is None:
                    lent = each
                else:
                    self._idle.append(each)
        return lent or _Lent(self._connected(), file)

    def _give_back(self, lent: _Lent) -> None:
        with suppress(sqlite3.Error):
            lent.db.execute("ROLLBACK")
            with self._lock:
                if not self._closed and len(self._idle) < MOST_IDLE:
                    self._idle.append(lent)
                    return
        lent.db.close()

    def _file(self) -> tuple[int, int]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            raise StoreError(f"there is no {self._what}: {self._path} is not there") from None
        except OSError as error:
            raise StoreError(f"{self._path}: {error}") from error
        return stat.st_dev, stat.st_ino

    def _connected(self) -> sqlite3.Connection:
        uri = f"file:{quote(str(self._path.absolute()))}?mode=ro"
        try:
            db = sqlite3.connect(uri, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
            try:
                db.text_factory = text_or_none
                db.executescript(
                    "PRAGMA query_only = ON; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY;"
                )
                self._look_at_version(db)
            except BaseException:
                db.close()
                raise
        except (sqlite3.Error, UnicodeDecodeError) as error:  # a damaged file may be in the message too
            hint = ""
            if code_of(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                hint = "; may this user read it, and write beside it?"
            raise StoreError(f"{self._path}: {told(error)}{hint}") from error
        return db

    def _look_at_version(self, db: sqlite3.Connection) -> None:
        version, known = db.execute("PRAGMA user_version").fetchone()[0], len(self._schema.scripts)
        if version > known:
            text = f"{self._path} is of a newer version ({version}; this one knows {known})"
            raise StoreError(f"{text}: read it with the sig-gateway that wrote it")
        if version < known:
            text = f"there is no {self._what} in {self._path} yet" if version == 0 else ""
            old = f"{self._path} is of an older version ({version} of {known}): start the gateway once"
            raise StoreError(text or old)
