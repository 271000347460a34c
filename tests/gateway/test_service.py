"""Stopping services: together, in time, and what is left behind."""

import threading
import time
from collections.abc import Iterator, Mapping

import pytest

from gateway.service import MARGIN_S, Part, State, all_within, stop_together
from tests.support.leaks import nothing_left


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    with nothing_left():
        yield


class Fake:
    """A service whose stop waits for an event, and returns what it is told."""

    name = "fake"

    def __init__(self, *, waits_for: threading.Event | None = None, answer: bool = True) -> None:
        self.waits_for, self.answer = waits_for, answer
        self.within_s = 0.0

    def start(self) -> None: ...

    def stop(self, within_s: float) -> bool:
        self.within_s = within_s
        if self.waits_for is not None:
            self.waits_for.wait(10)
        return self.answer

    def status(self) -> Mapping[str, Part]:
        return {}


def test_part_as_data() -> None:
    """The status and the message first, then the facts."""
    part = Part(State.FAILING, "no board", {"since": 3.5})
    assert list(part.as_data().items()) == [("status", "failing"), ("message", "no board"), ("since", 3.5)]


def test_services_stop_at_the_same_time() -> None:
    """One may wait for the other; each has a little less than all the time."""
    came = threading.Event()

    class Setting(Fake):
        def stop(self, within_s: float) -> bool:
            came.set()
            return super().stop(within_s)

    waiting = Fake(waits_for=came)
    assert stop_together([waiting, Setting()], 5.0)
    assert waiting.within_s == 5.0 - MARGIN_S


def test_one_that_says_no_is_heard() -> None:
    """Whatever the others say."""
    assert not stop_together([Fake(), Fake(answer=False), Fake()], 5.0)
    assert stop_together([], 5.0)


def test_one_that_hangs_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """With a line in the log, after its time and no more."""
    release = threading.Event()
    started = time.monotonic()
    assert not stop_together([Fake(), Fake(waits_for=release)], 0.1)
    assert time.monotonic() - started < 5.0
    release.set()
    assert "stopping: 1 fake or fake did not stop within 0.1 s and is left behind" in caplog.text


def test_all_within_waits_for_all() -> None:
    """True only when every action is done."""
    done: list[int] = []
    assert all_within([lambda: done.append(1), lambda: done.append(2)], 5.0, "x")
    assert sorted(done) == [1, 2]


def test_all_within_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be done at the same time is done one after the other, so that nothing is left open."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    done: list[int] = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert all_within([lambda: done.append(1), lambda: done.append(2)], 5.0, "x")
    assert done == [1, 2]


def test_one_that_raises_where_no_thread_can_be_had(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not done, and is told of; those after it have their turn."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    class Broken(Fake):
        def stop(self, within_s: float) -> bool:  # noqa: ARG002
            raise LookupError("it is broken")

    after = Fake()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not stop_together([Broken(), after], 5.0)
    assert after.within_s > 0
    assert "stopping: fake or fake failed; please report this" in caplog.text
    assert "it is broken" in caplog.text
