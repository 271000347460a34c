"""Few points that keep the spikes, and gaps that are the same at every zoom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.history.buckets import DAY, HOUR, MINUTE, SECOND, Bucket, Gap, bucketed, width_of
from gateway.history.sealed import columns

ROWS = st.dictionaries(st.integers(0, 99), st.integers(-5, 5).map(float), max_size=20).map(
    lambda rows: sorted(rows.items())
)
GAPS = st.lists(st.integers(0, 100), unique=True, max_size=6).map(
    lambda ends: [Gap(a, b, "stale") for a, b in zip(*[iter(sorted(ends))] * 2, strict=False)]
)


def by_the_millisecond(
    rows: list[tuple[int, float]], held: float | None, gaps: list[Gap], until: int, width: int
) -> list[Bucket]:
    """The same, told each millisecond anew."""
    at, found = dict(rows), []
    if held is None or 0 in at:
        value = last = None
    else:
        value = last = held
    for begin in range(0, until, width):
        known: list[float] = []
        seen = [last] if begin == 0 and last is not None else []
        heard = 0
        for now in range(begin, min(begin + width, until)):
            if now in at:
                value = last = at[now]
                seen.append(value)
                heard += 1
            if any(gap.begin == now for gap in gaps):
                value = None
            if value is not None:
                known.append(value)
        if seen:
            assert last is not None
            mean = sum(known) / len(known) if known else last
            least, most = min([*seen, *known]), max([*seen, *known])
            found.append(Bucket(begin, last, least, most, mean, heard, len(known)))
    return found


@given(ROWS, st.none() | st.integers(-5, 5).map(float), GAPS, st.sampled_from([1, 7, 10, 100]))
def test_each_bucket_is_of_what_was_known(
    drawn: list[tuple[int, float]], held: float | None, gaps: list[Gap], width: int
) -> None:
    """Least, greatest, mean by time, last, and how many readings."""
    rows = [row for row in drawn if not any(gap.begin < row[0] < (gap.end or 0) for gap in gaps)]
    found = bucketed(columns([t for t, _ in rows], [v for _, v in rows]), held, gaps, 0, 100, width)
    wanted = by_the_millisecond(rows, held, gaps, 100, width)
    assert [bucket._replace(mean=0) for bucket in found] == [bucket._replace(mean=0) for bucket in wanted]
    assert [bucket.mean for bucket in found] == pytest.approx([bucket.mean for bucket in wanted])


def test_a_spike_is_kept() -> None:
    """One reading of a thousand is the bucket's greatest, and the mean hardly notices."""
    values = [20.0] * 1000
    values[500] = 85.0
    day = columns(range(0, 1000 * SECOND, SECOND), values)
    (only,) = bucketed(day, None, [], 0, 1000 * SECOND, HOUR)
    assert (only.min, only.max) == (20.0, 85.0)
    assert only.mean == pytest.approx(20.065)


def test_a_value_that_held_when_the_time_began() -> None:
    """Counts by its time, and is no reading; a gap ends it."""
    (only,) = bucketed(columns([60], [2.0]), 1.0, [], 0, 100, 100)
    assert only._replace(mean=0) == Bucket(0, 2.0, 1.0, 2.0, 0, 1, 100)
    assert only.mean == pytest.approx(1.4)
    (only,) = bucketed(columns([60], [2.0]), 1.0, [Gap(20, 60, "stale")], 0, 100, 100)
    assert only._replace(mean=0) == Bucket(0, 2.0, 1.0, 2.0, 0, 1, 60)
    assert only.mean == pytest.approx(100 / 60)


def test_nothing_at_all() -> None:
    """Is no bucket."""
    assert bucketed(columns([], []), None, [], 0, 100, 10) == []


@pytest.mark.parametrize(
    ("span", "points", "width"),
    [
        (DAY, 300, 5 * MINUTE),
        (DAY, 288, 5 * MINUTE),
        (DAY, 287, 10 * MINUTE),
        (365 * DAY, 1000, 12 * HOUR),
        (1, 100, SECOND),
        (0, 1, SECOND),
        (100_000 * DAY, 10, 10_000 * DAY),
    ],
)
def test_widths_are_round(span: int, points: int, width: int) -> None:
    """And no more points than were asked for."""
    assert width_of(span, points) == width
    assert width * points >= span


def test_less_than_a_point() -> None:
    """Is refused."""
    with pytest.raises(ValueError, match="at least 1 point, got 0"):
        width_of(DAY, 0)
