"""The table of hours: roll-ups of a series, 32 days in a row of it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator

from gateway.history.buckets import DAY, HOUR
from gateway.history.rollups import EMPTY, Rollup, joined, packed, unpacked
from gateway.history.schema import HOURS, SENSOR_BITS, sealed
from gateway.history.sealed import SealedError
from gateway.storage.schema import BROKEN, code_of

logger = logging.getLogger(__name__)

BLOCK_DAYS = 32
BLOCK = BLOCK_DAYS * DAY
HALF = 12 * HOUR
"""Of a day: what a chart of a year is made of, in a twelfth of the time that its hours take."""


def block_key(block: int, sensor: int) -> int:
    """Of a row in the table of hours."""
    return block << SENSOR_BITS | sensor


def block_of(db: sqlite3.Connection, sensor: int, block: int, width: int = HOUR) -> Rollup:
    """Its buckets of an HOUR, or a HALF; none where there is no row, or one that is not what was written."""
    column = "blob" if width == HOUR else "halves"
    query = f"SELECT {column} FROM hours WHERE key = ?"  # noqa: S608 - one of two
    try:
        row = db.execute(query, (block_key(block, sensor),)).fetchone()
        if row is not None:
            return unpacked(row[0], width)  # it has a checksum of its own
    except SealedError as error:
        logger.warning("history: roll-up %d of series %d cannot be read: %s", block, sensor, error)
    except sqlite3.Error as error:
        if code_of(error) not in BROKEN:
            raise
    return EMPTY


def bounds(db: sqlite3.Connection) -> tuple[int, int]:
    """The first and the last block of any series, as a range."""
    first, last = db.execute("SELECT (SELECT min(key) FROM hours), (SELECT max(key) FROM hours)").fetchone()
    return (0, 0) if first is None else (first >> SENSOR_BITS, (last >> SENSOR_BITS) + 1)


def buckets(db: sqlite3.Connection, sensor: int, since: int, until: int, width: int = HOUR) -> Rollup:
    """Those of an HOUR, or a HALF, that begin in that time, in order."""
    first, end = bounds(db)
    parts = [
        block_of(db, sensor, block, width).between(since, until)
        for block in range(max(first, since // BLOCK), min(end, -(-until // BLOCK)))
    ]
    return joined([part for part in parts if len(part)])


def days_after(db: sqlite3.Connection, sensor: int, day: int) -> Iterator[int]:
    """Those from that one on in which something was heard, in order."""
    first, end = bounds_of_days(db)
    for block in range(max(first, day // BLOCK_DAYS), end):
        yield from (each for each in days_of(db, sensor, block) if each >= day)


def days_before(db: sqlite3.Connection, sensor: int, day: int) -> Iterator[int]:
    """Those up to that one in which something was heard, the last first."""
    first, end = bounds_of_days(db)
    for block in range(min(end - 1, day // BLOCK_DAYS), first - 1, -1):
        yield from (each for each in reversed(days_of(db, sensor, block)) if each <= day)


def days_of(db: sqlite3.Connection, sensor: int, block: int) -> list[int]:
    """Those in which something was heard, in order: of which there are readings, or hours."""
    return sorted(rolled_days(db, sensor, block, HALF) | sealed_days(db, sensor, block))


def rolled_days(db: sqlite3.Connection, sensor: int, block: int, width: int) -> set[int]:
    """Of which there are buckets of that width."""
    return {time // DAY for time in block_of(db, sensor, block, width).times}


def sealed_days(db: sqlite3.Connection, sensor: int, block: int) -> set[int]:
    """Of which there are readings."""
    keys = [each << SENSOR_BITS | sensor for each in range(block * BLOCK_DAYS, (block + 1) * BLOCK_DAYS)]
    query = f"SELECT key FROM days WHERE key IN ({','.join('?' * BLOCK_DAYS)})"  # noqa: S608 - marks alone
    return {key >> SENSOR_BITS for (key,) in db.execute(query, keys)}


def walk(db: sqlite3.Connection, block: int) -> None:
    """Read all that SQLite needs to find the days of that time: broken, it raises sqlite3.Error."""
    first, end = (each << SENSOR_BITS for each in (block * BLOCK_DAYS, (block + 1) * BLOCK_DAYS))
    db.execute("SELECT count(rows) FROM days WHERE key >= ? AND key < ?", (first, end)).fetchone()


def bounds_of_days(db: sqlite3.Connection) -> tuple[int, int]:
    """The first and the last block in which any series has something, as a range."""
    first, end = bounds(db)
    query = "SELECT (SELECT min(key) FROM days), (SELECT max(key) FROM days)"
    low, high = db.execute(query).fetchone()
    if low is None:
        return first, end
    low, high = (low >> SENSOR_BITS) // BLOCK_DAYS, (high >> SENSOR_BITS) // BLOCK_DAYS + 1
    return (low, high) if first == end else (min(first, low), max(end, high))


def put_day(
    db: sqlite3.Connection, sensor: int, day: int, made: Callable[[int], Rollup], first: int, last: int
) -> None:
    """That day's buckets, `made` of a width, in the place of those that are there; `first`, `last`: the times
    of its readings."""
    block = day // BLOCK_DAYS
    halves, hours = (_with_day(db, sensor, block, day, made(width), width) for width in (HALF, HOUR))
    key = block_key(block, sensor)
    old = db.execute("SELECT first, last FROM hours WHERE key = ?", (key,)).fetchone()
    if old is not None and all(isinstance(each, int) for each in old):
        first, last = min(first, old[0]), max(last, old[1])
    row = sealed(HOURS, key, first, last, halves, hours)
    db.execute("INSERT OR REPLACE INTO hours VALUES (?, ?, ?, ?, ?, ?)", row)


def _with_day(db: sqlite3.Connection, sensor: int, block: int, day: int, rollup: Rollup, width: int) -> bytes:
    there = block_of(db, sensor, block, width)
    parts = [there.between(0, day * DAY), rollup, there.between((day + 1) * DAY, (block + 1) * BLOCK)]
    return packed(joined([part for part in parts if len(part)]), width)
