"""A few threads for requests, and a bound on what waits for them."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import sig
from gateway.requests_pool import GRACE_S, LONGEST_S, Outcome, Pool, outcome_of, patience
from tests.support.waiting import happens, until


@pytest.fixture
def pool() -> Iterator[Pool]:
    """Two threads, and two that wait."""
    pool = Pool("test-pool", workers=2, waiting=2)
    yield pool
    assert pool.stop(5.0)


def threads() -> list[str]:
    """Those of the pool, by name."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("test-pool"))


def test_threads_are_started_when_they_are_needed(pool: Pool) -> None:
    """One after the other needs one."""
    assert threads() == []
    for _ in range(5):
        ran = threading.Event()
        assert pool.submit(ran.set)
        happens(ran)
        until(lambda: pool._running == 0)
    assert threads() == ["test-pool-1"]


def test_with_too_much_to_do(pool: Pool) -> None:
    """Two run and two wait; one more is refused, until there is room."""
    release = threading.Event()
    for _ in range(4):
        assert pool.submit(release.wait)
    assert not pool.submit(release.wait)
    assert threads() == ["test-pool-1", "test-pool-2"]
    release.set()
    until(lambda: pool.submit(lambda: None))


def test_stop_does_not_run_what_waits() -> None:
    """And says whether a thread is held up; then nothing is taken any more."""
    pool, release, ran = Pool("test-pool", workers=1, waiting=2), threading.Event(), threading.Event()
    started = threading.Event()

    def work() -> None:
        started.set()
        release.wait()

    pool.submit(work)
    happens(started)
    pool.submit(ran.set)
    assert not pool.stop(0.01)
    assert not pool.submit(ran.set)
    release.set()
    assert pool.stop(5.0)
    assert not ran.is_set()
    assert threads() == []


def test_a_machine_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is busy; the pool goes on when it has some again."""
    pool = Pool("test-pool")
    with monkeypatch.context() as patch:

        def none(_thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", none)
        assert not pool.submit(lambda: None)
    ran = threading.Event()
    assert pool.submit(ran.set)
    happens(ran)
    assert pool.stop(5.0)


@pytest.mark.parametrize(
    ("params", "seconds"),
    [
        (None, 7.0),
        ({}, 7.0),
        ({"timeout": 2}, 2 + GRACE_S),
        ({"timeout": 0}, GRACE_S),
        ({"timeout": 1e9}, LONGEST_S + GRACE_S),
        ({"timeout": -1}, 7.0),
        ({"timeout": True}, 7.0),
        ({"timeout": "2"}, 7.0),
        ([2], 7.0),
    ],
)
def test_patience(params: Any, seconds: float) -> None:
    """The caller's own time-out, if it can be meant."""
    assert patience(params, 7.0) == seconds


def raises(error: BaseException) -> Any:
    """A request that fails."""

    def ask() -> Any:
        raise error

    return ask


class SpeechlessError(Exception):
    """Its text cannot be had."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (sig.NotConnected("gone"), Outcome(error="not_connected", message="gone")),
        (sig.RequestTimeout(), Outcome(error="timeout", message="RequestTimeout")),
        (ValueError("x"), Outcome(error="failed", message="ValueError: x")),
        (SystemExit(3), Outcome(error="failed", message="SystemExit: 3")),
        (SpeechlessError(), Outcome(error="failed", message="SpeechlessError: <SpeechlessError>")),
    ],
)
def test_what_a_request_comes_to(error: BaseException, outcome: Outcome) -> None:
    """Whatever is raised."""
    assert outcome_of(raises(error)) == outcome
    assert outcome_of(lambda: 5) == Outcome(5)
