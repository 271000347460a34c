"""Calibration by points."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.calibration import MAX_POINTS, Calibration, parse_points

PROBE = ((310.0, 100.0), (480.0, 40.0), (620.0, 0.0))


@pytest.mark.parametrize(
    ("raw", "true"),
    [(310, 100), (395, 70), (480, 40), (550, 20), (620, 0), (225, 130), (760, -40)],
)
def test_straight_between_the_points_and_beyond(raw: float, true: float) -> None:
    """The outer lines go on."""
    assert Calibration(PROBE)(raw) == pytest.approx(true)


def test_two_points_are_one_line() -> None:
    """On both sides of each."""
    calibration = Calibration(((0.0, 1.0), (100.0, 99.0)))
    assert [calibration(raw) for raw in (-50, 0, 50, 100, 150)] == pytest.approx([-48, 1, 50, 99, 148])
    assert calibration.slopes == pytest.approx((0.98, 0.98))


def test_slopes_are_those_that_matter() -> None:
    """The least and the most, whichever way they lead; where nothing changes there is none."""
    assert Calibration(PROBE).slopes == pytest.approx((40 / 140, 60 / 170))
    assert Calibration(((0, 0), (1, 5), (2, 5), (4, 4))).slopes == (0.5, 5)
    assert Calibration(((0, 7), (1, 7))).slopes == (0, 0)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (5, "expected at least two points such as"),
        ([[1, 2]], "expected at least two points such as"),
        ("[[1, 2], [3, 4]]", "expected at least two points such as"),
        ([1, 2, 3], "expected two numbers, what the source says and what is true, got 1"),
        ([[1, 2], [3]], "got \\[3\\]"),
        ([[1, 2], [3, "x"]], "got \\[3, 'x'\\]"),
        ([[1, 2], [3, True]], "got \\[3, True\\]"),
        ([[1, 2], [3, math.nan]], "got \\[3, nan\\]"),
        ([[1, 2], [1, 3]], "expected raw values that rise from point to point, got 1 after 1"),
        ([[2, 2], [1, 3]], "got 1 after 2"),
        ([[0, 0], [5e-324, 1]], "expected points further apart than"),
        ([[n, n] for n in range(MAX_POINTS + 1)], f"expected at most {MAX_POINTS} points, got 65"),
    ],
)
def test_wrong_points(raw: Any, text: str) -> None:
    """Each says what is expected."""
    with pytest.raises(ValueError, match=text):
        parse_points(raw)


def test_right_points() -> None:
    """As floats; as many as there may be."""
    assert parse_points([[1, 2], (3, 4.5)]) == ((1.0, 2.0), (3.0, 4.5))
    assert len(parse_points([[n, n] for n in range(MAX_POINTS)])) == MAX_POINTS


numbers = st.floats(-1e4, 1e4).map(lambda number: round(number, 3))


@given(
    st.lists(numbers, min_size=2, max_size=MAX_POINTS, unique=True).map(sorted),
    st.lists(numbers, min_size=MAX_POINTS, max_size=MAX_POINTS).map(sorted),
    st.booleans(),
    numbers,
    numbers,
)
def test_it_is_monotone_where_the_points_are(
    raws: list[float], trues: list[float], falls: bool, one: float, other: float
) -> None:
    """And meets each of them."""
    trues = (trues[::-1] if falls else trues)[: len(raws)]
    assume(all(right - left >= 0.001 for left, right in itertools.pairwise(raws)))
    calibration = Calibration(list(zip(raws, trues, strict=False)))
    for raw, true in zip(raws, trues, strict=False):
        assert calibration(raw) == pytest.approx(true, abs=1e-6)
    low, high = sorted((one, other))
    if falls:
        low, high = high, low
    assert calibration(low) <= calibration(high) + 1e-6
