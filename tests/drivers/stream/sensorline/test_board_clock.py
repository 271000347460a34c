"""From the board's clock to the gateway's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.stream.sensorline.board_clock import BoardClock


@pytest.mark.parametrize("drift", [-0.01, -0.001, 0.0, 0.0065, 0.01])
def test_a_board_clock_within_one_percent_is_followed_for_ever(drift: float) -> None:
    """A week of readings, each 2 ms on its way: the time found is within 10 ms of the true one."""
    clock = BoardClock(0, 1000.002)
    for true_s in range(0, 7 * 86400, 60):
        board_ms = round(true_s * (1 + drift) * 1000)
        found = clock.locate(board_ms, 1000.0 + true_s + 0.002)
        assert abs(found - (1000.0 + true_s)) < 0.01 + 60 * abs(drift)


def test_a_delayed_line_keeps_the_time_of_its_measurement() -> None:
    """Ten readings held up for 5 s arrive together, each with its own time."""
    clock = BoardClock(0, 1000.0)
    clock.locate(10_000, 1010.0)
    for second in range(11, 21):
        found = clock.locate(second * 1000, 1025.0)
        assert found == pytest.approx(1000.0 + second, abs=0.01 * 15 + 0.001)


def test_a_hello_that_came_late_is_corrected_by_the_next_line() -> None:
    """The fastest delivery counts."""
    clock = BoardClock(100, 1003.1)
    assert clock.locate(4000, 1004.0) == 1004.0
    assert clock.locate(5000, 1006.5) == pytest.approx(1005.0, abs=0.01 * 2.5 + 0.001)


@given(
    st.lists(st.tuples(st.integers(0, 2**53 - 1), st.floats(0, 1e6)), min_size=1, max_size=30),
    st.floats(0, 1e9),
)
def test_nothing_is_ever_measured_in_the_future(lines: list[tuple[int, float]], start: float) -> None:
    """Whatever the board's clock says, a measurement is not later than its arrival."""
    clock = BoardClock(lines[0][0], start)
    now = start
    for board_ms, wait in lines:
        now += wait
        assert clock.locate(board_ms, now) <= now
