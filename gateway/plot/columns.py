"""What is to be drawn in each column of a chart. Pure; all times are UTC in ms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.history.buckets import Bucket, Gap


class Column(NamedTuple):
    """The least, mean and greatest value of a column's time."""

    low: float
    mean: float
    high: float


def columns(
    buckets: Sequence[Bucket], gaps: Sequence[Gap], since: int, until: int, width: int, count: int
) -> list[Column | None]:
    """Of `count` equal parts of that time, each; None where nothing is known of the value. `buckets` are
    `width` ms wide, in order, and so are `gaps`. Where nothing was heard the value before holds, until a gap
    begins."""
    found: list[Column | None] = []
    at, silent = 0, 0
    for number in range(count):
        begin = since + (until - since) * number / count
        end = since + (until - since) * (number + 1) / count
        first = at
        while at < len(buckets) and buckets[at].time < end:
            at += 1
        middle = (begin + end) / 2
        while silent < len(gaps) and _end(gaps[silent], until) <= middle:
            silent += 1
        in_gap = silent < len(gaps) and gaps[silent].begin <= middle
        if at > first and not (in_gap and _is_over(buckets[at - 1], gaps[silent], width, begin)):
            found.append(_merged(buckets[first:at]))
        elif in_gap or at == 0:
            found.append(None)
        else:
            found.append(_held(buckets[at - 1], width, begin))
    return found


def gap_columns(gaps: Sequence[Gap], since: int, until: int, count: int) -> list[bool]:
    """In which of `count` equal parts of that time a gap is, be it as short as can be."""
    found = [False] * count
    for gap in gaps:
        first = int((gap.begin - since) * count / (until - since))
        last = int((_end(gap, until) - 1 - since) * count / (until - since))
        for number in range(max(0, first), min(count - 1, last) + 1):
            found[number] = True
    return found


def _end(gap: Gap, until: int) -> int:
    return until if gap.end is None else gap.end


def _is_over(bucket: Bucket, gap: Gap, width: int, begin: float) -> bool:
    """Whether the gap began before the column, and the bucket is that of its end."""
    return gap.begin <= begin and gap.end is not None and bucket.time + width > gap.end


def _merged(buckets: Sequence[Bucket]) -> Column:
    covered = sum(bucket.covered for bucket in buckets)
    mean = buckets[-1].value
    if covered:
        mean = sum(bucket.mean * bucket.covered for bucket in buckets) / covered
    low, high = min(bucket.min for bucket in buckets), max(bucket.max for bucket in buckets)
    return Column(low, min(max(mean, low), high), high)


def _held(bucket: Bucket, width: int, begin: float) -> Column:
    """What holds at `begin`: a bucket that is wider than a column, or its last value."""
    if bucket.time + width > begin:
        return Column(bucket.min, bucket.mean, bucket.max)
    return Column(bucket.value, bucket.value, bucket.value)
