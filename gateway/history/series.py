"""Who has said something: names, each with a series for each unit that its values have ever had."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from gateway.encoding import decode
from gateway.history import notes
from gateway.history.schema import NOTES, SCHEMA, SENSOR_BITS, SENSORS, sealed

SENSOR_MASK = (1 << SENSOR_BITS) - 1


class Numbered(NamedTuple):
    """`number` is that of its readings, `home` that of the name's gaps."""

    number: int
    home: int
    name: str
    unit: str


def all_series(db: sqlite3.Connection) -> Iterator[Numbered]:
    """By number."""
    homes: dict[str, int] = {}
    for row in db.execute("SELECT * FROM sensors ORDER BY key"):
        if SCHEMA.is_sound(SENSORS, row):
            number, name, unit, _ = row
            yield Numbered(number, homes.setdefault(name, number), name, unit)


def restore(db: sqlite3.Connection) -> None:
    """Write those that are missing, as they have been damaged, from where they are noted too."""
    there = {each.number for each in all_series(db)}
    query = "SELECT * FROM notes WHERE key > ? AND key < ?"
    noted = db.execute(query, (notes.NAMES_FROM, notes.COVERED_FROM)).fetchall()
    for row in noted:
        number = row[0] - notes.NAMES_FROM
        if number not in there and SCHEMA.is_sound(NOTES, row):
            values = sealed(SENSORS, number, *decode(row[1]))
            db.execute("INSERT OR REPLACE INTO sensors VALUES (?, ?, ?, ?)", values)


def of_name(db: sqlite3.Connection, name: str) -> list[Numbered]:
    """Those of a name, by number."""
    rows = db.execute("SELECT * FROM sensors WHERE name = ? ORDER BY key", (name,)).fetchall()
    sound = [row for row in rows if SCHEMA.is_sound(SENSORS, row)]
    return [Numbered(number, sound[0][0], name, unit) for number, _, unit, _ in sound]


def last_times(db: sqlite3.Connection) -> dict[int, int]:
    """When each series was heard last, by number; those that never were are missing. For the writer: a
    damaged row may claim to be later than all, which makes others late."""
    query = "SELECT key, last FROM hours WHERE typeof(last) = 'integer' ORDER BY key"
    found = {key & SENSOR_MASK: last for key, last in db.execute(query)}
    query = "SELECT sensor, max(time) FROM readings WHERE typeof(time) = 'integer' GROUP BY sensor"
    for number, last in db.execute(query):
        found[number] = max(last, found.get(number, last))
    return found
