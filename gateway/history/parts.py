"""What a chart is put together of, and its width. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from gateway.history.buckets import Bucket, width_of
from gateway.history.days import cut
from gateway.history.rollups import Rollup
from gateway.history.sealed import Columns, columns


class Part(NamedTuple):
    """Of a time: readings, or hours where there are no readings any more."""

    since: int
    until: int
    rows: Columns | None
    hours: Rollup


def width_for(since: int, until: int, points: int) -> int:
    """The narrowest round one with which so many points are enough, though the first begins before."""
    width = width_of(until - since, points)
    while points > 1 and -(-until // width) - since // width > points:
        width = width_of(width * points + 1, points)
    return width


def together(parts: Sequence[Columns]) -> Columns:
    if not parts:
        return columns((), ())
    if len(parts) == 1:
        return parts[0]
    times, values, quality = zip(*parts, strict=True)
    return Columns([*chain.from_iterable(times)], [*chain.from_iterable(values)], b"".join(quality))


def count_of(part: Part) -> int:
    return len(part.hours) if part.rows is None else len(part.rows)


def cut_part(part: Part, since: int) -> Part:
    if part.since >= since:
        return part
    rows = None if part.rows is None else cut(part.rows, since, part.until)
    return Part(since, part.until, rows, part.hours.between(since, part.until))


def one_of(buckets: Sequence[Bucket]) -> Bucket:
    """Of all of them."""
    covered = sum(bucket.covered for bucket in buckets)
    area = sum(bucket.mean * bucket.covered for bucket in buckets)
    last = buckets[-1]
    return Bucket(
        buckets[0].time,
        last.value,
        min(bucket.min for bucket in buckets),
        max(bucket.max for bucket in buckets),
        area / covered if covered else last.mean,
        sum(bucket.readings for bucket in buckets),
        covered,
    )
