"""The threads of a bus, by themselves."""

import collections
import logging
import threading
from collections.abc import Callable

import pytest

from drivers.clock import SYSTEM_CLOCK
from drivers.sysfs.left import LeftReads
from drivers.sysfs.turns import GivenUpError, Turn, Turns
from tests.support.waiting import until


class Bus:
    """One whose steps are a test's."""

    def __init__(self) -> None:
        self.counters: collections.Counter[str] = collections.Counter()
        self.left = LeftReads()
        self.steps = 0
        self.go_on = threading.Event()
        self.within: Callable[[Turn], object] = lambda _turn: self.go_on.wait()
        self.turns = Turns("/bus", "turns-test", SYSTEM_CLOCK, self.left, 100.0, self.step, self.counters)

    def step(self, turn: Turn) -> None:
        """See `Turns`."""
        self.steps += 1
        with self.turns.reading(turn, "/bus/chip"):
            self.within(turn)

    def begin(self) -> None:
        """With a thread."""
        with self.turns.news:
            self.turns.begin()


def test_one_thread_at_a_time() -> None:
    """However often it is begun; its name is the bus's, and the end ends it."""
    bus = Bus()
    bus.begin()
    bus.begin()
    until(lambda: bus.steps == 1)
    assert [thread.name for thread in threading.enumerate()].count("turns-test") == 1
    assert bus.turns.busy
    bus.go_on.set()
    bus.turns.end()
    bus.turns.end()
    bus.begin()
    assert "turns-test" not in [thread.name for thread in threading.enumerate()]
    assert bus.counters == {}


def test_a_pause_does_not_hang() -> None:
    """And is over at the end."""
    bus = Bus()
    paused: list[Turn] = []
    ends: list[type[BaseException]] = []

    def within(turn: Turn) -> None:
        paused.append(turn)
        try:
            bus.turns.pause(turn, 1000.0)
        except GivenUpError as end:
            ends.append(type(end))
            raise

    bus.within = within
    bus.begin()
    until(lambda: paused and paused[0].reading is None)
    assert bus.turns.give_up(SYSTEM_CLOCK.monotonic() + 500.0) is None
    bus.turns.end()
    until(lambda: ends == [GivenUpError])
    assert bus.left.of("/bus") == []


def test_a_pause_that_is_over_is_reading_again() -> None:
    """From its end on."""
    bus = Bus()

    def within(turn: Turn) -> None:
        before = turn.since
        bus.turns.pause(turn, 0.01)
        assert (turn.reading, turn.since > before) == ("/bus/chip", True)
        bus.go_on.wait()

    bus.within = within
    bus.begin()
    far = SYSTEM_CLOCK.monotonic() + 500.0
    until(lambda: bus.turns.give_up(far) is not None)
    assert [each.path for each in bus.left.of("/bus")] == ["/bus/chip"]
    bus.go_on.set()
    until(lambda: bus.left.of("/bus") == [])
    assert bus.counters == {"hung": 1, "returned": 1}
    bus.turns.end()


def test_a_defect_ends_one_thread_only(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and another may begin."""
    bus = Bus()

    def within(_turn: Turn) -> None:
        raise ZeroDivisionError

    bus.within = within
    with caplog.at_level(logging.ERROR):
        bus.begin()
        until(lambda: not bus.turns.busy)
    assert "turns-test: internal error" in caplog.text
    bus.begin()
    until(lambda: bus.steps == 2)
    until(lambda: not bus.turns.busy)
    bus.turns.end()


def test_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has none, can be ended, and has one when there are threads again."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    bus = Bus()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            bus.begin()
    assert not bus.turns.busy
    bus.begin()
    until(lambda: bus.steps == 1)
    bus.go_on.set()
    bus.turns.end()

    never = Bus()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            never.begin()
    never.turns.end()
