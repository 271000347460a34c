"""The history's file: where its migrations are, which values can have been written there, and checksums.

A row's checksum is over all of its columns, the key too: a reading at another time would be a wrong one.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any

from gateway.storage.schema import Schema, Values

SENSORS, READINGS, DAYS, HOURS, GAPS = "sensors", "readings", "days", "hours", "gaps"
EVENTS, UNTIMED, NOTES = "events", "untimed", "notes"
"""The tables."""
PAGE_BYTES = 1024
"""A commit writes whole pages, and of ten readings most of one of 4 KiB is not theirs: measured in
docs/decisions/0016-history.md."""
SENSOR_BITS = 16
MOST_SENSORS = 1 << SENSOR_BITS
MOST_TIME = 253_402_300_799_999
"""The end of the year 9999, the last that can be told."""
MOST_NAME, MOST_TEXT = 1024, 256 * 1024
"""Characters of a name, and of what an event says."""
_MOST_INTEGER = 1 << 63
pack_reading = struct.Struct("<qqdqqq").pack
SIGNED = 1 << 31

crc32 = zlib.crc32


def reading_crc(time: int, sensor: int, value: float, delay: int, number: int, seq: int, reason: Any) -> int:
    """Of a reading: it is made for each that is read, so by the quickest way."""
    crc = crc32(pack_reading(time, sensor, value, delay, number, seq))
    return (crc if reason is None else crc32(reason.encode(), crc)) - SIGNED


def crc_of(table: str, values: Values) -> int:
    """Of a row but for its last column. Four bytes with a sign, as SQLite has no others."""
    if table == READINGS:
        return reading_crc(*values)
    crc = 0
    for value in values:
        crc = crc32(value if isinstance(value, bytes) else ascii(value).encode() + b"\0", crc)
    return crc - SIGNED


def sealed(table: str, *values: Any) -> Values:
    """The row of these values, with its checksum."""
    return (*values, crc_of(table, values))


def is_time(value: object) -> bool:
    """UTC in ms."""
    return isinstance(value, int) and 0 <= value <= MOST_TIME


def is_name(value: object) -> bool:
    """A sender's, an event's, a unit, a boot."""
    return isinstance(value, str) and len(value) <= MOST_NAME


def is_text(value: object) -> bool:
    """What an event says, or why."""
    return isinstance(value, str) and len(value) <= MOST_TEXT


def is_integer(value: object) -> bool:
    """Any that SQLite holds."""
    return isinstance(value, int) and -_MOST_INTEGER <= value < _MOST_INTEGER


def is_finite(value: object) -> bool:
    """A reading's value."""
    return isinstance(value, float) and math.isfinite(value)


def _is_sensor(value: object) -> bool:
    return isinstance(value, int) and 0 < value < MOST_SENSORS


def _is_blob(value: object) -> bool:
    return isinstance(value, bytes)


def _or_none(check: Any) -> Any:
    return lambda value: value is None or check(value)


SCHEMA = Schema(
    Path(__file__).parent / "migrations",
    {
        "key": is_integer,
        "name": is_name,
        "unit": is_name,
        "sensor": _is_sensor,
        "time": is_time,
        "value": is_finite,
        "delay": is_integer,
        "number": is_integer,
        "seq": is_integer,
        "reason": _or_none(is_text),
        "reasons": _or_none(is_text),
        "minutes": _or_none(_is_blob),
        "halves": _is_blob,
        "blob": _is_blob,
        "first": is_time,
        "last": is_time,
        "began": is_time,
        "ended": _or_none(is_time),
        "ms": is_integer,
        "data": is_text,
        "item": is_text,
        "sender": is_name,
        "event": is_name,
        "boot": is_name,
        "at": is_integer,
        "heard": is_integer,
        "crc": is_integer,
    },
    crc=crc_of,
    page_bytes=PAGE_BYTES,
    at_opening=(SENSORS, GAPS, UNTIMED, NOTES),
    may_lose_last=True,
    wipes=False,
)
