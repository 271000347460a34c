"""A connection to a file, with today's tables in it, and nobody's but ours to read.

WAL with `synchronous=FULL`: what was committed survives, and each commit is synced once. With
`locking_mode=EXCLUSIVE` nobody else can open the file, and there is no `-shm` beside it; a file with readers
has one.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path

from gateway.storage import wal
from gateway.storage.checksum import teach
from gateway.storage.image import MAGIC
from gateway.storage.schema import DamagedError, Schema, text_or_none

logger = logging.getLogger(__name__)

BUSY_S = 0.1
"""How long to wait for another program's lock: little, as events wait meanwhile."""
WAL_BYTES = 1 << 20
OURS = 0o600
"""What others may do with our files: nothing."""
ENDINGS = ("", "-wal", "-journal")
"""The files that belong together. The first goes first: a log without its file is seen, and read, at the next
start; a file without its log is one of earlier."""
_HEADER, _VERSION_AT = 100, 60
"""Bytes of a database's header, and where in it `user_version` is: https://www.sqlite.org/fileformat2.html"""
_PRAGMAS = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = {limit};
    PRAGMA wal_autocheckpoint = {pages};  -- a WAL of 1 MiB
    PRAGMA cache_size = -512;         -- KiB
    PRAGMA temp_store = MEMORY;
    PRAGMA secure_delete = {wipes};   -- as some builds have it anyway, and others not
"""


def beside(path: Path, ending: str) -> Path:
    """The file with that ending."""
    return path.with_name(path.name + ending)


def connect(path: Path, schema: Schema, *, readers: bool) -> sqlite3.Connection:
    """Raises StoreError, OSError, sqlite3.Error. `readers`: others may read meanwhile.

    A file that was made here, and could not be filled, goes again: the next attempt is not to take it for one
    that has lost what it held.
    """
    was_emptied = _look_before(path)
    _refuse_newer(path, schema)
    was_made = _make_ours(path)
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        teach(db)
        db.text_factory = text_or_none
        mode = "NORMAL" if readers else "EXCLUSIVE"
        pragmas = _PRAGMAS.format(
            pages=WAL_BYTES // schema.page_bytes, limit=WAL_BYTES, wipes=int(schema.wipes)
        )
        db.executescript(f"PRAGMA locking_mode = {mode}; PRAGMA page_size = {schema.page_bytes}; {pragmas}")
        _look_at_log(path, db, schema)
        schema.migrate(db, path)
        schema.check_at_opening(db)
    except BaseException:
        db.close()
        if was_made:
            with suppress(OSError):
                for ending in ("", "-wal"):
                    beside(path, ending).unlink(missing_ok=True)
        raise
    if was_emptied:
        logger.warning("%s is empty: what it held, if it held anything, is lost", path)
    return db


def _look_before(path: Path) -> bool:
    """Whether there is a file, and nothing in it, which SQLite takes for a new one. It deletes a log that it
    finds beside such, or beside none."""
    log = beside(path, "-wal")
    size = path.stat().st_size if path.exists() else -1
    if size <= 0 and log.exists() and log.stat().st_size > wal.HEADER:
        raise DamagedError(f"it is {'missing' if size < 0 else 'empty'}, and its write-ahead log is there")
    return size == 0


def _refuse_newer(path: Path, schema: Schema) -> None:
    """Before SQLite has the file: it would bring the log of a newer program to it, and end the log where it
    is broken. A version that is in the log alone is seen later: such a log is from a kill soon after an
    update."""
    with path.open("rb") if path.exists() else BytesIO() as file:
        header = file.read(_HEADER)
    version = int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4], signed=True)
    if not header.startswith(MAGIC) or version <= len(schema.scripts):
        return
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with suppress(sqlite3.Error, DamagedError), closing(sqlite3.connect(uri, uri=True)) as db:
        schema.refuse_newer(db, version, path)


def _look_at_log(path: Path, db: sqlite3.Connection, schema: Schema) -> None:
    """Before anything is written over it: SQLite ends it in silence where it is broken, and deletes it, with
    all that is behind, when it closes the file."""
    log = beside(path, "-wal")
    found = wal.read(log, schema.page_bytes)
    if found.cut and not (found.at_end and schema.may_lose_last):
        kept = log.rename(beside(log, ".kept"))
        db.close()
        kept.rename(log)
        raise DamagedError(found.cut)
    if found.cut:
        logger.warning(
            "%s: %s, in its last transaction, which the power failed: it is left out", path, found.cut
        )


def _make_ours(path: Path) -> bool:
    """What SQLite makes beside the file gets the file's rights; what is there already may have wider ones.
    Returns whether there was none."""
    was_made = False
    with suppress(OSError):  # where this cannot be, connecting says why
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OURS))
        was_made = True
    for ending in ENDINGS:
        with suppress(OSError):
            file = beside(path, ending)
            stat = file.stat()
            if stat.st_mode & 0o777 & ~OURS and stat.st_uid == os.geteuid():
                file.chmod(OURS)
    return was_made
