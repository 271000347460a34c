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


@pytest.mark.parametrize("drift", [-0.01, 0.003, 0.01])
def test_a_kept_reading_between_two_that_were_heard(drift: float) -> None:
    """An hour's outage, of which the clock's course is known on both sides."""
    clock = BoardClock(0, 1000.0)
    for true_s in (*range(0, 120, 10), *range(3720, 3800, 10)):
        if true_s == 3720:
            clock.resume(round(true_s * 1000 * (1 + drift)), 1000.0 + true_s)
        clock.locate(round(true_s * 1000 * (1 + drift)), 1000.0 + true_s)
    for true_s in (50, 120, 1000, 2000, 3719):
        found, doubt = clock.place(round(true_s * 1000 * (1 + drift)), 5000.0)
        assert found == pytest.approx(1000.0 + true_s, abs=0.2)
        assert doubt is None
    assert clock.drift == pytest.approx(-drift / (1 + drift), abs=1e-4)
    assert clock.started == pytest.approx(1000.0, abs=0.2)


def test_a_kept_reading_after_the_last_that_was_heard() -> None:
    """By the drift, its own or that of the boot before; without, by the offset; never in the future."""
    clock = BoardClock(0, 1000.0)
    assert clock.place(100_000, 2000.0) == (1100.0, None)
    assert clock.place(100_000, 2000.0, 0.01)[0] == pytest.approx(1101.0)
    assert clock.place(100_000, 1050.0) == (1050.0, None)
    assert clock.drift is None
    for true_s in range(0, 400, 10):
        clock.locate(round(true_s * 990), 1000.0 + true_s)
    found, _ = clock.place(495_000, 2000.0, 0.5)
    assert found == pytest.approx(1500.0, abs=0.1)


def test_a_clock_that_stood_still_is_doubted() -> None:
    """It is not known when."""
    clock = BoardClock(0, 1000.0)
    clock.locate(10_000, 1010.0)
    clock.resume(20_000, 1100.0)
    found, doubt = clock.place(15_000, 1200.0)
    assert 1015.0 <= found <= 1095.0
    assert doubt is not None
    assert "stood still" in doubt
    assert "80 s" in doubt


def test_a_clock_remembers_little_of_a_long_life() -> None:
    """Of a year with a hello each ten minutes: its beginning, and all parts of it."""
    clock = BoardClock(0, 0.0)
    for minute in range(0, 60 * 24 * 365, 10):
        clock.resume(minute * 60_000, minute * 60.0)
    assert len(clock._points) <= 64
    for day in (0, 100, 364):
        assert clock.place(day * 86_400_000 + 1, 4e7)[0] == pytest.approx(day * 86_400.0, abs=0.2)
