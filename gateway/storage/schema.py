"""What a file holds: its tables, their migrations, which rows can be ours; and what SQLite's errors mean.

Of every table the last column is `crc`, over all others but `id` (see `checksum`), and `id`, where there is
one, is the first and ascends. A row's first column may be SQLite's rowid under another name, if it says
something of the row: then it is in the checksum, and no row is ever given another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from gateway.storage.checksum import row_crc, teach

MOST_ID = 1 << 53
"""Of ids and counts: one a microsecond for 285 years, and still far from SQLite's largest."""
CRC = "crc"

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

Values = tuple[Any, ...]
Check = Callable[[Any], bool]
PAGE_BYTES = 4096
"""SQLite's own choice."""


class StoreError(Exception):
    """The file cannot be used now; the text says why. What was to be written was not."""


class DamagedError(StoreError):
    """The file itself is at fault: not a database, broken, or with other tables than ours. `broken`: it is
    SQLite that says so, of its pages."""

    def __init__(self, text: str, *, broken: bool = False) -> None:
        super().__init__(text)
        self.broken = broken


def told(error: Exception) -> str:
    """The error, with what to do where that is known."""
    if code_of(error) == sqlite3.SQLITE_BUSY:
        return "another program holds the file; does another gateway use this data folder?"
    return str(error)


def code_of(error: Exception) -> int:
    """SQLite's; 0 if it is not from there."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


class Column(NamedTuple):
    """As SQLite describes it. `default`: as SQL, what a row has that is older than the column."""

    name: str
    type: str
    notnull: int
    pk: int
    default: str | None


Tables = dict[str, list[Column]]


class Schema:
    """The scripts in the folder `migrations` make the tables, in the order of their names. `checks`: by a
    column's name, whether a value can have been written there; `rows`: by a table's, the same of a row.
    `crc`: of a table and a row but for its last column, the checksum that the row is to have. `page_bytes`:
    of a new file. `at_opening`: the tables whose pages are looked at each time, where all of a large file
    would take too long; None for all. `may_lose_last`: a log of which only the last transaction is broken is
    taken for one that was being written when the power failed, and the file for sound: else all of it would
    be read to find what is left of that transaction. `wipes`: what is deleted is overwritten, so that salvage
    cannot find it again; else only its place is free, and less is written."""

    def __init__(
        self,
        migrations: Path,
        checks: Mapping[str, Check],
        rows: Mapping[str, Check] | None = None,
        *,
        crc: Callable[[str, Values], int] | None = None,
        page_bytes: int = PAGE_BYTES,
        at_opening: Collection[str] | None = None,
        may_lose_last: bool = False,
        wipes: bool = True,
    ) -> None:
        self._migrations = migrations
        self._checks = checks
        self._rows = rows or {}
        self._crc = crc
        self.page_bytes = page_bytes
        self._at_opening = at_opening
        self.may_lose_last = may_lose_last
        self.wipes = wipes

    @cached_property
    def scripts(self) -> list[Path]:
        """By version, which is their number."""
        return sorted(self._migrations.glob("*.sql"))

    @cached_property
    def versions(self) -> list[Tables]:
        """The tables after each of the scripts."""
        return self._made[0]

    @property
    def _objects(self) -> list[tuple[str, ...]]:
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[list[Tables], list[tuple[str, ...]]]:
        found = []
        with closing(sqlite3.connect(":memory:")) as db:
            teach(db)
            for script in self.scripts:
                db.executescript(script.read_text())
                found.append(_tables(db))
            return found, _objects(db)

    @property
    def tables(self) -> Tables:
        """Those of today."""
        return self.versions[-1]

    @cached_property
    def _defaults(self) -> dict[str, Values]:
        """What each column has in a row that is older."""
        with closing(sqlite3.connect(":memory:")) as db:
            return {
                table: db.execute(
                    f"SELECT {', '.join(column.default or 'NULL' for column in columns)}"
                ).fetchone()
                for table, columns in self.tables.items()
            }

    @cached_property
    def _tests(self) -> dict[str, list[Check]]:
        return {
            table: [self._checks.get(column.name) or _BY_TYPE[column.type] for column in columns]
            for table, columns in self.tables.items()
        }

    def is_sound(self, table: str, row: Values) -> bool:
        """Whether it is what was written: each value can be ours, and the checksum is theirs."""
        return self.can_be_ours(table, row) and row[-1] == self.crc(table, row)

    def can_be_ours(self, table: str, row: Values) -> bool:
        """Whether each value can have been written there."""
        if not all(test(value) for test, value in zip(self._tests[table], row, strict=True)):
            return False
        whole = self._rows.get(table)
        return whole is None or whole(row)

    def crc(self, table: str, row: Values) -> int:
        """What the row's checksum is to be."""
        if self._crc is not None:
            return self._crc(table, row[:-1])
        return row_crc(*row[1 if self.has_id(table) else 0 : -1])

    def has_id(self, table: str) -> bool:
        """Whether its rows have ids."""
        return self.tables[table][0].name == "id"

    def has_rowid(self, table: str) -> bool:
        """Whether its first column is SQLite's rowid, by whatever name."""
        keys = [(number, column.type) for number, column in enumerate(self.tables[table]) if column.pk]
        return keys == [(0, "INTEGER")]

    def of_today(self, table: str, columns: list[Column], row: Values) -> Values:
        """A row of the columns of another version, as it is after the migrations; a checksum is made only
        where there was none."""
        if columns is self.tables[table]:
            return row
        there = {column.name: value for column, value in zip(columns, row, strict=True)}
        defaults = zip(self.tables[table], self._defaults[table], strict=True)
        full = tuple(there.get(column.name, default) for column, default in defaults)
        return full if CRC in there else (*full[:-1], self.crc(table, full))

    def refuse_newer(self, db: sqlite3.Connection, version: int, path: Path) -> None:
        """Raise StoreError if a newer program's migrations have been at it, and DamagedError if it only says
        so."""
        if version <= len(self.scripts):
            return
        if _objects(db) == self._objects:
            raise DamagedError(f"its version is {version}, and its tables are those of {len(self.scripts)}")
        known = f"({version}; this one knows {len(self.scripts)})"
        raise StoreError(
            f"{path} is of a newer version {known}: a newer sig-gateway wrote it; install that again, "
            "or move the file away"
        )

    def migrate(self, db: sqlite3.Connection, path: Path) -> None:
        """Bring the tables to today's version."""
        version = db.execute("PRAGMA user_version").fetchone()[0]
        self.refuse_newer(db, version, path)
        there = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if version < 0 or (version == 0 and there & self.tables.keys()):
            raise DamagedError(f"its version is {version}, and it has tables")
        for number, script in enumerate(self.scripts[version:], version + 1):
            try:
                db.executescript(
                    f"BEGIN IMMEDIATE; {script.read_text()} PRAGMA user_version = {number}; COMMIT"
                )
            except sqlite3.Error as error:
                if version and code_of(error) not in OF_THE_WORLD:
                    raise DamagedError(f"{error}, in {script.name}") from error
                raise

    def check_at_opening(self, db: sqlite3.Connection) -> None:
        """Raise DamagedError if the tables are not ours, or pages are broken of those that are looked at."""
        self.check(db, whole=self._at_opening is None)
        for table in self._at_opening or ():
            _quick_check(db, table)

    def check(self, db: sqlite3.Connection, *, whole: bool = False) -> None:
        """Raise DamagedError if the tables are not ours, or ids are none; `whole`: or pages are broken."""
        for table, columns in self.tables.items():
            if _columns(db, table) != columns:
                raise DamagedError(f"the table {table} is not ours")
            if self.has_id(table):
                query = f"SELECT (SELECT min(id) FROM {table}), (SELECT max(id) FROM {table})"  # noqa: S608 - ours
                least, most = db.execute(query).fetchone()
                if least is not None and not 0 < least <= most < MOST_ID:
                    raise DamagedError(f"the table {table} has ids from {least} to {most}")
        if whole:
            _quick_check(db, "1")


def _quick_check(db: sqlite3.Connection, what: str) -> None:
    """`what`: a table, or the number of faults that are enough."""
    found = db.execute(f"PRAGMA quick_check({what})").fetchone()[0]
    if found != "ok":
        raise DamagedError(found.splitlines()[-1], broken=True)


def _objects(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Whatever has been created, as it was put."""
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def _tables(db: sqlite3.Connection) -> Tables:
    names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name: _columns(db, name) for (name,) in names}


def _columns(db: sqlite3.Connection, table: str) -> list[Column]:
    query = 'SELECT name, type, "notnull", pk, dflt_value FROM pragma_table_xinfo(?)'
    return [Column(*column) for column in db.execute(query, (table,))]


def text_or_none(data: bytes) -> str | None:
    """For a connection: a text that is none does not keep the rest from being read."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def is_number(value: object) -> bool:
    """An id, a count."""
    return isinstance(value, int) and 0 < value < MOST_ID


def is_real(value: object) -> bool:
    """Any number that is one."""
    return isinstance(value, int | float) and abs(value) < MOST_ID


def is_text(value: object) -> bool:
    """Any text."""
    return isinstance(value, str)


_BY_TYPE = {"INTEGER": is_number, "REAL": is_real, "TEXT": is_text}
