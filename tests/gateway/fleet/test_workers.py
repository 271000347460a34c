"""`gateway.fleet.workers`: who answers what zenoh hands over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.fleet import workers
from gateway.fleet.workers import AT_WORK, WAITING, Workers
from sig import log
from tests.support.waiting import DEADLINE_S, happens, until

NAME = "test-workers"


class Bench:
    """Workers whose jobs are functions, and what became of them."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.refused: list[Any] = []
        self.came: list[float] = []
        self.hold, self.held = threading.Event(), threading.Semaphore(0)
        self.workers: Workers[Callable[[], object]] = Workers(NAME, self._run, self._refuse)

    def wait(self) -> None:
        """A job that takes until `hold`."""
        self.held.release()
        happens(self.hold)

    def busy(self, threads: int = AT_WORK) -> None:
        """So many are at work from now on."""
        for _ in range(threads):
            self.workers.put(self.wait)
        for _ in range(threads):
            assert self.held.acquire(timeout=DEADLINE_S)

    @property
    def waiting(self) -> int:
        """How many have been taken in, and not begun."""
        return len(self.workers._waiting)

    def _run(self, job: Callable[[], object], came: float) -> None:
        self.came.append(came)
        self.done.append(job())

    def _refuse(self, job: Callable[[], object]) -> None:
        self.refused.append(job)
        job()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What `sig` logs."""
    log.setup_logger(logging.getLogger("sig"))
    yield caplog
    log.setup_logger(None)


def threads() -> int:
    return sum(each.name.startswith(NAME) for each in threading.enumerate())


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.hold.set()
    assert made.workers.close(DEADLINE_S)
    assert threads() == 0


def test_a_few_side_by_side(bench: Bench) -> None:
    """The rest wait for them, in their order."""
    bench.busy()
    for number in range(WAITING):
        bench.workers.put(lambda number=number: number)  # type: ignore[misc]
    assert threads() == AT_WORK + 1
    assert bench.done == []
    bench.hold.set()
    until(lambda: len(bench.done) == AT_WORK + WAITING)
    assert bench.refused == []


def test_one_after_the_other_in_their_order(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """And each with when it came, not with when it was its turn."""
    monkeypatch.setattr(workers, "AT_WORK", 1)
    bench.busy(1)
    before = time.monotonic()
    for number in range(5):
        bench.workers.put(lambda number=number: number)  # type: ignore[misc]
    until(lambda: bench.waiting == 5)
    after = time.monotonic()
    bench.hold.set()
    until(lambda: len(bench.done) == 6)
    assert bench.done[1:] == [0, 1, 2, 3, 4]
    assert all(before <= each <= after for each in bench.came[1:])
    assert bench.came == sorted(bench.came)


def test_what_is_too_much_is_refused_at_once(bench: Bench) -> None:
    """While all of them are at work."""
    bench.busy()
    for _ in range(WAITING):
        bench.workers.put(lambda: "waited")
    told = threading.Event()
    bench.workers.put(told.set)
    happens(told)
    assert bench.refused == [told.set]
    bench.hold.set()
    until(lambda: bench.done.count("waited") == WAITING)
    bench.workers.put(lambda: "again")
    until(lambda: "again" in bench.done)


@pytest.mark.parametrize("raised", [ZeroDivisionError("x"), SystemExit(2)])
def test_one_that_fails(bench: Bench, raised: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """Takes nobody along: as many are at work afterwards as before."""

    def fail() -> None:
        raise raised

    for _ in range(2 * AT_WORK):
        bench.workers.put(fail)
    until(lambda: len(caplog.records) == 2 * AT_WORK)
    assert "please report this" in caplog.text
    bench.busy()
    for _ in range(WAITING):
        bench.workers.put(fail)
    bench.workers.put(fail)  # is refused
    until(lambda: len(bench.refused) == 1)


def test_threads_that_nobody_needs_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for one, which is at the door; more come when there is something to do."""
    monkeypatch.setattr(workers, "IDLE_S", 0.02)
    for _ in range(2):
        bench.hold.clear()
        bench.busy()
        bench.hold.set()
        until(lambda: threads() == 1)
    bench.workers.put(lambda: "still here")
    until(lambda: "still here" in bench.done)


def test_with_no_thread_left(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    """They wait for one another, so many as may; the rest is refused, and all that is said."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", start)
        bench.busy(1)
        for _ in range(WAITING + 10):
            bench.workers.put(lambda: 7)
        assert "no thread is left" in logged.text
        assert bench.done == []
        bench.hold.set()
        until(lambda: bench.done.count(7) == WAITING)
        assert len(bench.refused) == 10
    bench.hold.clear()
    bench.busy()


def test_the_end() -> None:
    """What waits is not begun; one that is under way is waited for, so long."""
    bench = Bench()
    bench.busy()
    bench.workers.put(lambda: "late")
    until(lambda: bench.waiting == 1)
    assert not bench.workers.close(0.01)
    bench.hold.set()
    assert bench.workers.close(DEADLINE_S)
    until(lambda: threads() == 0)
    assert bench.done == [None] * AT_WORK
