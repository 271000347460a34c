"""Who has said something: names, each with a series for each unit that its values have ever had."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from gateway.history.schema import SCHEMA, SENSOR_BITS, SENSORS

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


def of_name(db: sqlite3.Connection, name: str) -> list[Numbered]:
    """Those of a name, by number."""
    rows = db.execute("SELECT * FROM sensors WHERE name = ? ORDER BY key", (name,)).fetchall()
    sound = [row for row in rows if SCHEMA.is_sound(SENSORS, row)]
    return [Numbered(number, sound[0][0], name, unit) for number, _, unit, _ in sound]


def last_times(db: sqlite3.Connection) -> dict[int, int]:
    """When each series was heard last, by number; those that never were are missing."""
    found = {key & SENSOR_MASK: last for key, last in db.execute("SELECT key, last FROM hours ORDER BY key")}
    for number, last in db.execute("SELECT sensor, max(time) FROM readings GROUP BY sensor"):
        found[number] = max(last, found.get(number, last))
    return found


def first_times(db: sqlite3.Connection) -> dict[int, int]:
    """When each series was heard first, of what is left."""
    found: dict[int, int] = {}
    for key, first in db.execute("SELECT key, first FROM hours ORDER BY key"):
        found.setdefault(key & SENSOR_MASK, first)
    for number, first in db.execute("SELECT sensor, min(time) FROM readings GROUP BY sensor"):
        found[number] = min(first, found.get(number, first))
    return found
