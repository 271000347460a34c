"""What is drawn in each column."""

from gateway.history.buckets import Bucket, Gap
from gateway.plot.columns import Column, columns, gap_columns


def bucket(time: int, value: float, low: float, high: float, mean: float, covered: int = 10) -> Bucket:
    """Of some readings."""
    return Bucket(time, value, low, high, mean, 3, covered)


def flat(value: float) -> Column:
    """One value."""
    return Column(value, value, value)


def test_a_value_holds() -> None:
    """Before the first there is none; after a bucket its last value holds, but within it its mean."""
    found = columns([bucket(25, 3, 1, 9, 2)], (), 0, 80, 20, 8)
    assert found == [None, None, Column(1, 2, 9), Column(1, 2, 9), Column(1, 2, 9), flat(3), flat(3), flat(3)]


def test_several_in_one_column() -> None:
    """The mean is by time; a bucket that covers none has its last value."""
    some = [bucket(0, 1, 0, 2, 1, 30), bucket(5, 5, 4, 6, 5, 10), bucket(10, 7, 7, 7, 0, 0)]
    assert columns(some, (), 0, 20, 5, 2) == [Column(0, 2, 6), flat(7)]


def test_gaps_are_empty() -> None:
    """From their beginning to the value after them, also where a bucket reaches into one."""
    gaps = [Gap(20, 50, "a"), Gap(70, None, "b")]
    some = [bucket(0, 1, 1, 1, 1), bucket(50, 2, 2, 2, 2)]
    found = columns(some, gaps, 0, 90, 30, 9)
    assert found == [flat(1), flat(1), None, None, None, flat(2), flat(2), None, None]


def test_a_bucket_that_begins_in_a_gap() -> None:
    """It is that of the reading which ends the gap: it is drawn where the gap is over."""
    found = columns([bucket(0, 1, 1, 1, 1), bucket(40, 2, 2, 2, 2)], [Gap(10, 55, "a")], 0, 80, 20, 8)
    assert found == [flat(1), None, None, None, None, flat(2), flat(2), flat(2)]


def test_where_gaps_are() -> None:
    """Each is somewhere, however short; those beyond the edges are cut."""
    gaps = [Gap(-50, 10, "a"), Gap(31, 32, "b"), Gap(60, None, "c")]
    assert gap_columns(gaps, 0, 80, 8) == [True, False, False, True, False, False, True, True]
    assert gap_columns([Gap(0, 20, "a")], 0, 80, 8) == [True, True] + [False] * 6
