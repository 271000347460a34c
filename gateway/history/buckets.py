"""Many readings as few points that keep the spikes, and know the gaps. Pure, no I/O. All times are UTC in ms.

Between two readings the value holds, until a gap begins: so a bucket's least, greatest and mean value are of
all the time that it covers, with the value that held when it began, and the mean is by time. A bucket in
which nothing was heard is none: the value of the one before holds. Gaps are not made of buckets, so they are
the same at every zoom.

Buckets begin at multiples of their width since the epoch, and widths are round: a chart that is drawn again a
minute later, or zoomed, has the same buckets.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from operator import mul, sub
from typing import NamedTuple

from gateway.history.sealed import Columns

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
WIDTHS = (
    *(number * SECOND for number in (1, 2, 5, 10, 15, 30)),
    *(number * MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * HOUR for number in (1, 2, 3, 6, 12)),
    *(number * DAY for number in (1, 2, 7, 14, 28)),
)
DAMAGED = "damaged"
"""The reason of a gap where there were readings, and what is on disk is not what was written."""


class Gap(NamedTuple):
    """Nothing is known of the value from `begin` on, until `end`, or still (None)."""

    begin: int
    end: int | None
    reason: str


class Bucket(NamedTuple):
    """Of so many `readings` `value` is the last; `mean` is over the `covered` ms in which one was known."""

    time: int
    value: float
    min: float
    max: float
    mean: float
    readings: int
    covered: int


def width_of(span: int, points: int) -> int:
    """The narrowest round width with which so many points cover the span. Raises `ValueError` for less than
    one point."""
    if points < 1:
        raise ValueError(f"expected at least 1 point, got {points}")
    wanted = max(1, span) / points
    round_ones = (width for width in WIDTHS if width >= wanted)
    return next(round_ones, -(-span // (points * DAY)) * DAY)


def bucketed(
    rows: Columns, held: float | None, gaps: Sequence[Gap], since: int, until: int, width: int
) -> list[Bucket]:
    """The buckets of `since` to `until`, in order. `rows` are all of that time; `held` is the value that held
    when it began, None for none; `gaps` are in order, and no reading is inside one."""
    times, values = list(rows.times), list(rows.values)
    uncounted = held is not None and (not times or times[0] > since)
    if held is not None and uncounted:  # as if it had been heard then
        times.insert(0, since)
        values.insert(0, held)
    if not times:
        return []
    found = _stepped(times, values, *_ends(times, gaps, until), width)
    if uncounted:
        found[0] = found[0]._replace(readings=found[0].readings - 1)
    return found


def held_after(made: Sequence[Bucket], held: float | None, gaps: Sequence[Gap], until: int) -> float | None:
    """The value that holds at the end of these buckets, of a time that ends then and began with `held`."""
    value = made[-1].value if made else held
    over = any(gap.begin <= until and (gap.end or until + 1) > until for gap in gaps)
    return None if over else value


def _stepped(
    times: Sequence[int], values: Sequence[float], ends: Sequence[int], whole: bool, width: int
) -> list[Bucket]:
    """Of values that hold until their `ends`; `whole`: each until the next."""
    spans = list(map(sub, ends, times))
    known = [*times, ends[-1]] if whole else list(accumulate(spans, initial=0))
    areas = list(accumulate(map(mul, values, spans), initial=0.0))
    found: list[Bucket] = []
    add = found.append
    first, count = 0, len(times)
    begin = times[0] // width * width
    held_to, value = begin, 0.0  # how long the value before the bucket holds, and which it is
    while True:
        end = begin + width
        near = first + NEAR  # most buckets are small, and to look for their end in all of them takes longer
        last = bisect_left(times, end, first, near if near < count and times[near] >= end else count)
        chosen = values[first:last]
        least, most = min(chosen), max(chosen)
        covered, area = known[last] - known[first], areas[last] - areas[first]
        if held_to > begin:  # it has held on
            before = held_to - begin
            covered += before
            area += before * value
            if value < least:
                least = value
            elif value > most:
                most = value
        held_to, value = ends[last - 1], chosen[-1]
        if held_to > end:  # it holds on, into those after
            over = held_to - end
            covered -= over
            area -= over * value
        mean = area / covered if covered else value
        if not least <= mean <= most:  # sums of floats
            mean = least if mean < least else most
        add(new_bucket((begin, value, least, most, mean, last - first, covered)))
        first = last
        if first == count:
            break
        begin = end if times[first] < end + width else times[first] // width * width
    return found


NEAR = 16
"""Readings of a bucket, mostly fewer."""
new_bucket = partial(tuple.__new__, Bucket)
"""Without the checks that a call of the class costs: a chart is some hundred of them."""


def _ends(times: Sequence[int], gaps: Sequence[Gap], until: int) -> tuple[list[int], bool]:
    """Until when each value holds: until the next, or a gap. And whether it is the next for all of them."""
    ends = [*times[1:], max(until, times[-1])]
    whole = True
    for gap in gaps:
        row = bisect_right(times, gap.begin) - 1
        if row >= 0 and gap.begin < ends[row]:
            ends[row], whole = gap.begin, False
    return ends, whole
