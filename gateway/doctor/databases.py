"""The check of the databases, at a glance: a running gateway is asked instead (see gateway_itself).

A file without a log beside it is read as it is, which takes no lock and makes no file; one with a log is read
through it, by SQLite. How long that takes is bounded: a large file is looked at in part.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway.doctor.as_root import as_root, is_hidden, not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.history.schema import SCHEMA as HISTORY
from gateway.member.schema import SCHEMA as SPOOL
from gateway.member.service import FILE as SPOOL_FILE
from gateway.mqtt.outbox.schema import SCHEMA as OUTBOX
from gateway.recording import FILE
from gateway.storage.schema import Schema

CHECK = "databases"
GLANCE_S = 3.0
STEPS = 10_000
"""Of SQLite's machine between two looks at the time: some ms."""
_REMEDY = (
    "start the gateway: it keeps what can be read of it, and puts the damaged file aside; a copy of the data "
    "folder before that costs nothing"
)


def databases(patient: Patient) -> Iterator[Finding]:
    """A line for each that is there."""
    config = patient.config
    if config is None:
        return
    if patient.running.answers or patient.keeper is not None:
        yield Finding(CHECK, Level.GREEN, "the gateway has them open, and says how they are")
        return
    if is_hidden(config.data / FILE):
        yield not_seen(
            CHECK, f"what is in the data folder {config.data} may not be seen by you", patient.path
        )
        return
    data = config.data
    found = [(data / FILE, HISTORY), (data / "mqtt.db", OUTBOX), (data / SPOOL_FILE, SPOOL)]
    there = [(path, schema) for path, schema in found if path.exists()]
    for path, schema in there:
        yield look(path, schema, as_root(patient.path))
    if not there:
        yield Finding(CHECK, Level.GREEN, "none yet")


def look(path: Path, schema: Schema, as_root: str = "sudo sig-gateway doctor") -> Finding:
    """One file. `as_root`: what to type for one that may not be read."""
    known = len(schema.scripts)
    try:
        with closing(opened(path)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > known:
                text = f"{path} is of a newer version ({version}; this one knows {known})"
                remedy = "use the sig-gateway that wrote it; it is not touched by this one"
                return Finding(CHECK, Level.RED, text, remedy)
            whole, problem = _checked(db)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return Finding(CHECK, Level.YELLOW, f"{path} may not be read by you", as_root)
        return Finding(CHECK, Level.RED, f"{path} is damaged: {error}", _REMEDY)
    if problem is not None:
        return Finding(CHECK, Level.RED, f"{path} is damaged: {problem}", _REMEDY)
    return Finding(CHECK, Level.GREEN, f"{path}: {'sound' if whole else 'sound as far as was looked at'}")


def opened(path: Path) -> sqlite3.Connection:
    """As the module says. Raises sqlite3.DatabaseError."""
    log = Path(f"{path}-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?{how}", timeout=0.5, uri=True)


def in_time(db: sqlite3.Connection, query: str) -> tuple[Any, ...] | None:
    """The first row; None if that takes too long."""
    until = time.monotonic() + GLANCE_S
    db.set_progress_handler(lambda: int(time.monotonic() > until), STEPS)
    try:
        row: tuple[Any, ...] = db.execute(query).fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    return row


def _checked(db: sqlite3.Connection) -> tuple[bool, str | None]:
    """Whether all was looked at, and what is wrong."""
    found = in_time(db, "PRAGMA quick_check(1)")
    if found is None:
        return False, None
    return True, None if found[0] == "ok" else " ".join(str(found[0]).split())
