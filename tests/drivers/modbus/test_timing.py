"""Silences and time-outs."""

import pytest

from drivers.modbus.timing import Timing, norm_gap_s


@pytest.mark.parametrize(
    ("baud", "gap_ms"), [(1200, 32.083), (9600, 4.010), (19_200, 2.005), (19_201, 1.75), (115_200, 1.75)]
)
def test_the_norm_s_gap(baud: int, gap_ms: float) -> None:
    """3.5 characters of 11 bits; from above 19,200 baud on, 1.75 ms."""
    assert norm_gap_s(baud) * 1000 == pytest.approx(gap_ms, abs=0.001)


def test_how_long_an_answer_may_take() -> None:
    """The time-out, and the time that both frames are on the wire."""
    assert Timing(0.5, 0.004, 11 / 9600).wait_s(8, 255) == pytest.approx(0.801, abs=0.001)
    assert Timing(0.5, 0.0, 0.0).wait_s(12, 255) == 0.5
