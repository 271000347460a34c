"""The tables on disk, their migrations, and whether a file has them; and what SQLite's errors mean."""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.storage.checksum import teach

MIGRATIONS = Path(__file__).parents[1] / "mqtt" / "outbox" / "migrations"
MOST_ID = 1 << 53
"""Of ids and counts: one a microsecond for 285 years, and still far from SQLite's largest."""

BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
OF_THE_WORLD = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
)
"""Neither the file nor we are at fault."""
DEEP = (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG)
"""Mistakes of ours, or damage that only reading the whole file shows."""


class StoreError(Exception):
    """The file cannot be used now; the text says why. What was to be written was not."""


class DamagedError(StoreError):
    """The file itself is at fault: not a database, broken, or with other tables than ours."""


def told(error: Exception) -> str:
    """The error, with what to do where that is known."""
    if code_of(error) == sqlite3.SQLITE_BUSY:
        return "another program holds the file; does another gateway use this data folder?"
    return str(error)


def code_of(error: Exception) -> int:
    """SQLite's; 0 if it is not from there."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _scripts() -> list[Path]:
    return sorted(MIGRATIONS.glob("*.sql"))


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to today's version."""
    scripts = _scripts()
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(scripts):
        known = f"({version}; this one knows {len(scripts)})"
        raise StoreError(
            f"{path} is of a newer version {known}: a newer sig-gateway wrote it; install that again, "
            "or move the file away"
        )
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version < 0 or (version == 0 and there & tables().keys()):
        raise DamagedError(f"its version is {version}, and it has tables")
    for number, script in enumerate(scripts[version:], version + 1):
        try:
            db.executescript(f"BEGIN IMMEDIATE; {script.read_text()} PRAGMA user_version = {number}; COMMIT")
        except sqlite3.Error as error:
            if version and code_of(error) not in OF_THE_WORLD:
                raise DamagedError(f"{error}, in {script.name}") from error
            raise


@functools.cache
def tables() -> dict[str, list[tuple[Any, ...]]]:
    """Our tables, with name, type, NOT NULL and key of each column."""
    with closing(sqlite3.connect(":memory:")) as db:
        teach(db)
        for script in _scripts():
            db.executescript(script.read_text())
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: columns_of(db, name) for (name,) in names}


def columns_of(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return db.execute('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)', (table,)).fetchall()


def check(db: sqlite3.Connection, *, whole: bool = False) -> None:
    """Raise DamagedError if the tables are not ours, or ids are none; `whole`: or anything else is wrong."""
    for table, columns in tables().items():
        if columns_of(db, table) != columns:
            raise DamagedError(f"the table {table} is not ours")
        if columns[0][0] == "id":
            query = f"SELECT (SELECT min(id) FROM {table}), (SELECT max(id) FROM {table})"  # noqa: S608 - ours
            least, most = db.execute(query).fetchone()
            if least is not None and not 0 < least <= most < MOST_ID:
                raise DamagedError(f"the table {table} has ids from {least} to {most}")
    if whole:
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DamagedError(found)
