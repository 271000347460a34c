"""From a damaged file, or one that is about to go, into another: all rows that are sound, and no nonsense.

A damaged file is read page by page, without its tree: where SQLite stops, or finds nothing, all other pages
are still there. A row is taken if its checksum says that it is what was written. Time and memory grow with
the file's size alone: 40 µs a row, some 20 s for the 450,000 readings that 100 MB hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gateway.storage.image import Image
from gateway.storage.schema import Schema, Values, told
from gateway.storage.walk import Walk

CHUNK_ROWS, CHUNK_CHARS = 5000, 1_000_000
"""What is copied in one transaction, so that neither memory nor the WAL grows with the file."""
MOST_CHARS = 16 * 1024 * 1024
"""A row that claims to be longer is damage: ours are at most 256 Ki."""
MOST_NOTED = 1000
"""Rows that are not what was written, and are kept to be looked at; of more, only the count."""


class Bad(NamedTuple):
    """A row of a table that is not what was written."""

    table: str
    row: Values


@dataclass(slots=True)
class Salvaged:
    """`kept`: rows, by table. `lost`: rows that are known to be gone, by table, as far as ids tell; `bad` are
    among them. `unread`, `unwritten`: why no more could be read, or be written."""

    kept: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    unread: str = ""
    unwritten: str | None = None

    def note_bad(self, table: str, row: Values) -> None:
        """A row is not what was written."""
        if len(self.bad) < MOST_NOTED:
            self.bad.append(Bad(table, row))

    def told(self) -> str:
        """In words."""
        rows = sum(self.kept.values())
        text = f"{rows} rows could be read and are kept"
        if lost := sum(self.lost.values()):
            text += f", {lost} are lost"
        if self.unread:
            text += f"; not all could be read: {self.unread}"
        return text if self.unwritten is None else f"{text}; no more could be written: {self.unwritten}"


Rows = Iterator[tuple[str, Values]]


def from_file(path: Path, into: sqlite3.Connection, schema: Schema, *, broken: bool) -> Salvaged:
    """From a file and its log, which nobody else has open. `broken`: SQLite has found its pages to be; else
    ids that are missing were deleted, unless a page turns out to be unreadable. Raises OSError."""
    with Image(path) as image:
        newest = len(schema.versions)
        claimed = image.version if 0 < image.version <= newest else newest
        others = [version for version in range(newest, 0, -1) if version != claimed]
        for version in (claimed, *others):
            done = Salvaged()
            walk = Walk(image, schema, version, done.note_bad)
            _insert_all(walk.rows(), into, schema, done)
            if done.kept or done.bad or done.unwritten is not None:
                break
    for table in filter(schema.has_id, schema.tables):
        if lost := _lost(into, walk, done, table, broken=broken):
            done.lost[table] = lost
    return done


def _lost(into: sqlite3.Connection, walk: Walk, done: Salvaged, table: str, *, broken: bool) -> int:
    """Ids are dense but for rows that were deleted: of those that are missing, as many as there is room for
    on pages that were not read whole."""
    query = f"SELECT coalesce(max(id) - min(id) + 1 - count(*), 0) FROM {table}"  # noqa: S608 - our own names
    missing: int = into.execute(query).fetchone()[0] - walk.deleted[table]
    bad = [row[0] for name, row in done.bad if name == table]
    query = f"SELECT count(*) FROM {table} WHERE id = ?"  # noqa: S608 - the same
    gone = sum(not into.execute(query, (number,)).fetchone()[0] for number in bad)
    return max(0, gone, min(missing, (walk.suspects + broken) * walk.fullest[table]))


def from_connection(old: sqlite3.Connection, into: sqlite3.Connection, schema: Schema) -> Salvaged:
    """From an open one whose names are gone, until the damage, if there is any."""
    done = Salvaged()
    _insert_all(_selected(old, schema, done), into, schema, done)
    return done


def _selected(old: sqlite3.Connection, schema: Schema, done: Salvaged) -> Rows:
    limit = old.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CHARS)
    for table in schema.tables:
        try:
            for row in old.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
                if schema.is_sound(table, row):
                    yield table, row
                else:
                    done.note_bad(table, row)
        except sqlite3.Error as error:
            done.unread = "; ".join(filter(None, (done.unread, str(error))))
    old.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)


def _insert_all(rows: Rows, into: sqlite3.Connection, schema: Schema, done: Salvaged) -> None:
    """What cannot be written ends it; what was copied before stays.

    A row that is there already stays as it is; an id that another row has is replaced by a new one.
    """
    for chunk in _chunks(rows):
        try:
            into.execute("BEGIN IMMEDIATE")
            for table, values in chunk.items():
                before = into.total_changes
                into.executemany(_insert(table, schema), values)
                done.kept[table] = done.kept.get(table, 0) + into.total_changes - before
            into.execute("COMMIT")
        except sqlite3.Error as error:
            if into.in_transaction:
                into.execute("ROLLBACK")
            for table in chunk:
                count = f"SELECT count(*) FROM {table}"  # noqa: S608 - our own names
                done.kept[table] = into.execute(count).fetchone()[0]
            done.unwritten = told(error)
            return


def _insert(table: str, schema: Schema) -> str:
    names = [column.name for column in schema.tables[table]]
    marks = ", ".join("?" * len(names))
    if not schema.has_id(table):
        return f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - our own names
    new = ", ".join(f"new.{name}" for name in names if name != "id")
    return (
        f"INSERT INTO {table} WITH new({', '.join(names)}) AS (VALUES ({marks})) "  # noqa: S608 - the same
        f"SELECT iif(EXISTS (SELECT 1 FROM {table} WHERE id = new.id), NULL, new.id), {new} FROM new "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE id = new.id AND crc = new.crc)"
    )


def _chunks(rows: Rows) -> Iterator[dict[str, list[Values]]]:
    chunk: dict[str, list[Values]] = {}
    count = chars = 0
    for table, row in rows:
        chunk.setdefault(table, []).append(row)
        count += 1
        chars += sum(len(value) for value in row if isinstance(value, str | bytes))
        if count >= CHUNK_ROWS or chars >= CHUNK_CHARS:
            yield chunk
            chunk, count, chars = {}, 0, 0
    if chunk:
        yield chunk
