"""A day of one sensor as one blob, and back. Pure, no I/O.

Strategy: what sensors say is nearly regular in time and a small number of steps in value, so a row is three
small integers:

    time   = start + slot * period + jitter     slot: how many periods since the row before, mostly 1
    value  = (first + steps * step) / 10**digits  steps: since the row before

Each of the three is a column of its own, one to eight bytes wide, its bytes apart by their place (the high
ones are mostly zero), and zlib takes out what repeats. Columns are taken apart and put together by `struct`
and slices, not row by row, so that a day is decoded in well under a millisecond of plain Python. Values that
are no multiple of a decimal step, as some calculation may yield, are kept as they are, eight bytes each.

    blob    = head, zlib(columns)
    head    = "<BIqqBqq": version, rows, start in ms, period in ms, digits (255: values as they are),
              step, first
    column  = width (0: all are the one integer that follows), then the low bytes of all, the next, ...

What is read back is what was written, to the last bit of each float.
"""

import math
import struct
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise, repeat
from operator import add, mul, truediv
from typing import NamedTuple

VERSION = 1
MOST_ROWS = 1_000_000
"""More are in none: see `portions`."""
_HEAD = struct.Struct("<BIqqBqq")
_RAW = 255
MOST_DIGITS = 6
# Integers that floats hold exactly: beyond them a division by the power of ten would not give the float back.
_EXACT = 1 << 53
_LEVEL = 9
_CODES = {1: "b", 2: "h", 4: "i", 8: "q"}
# The quality is mostly the same all day: then it takes two bytes.
GOOD, SUSPECT = 0, 1


class SealedError(ValueError):
    """It is no blob of ours, or a damaged one."""


class Columns(NamedTuple):
    """Rows in time order, by column: UTC milliseconds, values, and of which quality each is (`GOOD`,
    `SUSPECT`). All are of one length. As arrays they are small, as lists quick to use."""

    times: Sequence[int]
    values: Sequence[float]
    quality: bytes

    def __len__(self) -> int:
        """How many rows."""
        return len(self.times)


def columns(times: Sequence[int], values: Sequence[float], quality: bytes | None = None) -> Columns:
    """Columns of these; good ones if nothing is said."""
    return Columns(array("q", times), array("d", values), bytes(len(times)) if quality is None else quality)


def seal(rows: Columns) -> bytes:
    """The blob. Times ascend. Raises `ValueError` for no rows, more than MOST_ROWS, times that do not ascend,
    or a value that is not finite."""
    count = len(rows)
    if not 0 < count <= MOST_ROWS:
        raise ValueError(f"expected 1 to {MOST_ROWS} rows, got {count}")
    gaps = [after - before for before, after in pairwise(rows.times)]
    if gaps and min(gaps) <= 0:
        raise ValueError("expected times that ascend")
    if not all(map(math.isfinite, rows.values)):
        raise ValueError("expected finite values")
    start, period = rows.times[0], _period(gaps)
    slots = [(time - start + period // 2) // period for time in rows.times]
    jitter = [time - start - slot * period for time, slot in zip(rows.times, slots, strict=True)]
    stepped = _stepped(rows.values)
    digits, step, first, steps = stepped or (_RAW, 0, 0, [])
    body = [
        _column([after - before for before, after in pairwise(slots)]),
        _column(jitter),
        _column(steps) if stepped else _apart(struct.pack(f"<{count}d", *rows.values), 8),
        _column(rows.quality),
    ]
    head = _HEAD.pack(VERSION, count, start, period, digits, step, first)
    return head + zlib.compress(b"".join(body), _LEVEL)


def opened(blob: bytes) -> Columns:
    """The rows, as lists. Raises `SealedError`."""
    try:
        return _unsealed(blob)
    except (struct.error, zlib.error, ValueError, IndexError, OverflowError, ZeroDivisionError) as error:
        text = f"expected a day of readings, got {len(blob)} bytes that are none: {error}"
        raise SealedError(text) from error


def count_of(blob: bytes) -> int:
    """How many rows it says it has."""
    count: int = _HEAD.unpack_from(blob)[1]
    return count


def _unsealed(blob: bytes) -> Columns:
    version, count, start, period, digits, step, first = _HEAD.unpack_from(blob)
    if version != VERSION or not 0 < count <= MOST_ROWS:
        raise ValueError(f"version {version}, {count} rows")
    inflate = zlib.decompressobj()
    reader = _Reader(inflate.decompress(blob[_HEAD.size :], 4 * 9 * count + 64))
    jumps = reader.column(count - 1)
    ticks: Iterable[int]
    if isinstance(jumps, int):
        ticks = (
            repeat(start, count)
            if jumps == 0
            else range(start, start + jumps * period * count, jumps * period)
        )
    else:
        ticks = map(add, map(mul, accumulate(jumps, initial=0), repeat(period)), repeat(start))
    times = list(map(add, ticks, _each(reader.column(count), count)))
    if digits == _RAW:
        values = list(struct.unpack(f"<{count}d", _together(reader.take(8 * count), 8)))
    else:
        scale = 10**digits
        steps = _each(reader.column(count - 1), count - 1)
        moved = steps if step == 1 else map(mul, steps, repeat(step))
        values = list(map(truediv, accumulate(moved, initial=first), repeat(scale)))
    marks = reader.column(count)
    quality = bytes((marks,)) * count if isinstance(marks, int) else bytes(marks)
    if inflate.unconsumed_tail or inflate.unused_data or not inflate.eof or reader.left:
        raise ValueError("more bytes than rows")
    return Columns(times, values, quality)


def _each(column: int | Sequence[int], count: int) -> Iterable[int]:
    return repeat(column, count) if isinstance(column, int) else column


def _period(gaps: Sequence[int]) -> int:
    """The usual time between two rows, in whole seconds where it has any: then the jitter is small."""
    if not gaps:
        return 1000
    usual = sorted(gaps)[len(gaps) // 2]
    return max(1, round(usual / 1000)) * 1000 if usual >= 500 else usual


def _stepped(values: Sequence[float]) -> tuple[int, int, int, list[int]] | None:
    """Digits, step, first, and the steps since the row before; None where values are no decimal steps."""
    for digits in range(MOST_DIGITS + 1):
        scale = 10**digits
        integers = [round(value * scale) for value in values]
        if max(map(abs, integers)) >= _EXACT:
            return None
        if all(integer / scale == value for integer, value in zip(integers, values, strict=True)):
            moved = [after - before for before, after in pairwise(integers)]
            step = math.gcd(*moved) or 1
            if any(value == 0 and math.copysign(1, value) < 0 for value in values):
                return None  # -0.0 is to be read back as it is
            return digits, step, integers[0], [each // step for each in moved]
    return None


def _column(integers: Sequence[int]) -> bytes:
    least, most = (min(integers), max(integers)) if integers else (0, 0)
    if least == most:
        return b"\0" + least.to_bytes(8, "little", signed=True)
    width = next(width for width in _CODES if -(1 << 8 * width - 1) <= least and most < 1 << 8 * width - 1)
    packed = struct.pack(f"<{len(integers)}{_CODES[width]}", *integers)
    return bytes([width]) + _apart(packed, width)


def _apart(data: bytes, width: int) -> bytes:
    return b"".join(data[place::width] for place in range(width))


def _together(data: bytes, width: int) -> bytes | bytearray:
    if width == 1:
        return data
    count = len(data) // width
    whole = bytearray(len(data))
    for place in range(width):
        whole[place::width] = data[place * count : (place + 1) * count]
    return whole


class _Reader:
    """Takes columns off, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise ValueError("fewer bytes than rows")
        self._at += count
        return found

    def column(self, count: int) -> int | Sequence[int]:
        """The one that they all are, or so many."""
        width = self.take(1)[0]
        if width == 0:
            return int.from_bytes(self.take(8), "little", signed=True)
        if width not in _CODES:
            raise ValueError(f"a column of width {width}")
        return struct.unpack(f"<{count}{_CODES[width]}", _together(self.take(width * count), width))
