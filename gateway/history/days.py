"""The readings of a series, a day at a time: those that are sealed, and those in the hot table.

A reading of a time at which there is one already takes its place: what was written later is in the hot table,
so that counts.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple

from gateway.history import portions
from gateway.history.schema import (
    DAYS,
    MOST_TIME,
    SCHEMA,
    SENSOR_BITS,
    SIGNED,
    crc32,
    is_finite,
    is_time,
    pack_reading,
    reading_crc,
)
from gateway.history.sealed import GOOD, SUSPECT, Columns, columns
from gateway.storage.schema import BROKEN, Values, code_of

MOST_REASONS = 100
"""Of a day: more are one of many, and their readings are suspect without one."""
_FIRST_REASON = SUSPECT + 1
_HOT = "SELECT * FROM readings WHERE time >= ? AND time < ? AND sensor = ? ORDER BY time"


class DamagedDayError(Exception):
    """What is on disk is not what was written."""


class Hot(NamedTuple):
    """A reading that is not sealed: why it is suspect, None for a good one, empty where that is not known."""

    time: int
    value: float
    reason: str | None


new_hot = partial(tuple.__new__, Hot)
"""Without the checks that a call of the class costs."""


class Day(NamedTuple):
    """Readings in time order. Beyond SUSPECT a quality says which of the `reasons` it is."""

    rows: Columns
    reasons: Sequence[str] = ()

    def reason(self, quality: int) -> str | None:
        """None for a good one."""
        if quality == GOOD:
            return None
        return self.reasons[quality - _FIRST_REASON] if quality >= _FIRST_REASON else ""


NONE = Day(columns((), ()))


def day_key(day: int, sensor: int) -> int:
    """Of a row in the table of days."""
    return day << SENSOR_BITS | sensor


def hot(db: sqlite3.Connection, sensor: int, since: int, until: int) -> list[Hot]:
    """Those of that time that are what was written, in order."""
    found = _sound(db.execute(_HOT, (since, until, sensor)).fetchall())
    if all(before.time < after.time for before, after in pairwise(found)) and (
        not found or since <= found[0].time <= found[-1].time < until
    ):
        return found
    # pages that were damaged may lead anywhere: each row is sound, and stands in a wrong place
    return sorted({row.time: row for row in found if since <= row.time < until}.values())


def _sound(rows: Sequence[tuple[Any, ...]]) -> list[Hot]:
    """Those that are what was written. Good readings, as most are, take half the time without a call each."""
    try:
        found = [
            new_hot((time, value, None))
            for time, sensor, value, delay, number, seq, reason, crc in rows
            if reason is None
            and crc32(pack_reading(time, sensor, value, delay, number, seq)) - SIGNED == crc
            and 0 <= time <= MOST_TIME
            and value - value == 0  # it is finite
        ]
        if len(found) == len(rows):
            return found
    except Exception:  # noqa: BLE001, S110 - of a wrong type in one of many ways
        pass
    return [Hot(row[0], row[2], row[6]) for row in rows if is_sound_reading(row)]


def spoilt(db: sqlite3.Connection, sensor: int, since: int, until: int) -> list[int]:
    """The times of those in the hot table that are not what was written, as far as they can be told."""
    rows = db.execute(_HOT, (since, until, sensor)).fetchall()
    return [row[0] for row in rows if is_time(row[0]) and not is_sound_reading(row)]


def is_sound_reading(row: tuple[Any, ...]) -> bool:
    """Whether it is what was written. Quicker than by the schema, column by column."""
    try:
        return reading_crc(*row[:-1]) == row[-1] and is_time(row[0]) and is_finite(row[2])
    except Exception:  # noqa: BLE001 - of a wrong type in one of many ways
        return False


def sealed_day(db: sqlite3.Connection, sensor: int, day: int) -> Day | None:
    """None for none. Raises DamagedDayError."""
    row = _day_row(db, sensor, day)
    if row is None:
        return None
    try:
        return Day(portions.opened(row[6]), json.loads(row[4]) if row[4] else ())
    except ValueError as error:
        raise DamagedDayError(str(error)) from error


def whole_portions(db: sqlite3.Connection, sensor: int, day: int) -> Sequence[bytes]:
    """What of the day stays as it is when later readings are put to it. Raises DamagedDayError."""
    row = _day_row(db, sensor, day)
    try:
        return () if row is None else portions.whole(row[6])
    except ValueError as error:
        raise DamagedDayError(str(error)) from error


def last_of_day(db: sqlite3.Connection, sensor: int, day: int) -> tuple[int, float] | None:
    """The time and the value of its last reading that is sealed; None for none. Raises DamagedDayError."""
    row = _day_row(db, sensor, day)
    return None if row is None else (row[2], row[3])


def _day_row(db: sqlite3.Connection, sensor: int, day: int) -> Values | None:
    try:
        row: Values | None = db.execute(
            "SELECT * FROM days WHERE key = ?", (day_key(day, sensor),)
        ).fetchone()
    except sqlite3.Error as error:
        if code_of(error) in BROKEN:
            raise DamagedDayError(str(error)) from error
        raise
    if row is not None and not SCHEMA.is_sound(DAYS, row):
        raise DamagedDayError("its checksum is not that of what was written")
    return row


def with_hot(day: Day | None, new: Sequence[Hot]) -> Day:
    """The day's readings, and these in their places."""
    if not new:
        return day or NONE
    if day is None or not len(day.rows):
        return of_hot(new)
    if new[0].time > day.rows.times[-1]:
        return _followed(day, new)
    if len(day.rows) > portions.PORTION_ROWS:
        return _merged(day, new)
    merged = {
        time: Hot(time, value, day.reason(quality)) for time, value, quality in zip(*day.rows, strict=True)
    }
    merged.update((each.time, each) for each in new)
    return of_hot(sorted(merged.values(), key=itemgetter(0)))


def of_hot(rows: Sequence[Hot]) -> Day:
    """A day of these, which are in order."""
    times, values, reasons = zip(*rows, strict=True)
    quality, texts = _coded(reasons, ())
    return Day(columns(times, values, quality), texts)


def _followed(day: Day, new: Sequence[Hot]) -> Day:
    """By later ones: most days grow at their end, and to sort them takes longer."""
    times, values, reasons = zip(*new, strict=True)
    quality, texts = _coded(reasons, day.reasons)
    before = day.rows
    if len(before) > portions.PORTION_ROWS:
        long_times, long_values = array("q", before.times), array("d", before.values)
        long_times.extend(times)
        long_values.extend(values)
        return Day(Columns(long_times, long_values, before.quality + quality), texts)
    return Day(Columns([*before.times, *times], [*before.values, *values], before.quality + quality), texts)


def _merged(day: Day, new: Sequence[Hot]) -> Day:
    """With these in it, of so many rows that a tuple for each would take too much memory."""
    codes, texts = _coded([each.reason for each in new], day.reasons)
    rows, at = day.rows, 0
    times, values, quality = array("q"), array("d"), bytearray()

    def take(until: int) -> None:
        times.extend(rows.times[at:until])
        values.extend(rows.values[at:until])
        quality.extend(rows.quality[at:until])

    for each, code in zip(new, codes, strict=True):
        until = bisect_left(rows.times, each.time, at)
        take(until)
        times.append(each.time)
        values.append(each.value)
        quality.append(code)
        at = until + (until < len(rows) and rows.times[until] == each.time)
    take(len(rows))
    return Day(Columns(times, values, bytes(quality)), texts)


def _coded(reasons: Sequence[str | None], known: Sequence[str]) -> tuple[bytes, list[str]]:
    """`known`: those that have a code already."""
    texts = list(known)
    if not any(reason is not None for reason in reasons):
        return bytes(len(reasons)), texts
    codes: dict[str | None, int] = {None: GOOD, "": SUSPECT}
    codes.update((text, number) for number, text in enumerate(texts, _FIRST_REASON))
    quality = bytearray()
    for reason in reasons:
        code = codes.get(reason)
        if code is None:
            code = SUSPECT
            if len(texts) < MOST_REASONS:
                texts.append(reason or "")
                code = codes[reason] = len(texts) - 1 + _FIRST_REASON
        quality.append(code)
    return bytes(quality), texts


def cut(rows: Columns, since: int, until: int) -> Columns:
    """Those of that time."""
    first, last = bisect_left(rows.times, since), bisect_left(rows.times, until)
    if (first, last) == (0, len(rows)):
        return rows
    return Columns(rows.times[first:last], rows.values[first:last], rows.quality[first:last])
