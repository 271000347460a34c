"""Buckets of a fixed width by column, as a blob and back, and made wider. Pure, no I/O.

A roll-up has the buckets in which something was heard, as `buckets.bucketed` makes them: the value that held
when one began is in its least, greatest and mean. So wider buckets are made of them alone, with the gaps:
what is said here of buckets is, to the last reading, what `bucketed` says of the readings.

    blob    = head, zlib(columns)
    head    = "<BI": version, buckets
    columns = times in units of their width since the first ("I"), readings ("I"), covered ms ("I"), then
              least, greatest, mean, last value ("d"); before them the first's time ("q")
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, repeat
from operator import add, mul, sub
from typing import Any, NamedTuple

from gateway.history.buckets import Bucket, Gap, new_bucket
from gateway.history.sealed import SealedError

VERSION = 1
MOST_BUCKETS = 1440
"""The minutes of a day; the hours of 32 days are fewer."""
_HEAD = struct.Struct("<BI")
_BUCKET_BYTES = 3 * 4 + 4 * 8
_LEVEL = 6


class Rollup(NamedTuple):
    """Buckets in order, by column; all are of one length."""

    times: Sequence[int]
    values: Sequence[float]
    least: Sequence[float]
    most: Sequence[float]
    means: Sequence[float]
    readings: Sequence[int]
    covered: Sequence[int]

    def __len__(self) -> int:
        """How many buckets."""
        return len(self.times)

    def between(self, since: int, until: int) -> Rollup:
        """Those that begin then."""
        first, last = bisect_left(self.times, since), bisect_left(self.times, until)
        if (first, last) == (0, len(self)):
            return self
        times, values, least, most, means, readings, covered = (
            column[first:last] for column in self._columns
        )
        return Rollup(times, values, least, most, means, readings, covered)

    @property
    def _columns(self) -> tuple[Sequence[Any], ...]:
        return tuple(self)


EMPTY = Rollup((), (), (), (), (), (), ())


def of_buckets(buckets: Iterable[Bucket]) -> Rollup:
    """By column, and without those in which nothing was heard."""
    rows = [bucket for bucket in buckets if bucket.readings]
    return Rollup(*zip(*rows, strict=True)) if rows else EMPTY


def joined(parts: Sequence[Rollup]) -> Rollup:
    """One after the other."""
    if len(parts) < 2:
        return parts[0] if parts else EMPTY
    return Rollup(*map(_chained, zip(*parts, strict=True)))


def _chained(columns: Iterable[Iterable[Any]]) -> Sequence[Any]:
    return list(chain.from_iterable(columns))


def packed(rollup: Rollup, width: int) -> bytes:
    """The blob. Raises `ValueError` for none, or more than MOST_BUCKETS."""
    count = len(rollup)
    if not 0 < count <= MOST_BUCKETS:
        raise ValueError(f"expected 1 to {MOST_BUCKETS} buckets, got {count}")
    first = rollup.times[0]
    body = struct.pack(
        f"<q{3 * count}I{4 * count}d",
        first,
        *((time - first) // width for time in rollup.times),
        *rollup.readings,
        *rollup.covered,
        *rollup.least,
        *rollup.most,
        *rollup.means,
        *rollup.values,
    )
    return _HEAD.pack(VERSION, count) + zlib.compress(body, _LEVEL)


def unpacked(blob: bytes, width: int) -> Rollup:
    """The buckets. Raises `SealedError`."""
    try:
        return _unpacked(blob, width)
    except (struct.error, zlib.error, ValueError, TypeError) as error:  # a damaged row may hold any type
        text = f"expected a roll-up, got what is none: {error}"
        raise SealedError(text) from error


def _unpacked(blob: bytes, width: int) -> Rollup:
    version, count = _HEAD.unpack_from(blob)
    if version != VERSION or not 0 < count <= MOST_BUCKETS:
        raise ValueError(f"version {version}, {count} buckets")
    inflate = zlib.decompressobj()
    body = inflate.decompress(blob[_HEAD.size :], 8 + _BUCKET_BYTES * count + 1)
    if not inflate.eof or inflate.unused_data:
        raise ValueError("more bytes than buckets")
    first, *rest = struct.unpack(f"<q{3 * count}I{4 * count}d", body)
    steps, readings, covered, least, most, means, values = (
        rest[at : at + count] for at in range(0, 7 * count, count)
    )
    times = list(map(add, map(mul, steps, repeat(width)), repeat(first)))
    return Rollup(times, values, least, most, means, readings, covered)


def wider(
    rollup: Rollup, own: int, held: float | None, gaps: Sequence[Gap], since: int, until: int, width: int
) -> list[Bucket]:
    """What `bucketed` would say of the readings of these buckets, whose width is `own`; `since` is a multiple
    of `width`, which is one of `own`. Other parameters as there."""
    ends: list[int] = []
    if held is not None and (not len(rollup) or rollup.times[0] > since):  # as if it had been heard then
        start = Rollup((since,), (held,), (held,), (held,), (held,), (0,), (0,))
        rollup, ends = joined([start, rollup]), [since]
    if not len(rollup):
        return []
    times, values, least, most, means, readings, covered = rollup
    ends += map(add, times[len(ends) :], repeat(own))
    holds = _holds(times, ends, gaps, until)
    known = list(accumulate(map(add, covered, holds), initial=0))
    areas = list(accumulate(map(add, map(mul, means, covered), map(mul, values, holds)), initial=0.0))
    heard = list(accumulate(readings, initial=0))
    found: list[Bucket] = []
    first, count = 0, len(times)
    held_to, value = 0, 0.0  # how long the value before a bucket holds, and which it is
    while first < count:
        begin = times[first] // width * width
        end = begin + width
        near = first + width // own  # there are no more in it, and to look in all of them takes longer
        last = bisect_left(times, end, first, near if near < count else count)
        low, high = min(least[first:last]), max(most[first:last])
        span, area = known[last] - known[first], areas[last] - areas[first]
        if held_to > begin:  # it has held on
            span += held_to - begin
            area += (held_to - begin) * value
            low, high = min(low, value), max(high, value)
        held_to, value = ends[last - 1] + holds[last - 1], values[last - 1]
        if held_to > end:  # it holds on, into those after
            span -= held_to - end
            area -= (held_to - end) * value
        mean = min(max(area / span, low), high) if span else value  # sums of floats
        found.append(new_bucket((begin, value, low, high, mean, heard[last] - heard[first], span)))
        first = last
    return found


def _holds(times: Sequence[int], ends: Sequence[int], gaps: Sequence[Gap], until: int) -> list[int]:
    """How long the last value of each holds on after its end: until the next bucket, or a gap."""
    holds = list(map(sub, times[1:], ends))
    holds.append(max(0, until - ends[-1]))
    for gap in gaps:
        at = bisect_right(times, gap.begin) - 1
        if at >= 0 and (gap.end is None or gap.end > ends[at]):
            holds[at] = min(holds[at], max(0, gap.begin - ends[at]))
    return holds
