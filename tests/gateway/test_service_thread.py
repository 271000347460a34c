"""`gateway.service_thread`: begun once, ended in time, or left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gateway.service_thread import ServiceThread
from tests.support.waiting import until


class Working:
    """A thread that works until it may end."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.began: list[str] = []
        self.thread = ServiceThread("working", self._run)

    def _run(self) -> None:
        self.began.append(threading.current_thread().name)
        self.may_end.wait()


@pytest.fixture
def working() -> Iterator[Working]:
    made = Working()
    yield made
    made.may_end.set()
    assert made.thread.wait(60.0)


def test_it_begins_once(working: Working) -> None:
    """Under its name; when it has ended it may begin again."""
    working.thread.start()
    working.thread.start()
    assert working.thread.is_begun
    until(lambda: working.began)
    working.may_end.set()
    for _ in range(2):  # also one that has ended before
        assert working.thread.wait(60.0)
    working.thread.start()
    assert working.thread.wait(60.0)
    assert working.began == ["working", "working"]


def test_one_that_is_left_behind(working: Working, caplog: pytest.LogCaptureFixture) -> None:
    """Is in the log, with what it leaves; later it may still end."""
    working.thread.start()
    assert not working.thread.stop(0.01, "work", lambda: ", with 3 events not written")
    text = "stopping: work did not stop within 0.01 s and is left behind, with 3 events not written"
    assert [record.message for record in caplog.records] == [text]
    assert working.thread.is_begun
    working.may_end.set()
    assert working.thread.stop(60.0, "work")
    assert len(caplog.records) == 1


def test_several_that_wait(working: Working) -> None:
    """Each of them sees the end."""
    working.thread.start()
    seen: list[bool] = []
    waiting = [threading.Thread(target=lambda: seen.append(working.thread.wait(60.0))) for _ in range(4)]
    for each in waiting:
        each.start()
    working.may_end.set()
    for each in waiting:
        each.join()
    assert seen == [True] * 4


def test_one_that_is_begun_again_while_somebody_waits_for_it(working: Working) -> None:
    """Who has waited for the first knows nothing of the second."""
    working.thread.start()
    first = working.thread._thread
    assert first is not None
    join = first.join

    def joined(timeout: float | None = None) -> None:
        join(timeout)
        first.join = join  # type: ignore[method-assign]
        assert working.thread.wait(60.0)
        working.may_end.clear()
        working.thread.start()

    first.join = joined  # type: ignore[method-assign]
    working.may_end.set()
    assert working.thread.wait(60.0)
    assert working.thread.is_begun


def test_one_that_was_never_begun(working: Working, caplog: pytest.LogCaptureFixture) -> None:
    """Has ended."""
    assert working.thread.stop(0.0, "work")
    assert not caplog.records


def test_no_thread_is_left(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it has not begun, and there is nothing to wait for."""

    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError):
            working.thread.start()
    assert not working.thread.is_begun
    assert working.thread.stop(0.0, "work")
