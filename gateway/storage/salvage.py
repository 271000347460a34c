"""From a damaged file, or one that is about to go, into another: rows until the damage, and no nonsense."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from gateway.storage.checksum import row_crc
from gateway.storage.schema import MOST_ID, columns_of, tables, told

CHUNK_ROWS, CHUNK_CHARS = 5000, 1_000_000
"""What is copied in one transaction, so that neither memory nor the WAL grows with the file."""
MOST_CHARS = 16 * 1024 * 1024
"""A row that claims to be longer is damage: the bridge's are at most 256 Ki."""
MOST_NAME = 1024
"""Characters of a name: percent-encoded twice, 24 KiB; an MQTT topic has at most 64 KiB."""
MOST_TOPIC = 65_535
"""Bytes, as MQTT has it."""
MOST_UTC = 253_402_300_799.0
"""The year 9999, the last that can be told."""
JSON_KIND = "discovery"
"""What is retained of this kind has JSON as its parts."""


OF_OLD = {"boot": "", "at": 0.0, "known": 1}
"""What a row of an older version has in the columns that it has not; its checksum is made."""


class Copied(NamedTuple):
    """How many events could be copied, why no more could be read, and why no more could be written."""

    events: int
    unread: str = ""
    unwritten: str | None = None

    def told(self) -> str:
        """In words."""
        text = f"{self.events} events could be read and are kept"
        if self.unread:
            text += f"; not all could be read: {self.unread}"
        return text if self.unwritten is None else f"{text}; no more could be written: {self.unwritten}"


def copy(old: sqlite3.Connection, into: sqlite3.Connection) -> Copied:
    """Copy rows until the damage, or all. What cannot be written ends it; what was copied before stays.

    A row that is there already stays as it is; an id that another row has is replaced by a new one.
    """
    events, problems = 0, list[str]()
    for table, columns in tables().items():
        insert = _insert(table, [name for name, *_ in columns])
        for chunk in _chunks(_sound_rows(old, table, columns, problems)):
            try:
                into.execute("BEGIN IMMEDIATE")
                into.executemany(insert, chunk)
                into.execute("COMMIT")
            except sqlite3.Error as error:
                if into.in_transaction:
                    into.execute("ROLLBACK")
                return Copied(events, "; ".join(problems), told(error))
            events += len(chunk) if table == "events" else 0
    return Copied(events, "; ".join(problems))


def _insert(table: str, names: list[str]) -> str:
    marks = ", ".join("?" * len(names))
    if "id" not in names:
        return f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - our own names
    new = ", ".join(f"new.{name}" for name in names if name != "id")
    return (
        f"INSERT INTO {table} WITH new({', '.join(names)}) AS (VALUES ({marks})) "  # noqa: S608 - the same
        f"SELECT iif(EXISTS (SELECT 1 FROM {table} WHERE id = new.id), NULL, new.id), {new} FROM new "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE id = new.id AND uid = new.uid)"
    )


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    chunk, chars = list[tuple[Any, ...]](), 0
    for row in rows:
        chunk.append(row)
        chars += sum(len(value) for value in row if isinstance(value, str))
        if len(chunk) >= CHUNK_ROWS or chars >= CHUNK_CHARS:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def _sound_rows(
    old: sqlite3.Connection, table: str, columns: list[tuple[Any, ...]], problems: list[str]
) -> Iterator[tuple[Any, ...]]:
    """The table's rows until the damage, without those that nobody can have written so."""
    names = [name for name, *_ in columns]
    tests = [_BY_NAME.get(name) or _BY_TYPE[declared] for name, declared, *_ in columns]
    limit = old.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CHARS)
    old.text_factory = _text_or_none
    try:
        there = {name for name, *_ in columns_of(old, table)}
        missing = {name for name in names if name not in there and (name in OF_OLD or name == "crc")}
        wanted = ", ".join("NULL" if name in missing else name for name in names)
        for found in old.execute(f"SELECT {wanted} FROM {table}"):  # noqa: S608 - our own names
            row = _of_today(names, missing, found)
            if (
                all(test(value) for test, value in zip(tests, row, strict=True))
                and row[-1] == _crc(names, row)
                and (table != "retained" or _is_noted(*row[1:3]))
            ):
                yield row
    except sqlite3.Error as error:
        problems.append(str(error))
    finally:
        old.text_factory = str
        old.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)


def _of_today(names: list[str], missing: set[str], row: tuple[Any, ...]) -> tuple[Any, ...]:
    if not missing:
        return row
    full = tuple(
        OF_OLD.get(name, value) if name in missing else value for name, value in zip(names, row, strict=True)
    )
    return (*full[:-1], _crc(names, full)) if "crc" in missing else full


def _crc(names: list[str], row: tuple[Any, ...]) -> int:
    return row_crc(*row[1 if names[0] == "id" else 0 : -1])


def _text_or_none(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and 0 < value < MOST_ID


def _is_flag(value: object) -> bool:
    return value in (0, 1)


def _is_crc(value: object) -> bool:
    return isinstance(value, int)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < MOST_ID


def _is_utc(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= MOST_UTC


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_NAME


def _is_uid(value: object) -> bool:
    """It goes into messages between quotes, as it is."""
    return isinstance(value, str) and 0 < len(value) <= MOST_NAME and not _NOT_IN_UID.search(value)


def _is_topic(value: object) -> bool:
    """One that may be published to."""
    return (
        isinstance(value, str) and 0 < len(value.encode()) <= MOST_TOPIC and not _NOT_IN_TOPIC.search(value)
    )


def _is_noted(kind: str, parts: str) -> bool:
    """Home Assistant's components are a JSON object, the others' parts any text."""
    if kind != JSON_KIND:
        return True
    try:
        return isinstance(json.loads(parts), dict)
    except (ValueError, RecursionError):
        return False


_NOT_IN_UID = re.compile(r'["\\\x00-\x1f]')
_NOT_IN_TOPIC = re.compile(r"[+#\x00]")
_BY_TYPE = {"INTEGER": _is_number, "REAL": _is_utc, "TEXT": _is_text}
_BY_NAME = {
    "sender": _is_name,
    "event": _is_name,
    "kind": _is_name,
    "uid": _is_uid,
    "topic": _is_topic,
    "boot": _is_name,
    "at": _is_seconds,
    "known": _is_flag,
    "crc": _is_crc,
}
