"""What is learnt of a source that does not say how often it reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gaps import Gaps


def gaps_of(*times: float) -> Gaps:
    gaps = Gaps()
    for time in times:
        gaps.note(time)
    return gaps


@pytest.mark.parametrize("times", [(), (100.0,), (100.0, 100.0), (100.0, 99.0)])
def test_before_there_is_a_gap(times: tuple[float, ...]) -> None:
    """Nothing is known, and a value lasts five minutes."""
    gaps = gaps_of(*times)
    assert gaps.longest is None
    assert gaps.stale_after == 300


@pytest.mark.parametrize(
    ("gap", "stale_after"), [(0.1, 10), (3.0, 10), (4.0, 12), (60.0, 180), (1200.0, 3600), (9000.0, 3600)]
)
def test_three_times_the_longest_gap(gap: float, stale_after: float) -> None:
    """Within ten seconds and an hour."""
    gaps = gaps_of(50.0, 50.0 + gap)
    assert gaps.longest == pytest.approx(gap)
    assert gaps.stale_after == pytest.approx(stale_after)


def test_the_last_eight_gaps_count() -> None:
    """The ninth one pushes the first out."""
    times = [0.0, 100.0, *(100.0 + 5 * count for count in range(1, 8))]
    gaps = gaps_of(*times)
    assert gaps.longest == 100
    gaps.note(times[-1] + 6)
    assert gaps.longest == 6
    assert gaps.stale_after == 18


def test_an_interruption_is_no_gap() -> None:
    """The source was unplugged for a day; what was learnt before holds."""
    gaps = gaps_of(0.0, 7.0)
    gaps.interrupted()
    gaps.note(86400.0)
    assert gaps.longest == 7
    gaps.note(86408.0)
    assert gaps.longest == 8


def test_two_at_once_are_one_report() -> None:
    """The second of a moment, or one from before, changes nothing."""
    gaps = gaps_of(0.0, 20.0, 20.0, 19.0, 25.0)
    assert gaps.longest == 20
    assert list(gaps._gaps) == [20, 5]


@given(st.lists(st.floats(0, 1e6), max_size=40))
def test_it_is_always_within_its_bounds(times: list[float]) -> None:
    """Whatever comes, in whatever order."""
    gaps = gaps_of(*times)
    assert 10 <= gaps.stale_after <= 3600
    assert len(gaps._gaps) <= 8
