"""Median, average, digits."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.smoothing import PARTS, Average, Median, Smoothing, Window, smoothing_of

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=120)
NOTHING: dict[str, Any] = {"median": None, "average": None}


def taken(window: Window, values: Sequence[float], every: float = 1.0) -> list[float]:
    return [window.take(value, 100 + number * every) for number, value in enumerate(values)]


def test_a_median_lets_no_single_spike_through_and_a_step_whole() -> None:
    """A step comes when it has the majority: with five, two readings late."""
    assert taken(Median(5), [20, 20, 20, 20, 20, 90, 20, 20, 20, 20, 30, 30, 30, 30]) == [20] * 12 + [30] * 2


def test_a_median_before_there_are_enough() -> None:
    """Of those there are."""
    assert taken(Median(5), [4, 2, 9, 3]) == [4, 3, 4, 3.5]


@given(VALUES, st.sampled_from([3, 5, 99]))
def test_a_median_is_that_of_the_last_values(values: list[float], size: int) -> None:
    """And so within them."""
    for number, median in enumerate(taken(Median(size), values), start=1):
        last = values[max(0, number - size) : number]
        assert median == statistics.median(last)
        assert min(last) <= median <= max(last)


def test_an_average_is_of_the_last_seconds() -> None:
    """A step is half through after half of them; a value that is as old as the span is out."""
    assert taken(Average(30), [20, 20, 20, 26, 26, 26, 26], every=10) == [20, 20, 20, 22, 24, 26, 26]


def test_an_average_of_values_that_are_rarer_than_its_span() -> None:
    """Is the value."""
    assert taken(Average(30), [1, 2, 3], every=31) == [1, 2, 3]


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 20)), min_size=1, max_size=100),
    st.floats(0.1, 60),
)
def test_an_average_is_within_its_values_and_exact_where_they_are_few(
    steps: list[tuple[float, float]], span: float
) -> None:
    """It is the mean of the values since; those within 1/256 of the span of each other go together."""
    average, time, seen = Average(span), 0.0, []
    for value, gap in steps:
        time += gap
        seen.append((time, value))
        mean = average.take(value, time)
        since = [one for when, one in seen if when > time - span * (1 + 1 / PARTS)]
        assert min(since) - 1e-6 <= mean <= max(since) + 1e-6
        if all(one >= 2 * span / PARTS for _, one in steps):
            exact = [one for when, one in seen if when > time - span]
            assert mean == pytest.approx(statistics.fmean(exact), abs=1e-6)


def test_an_average_keeps_little_however_much_comes() -> None:
    """At 500 readings a second for a day's average, and with times that step back a little."""
    average = Average(10.0)
    for number in range(20_000):
        mean = average.take(float(number % 2), number * 0.002 - (number % 3) * 0.001)
    assert len(average._parts) <= PARTS + 1
    assert mean == pytest.approx(0.5, abs=0.01)
    assert sum(count for _, _, count in average._parts) == pytest.approx(5000, abs=5000 / PARTS + 1)


def test_an_average_of_what_no_sum_can_hold() -> None:
    """Is the newest value: never infinity, which is no JSON."""
    assert taken(Average(30), [1.7e308, 1.7e308, 1.6e308])[-1] == 1.6e308


@pytest.mark.parametrize("window", [Median(3), Average(30)])
def test_peeking_leaves_no_trace(window: Window) -> None:
    """It says what taking would."""
    taken(window, [1, 2])
    assert [window.peek(9, 110.0) for _ in range(3)] == [window.peek(9, 110.0)] * 3
    assert window.peek(9, 110.0) == window.take(9, 110.0)


def test_peeking_at_a_full_median_leaves_its_oldest_out() -> None:
    """As taking would."""
    median = Median(3)
    taken(median, [1, 2, 3])
    assert median.peek(9, 0.0) == 3


def test_peeking_at_an_average_leaves_out_what_is_too_old() -> None:
    """As taking would; a value just as old as the span is out."""
    average = Average(30)
    taken(average, [1, 3], every=10)
    assert [average.peek(5, time) for time in (129.9, 130.0, 139.9, 140.0)] == [3, 4, 4, 5]


@pytest.mark.parametrize("window", [Median(5), Average(1000)])
def test_a_reset_forgets(window: Window) -> None:
    """The next value stands alone."""
    taken(window, [1, 2, 3])
    window.reset()
    assert window.take(10, 200.0) == 10


def test_a_suspect_value_does_not_go_in() -> None:
    """It gets its digits, and is what it is."""
    smoothing = Smoothing(Median(3), 1)
    assert smoothing.take(20.04, None, 0.0) == 20.0
    assert smoothing.take(90.06, "spike", 1.0) == 90.1
    assert smoothing.peek(90.06, "spike", 1.0) == 90.1
    assert smoothing.take(20.0, None, 2.0) == 20.0


def test_digits() -> None:
    """Those that are asked for, else the judge's; and never -0.0, which would be in the JSON."""
    smoothing = Smoothing(Average(100), None)
    smoothing.decimals = 2
    smoothing.take(1.0, None, 0.0)
    smoothing.take(1.0, None, 1.0)
    assert smoothing.take(2.0, None, 2.0) == 1.33
    assert math.copysign(1, Smoothing(None, 0).take(-0.2, None, 0.0)) == 1
    Smoothing(None, 0).reset()


def test_without_options_there_is_nothing() -> None:
    """So nothing is paid for."""
    assert smoothing_of(NOTHING, None) is None
    assert smoothing_of(NOTHING, 0) is not None
    assert smoothing_of({**NOTHING, "median": 3}, None) is not None
    assert smoothing_of({**NOTHING, "average": 3.0}, None) is not None
