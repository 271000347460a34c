"""When a loop went round last."""

from drivers.stopping import Stopping
from tests.support.fake_clock import FakeClock


def test_each_question_is_noted() -> None:
    """Whether it is to end, or is to wait for that."""
    clock = FakeClock()
    stopping = Stopping(clock.monotonic)
    assert stopping.asked == clock.monotonic()
    clock.advance(5)
    assert stopping.asked == clock.monotonic() - 5
    assert not stopping.is_set()
    assert stopping.asked == clock.monotonic()
    clock.advance(5)
    assert not stopping.wait(0)
    assert stopping.asked == clock.monotonic()
    stopping.set()
    clock.advance(5)
    assert stopping.wait(0)
    assert stopping.is_set()


def test_a_wait_is_noted_at_its_end_too() -> None:
    """A loop that waits goes round when the wait is over."""
    clock = FakeClock()
    times = iter([1.0, 2.0, 3.0])
    stopping = Stopping(lambda: next(times))
    assert stopping.asked == 1.0
    stopping.wait(0)
    assert stopping.asked == 3.0
    assert clock.monotonic() == 1000
