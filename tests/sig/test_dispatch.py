"""The dispatcher and the pool: order, bounds, and ends."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from sig.net import dispatch
from sig.net.dispatch import Dispatcher, Pool, runs_for
from tests.sig.netkit import WAIT_S, Logged, eventually, in_turn, threads_called


def test_a_dispatcher_keeps_the_order_and_survives_a_job_that_fails(logged: Logged) -> None:
    """One thread, first come first served; what a job raises is logged."""
    owner = object()
    dispatcher = Dispatcher("d", 100, owner)
    done: list[Any] = []

    def note(number: int) -> None:
        done.append((number, runs_for(owner)))

    for number in range(50):
        assert dispatcher.post(partial(note, number))
    assert dispatcher.post(lambda: 1 / 0)
    assert dispatcher.post(lambda: done.append("last"))
    dispatcher.close()
    assert dispatcher.join(WAIT_S)
    assert done == [*((number, True) for number in range(50)), "last"]
    logged.wait_for("ZeroDivisionError")
    assert not dispatcher.post(print)


def test_a_dispatcher_is_bounded() -> None:
    """Posting never blocks: a full queue refuses, except what must not be lost; discarding throws away."""
    dispatcher = Dispatcher("d", 2, None)
    entered, hold = threading.Event(), threading.Event()
    done: list[int] = []
    dispatcher.post(in_turn(entered.set, lambda: hold.wait(WAIT_S)))
    assert entered.wait(WAIT_S)
    assert dispatcher.post(lambda: done.append(1))
    assert dispatcher.post(lambda: done.append(2))
    assert not dispatcher.post(lambda: done.append(3))
    assert dispatcher.post(lambda: done.append(4), must=True)
    assert dispatcher.waiting() == 3
    assert not dispatcher.join(0.01)
    dispatcher.close(discard=True)
    hold.set()
    assert dispatcher.join(WAIT_S)
    assert done == []


def test_a_pool_is_bounded_and_runs_side_by_side() -> None:
    """As many at once as there are workers, as many waiting as may; the rest is refused."""
    failed = threading.Event()
    pool = Pool("p", 2, 2, None, failed.set)
    barrier, hold = threading.Barrier(3), threading.Event()
    ran: list[int] = []

    def job() -> None:
        barrier.wait(WAIT_S)
        hold.wait(WAIT_S)

    assert pool.post(job)
    assert pool.post(job)
    barrier.wait(WAIT_S)
    assert pool.post(lambda: ran.append(1))
    assert pool.post(lambda: 1 / 0)
    assert not pool.post(lambda: ran.append(3))
    assert not pool.join(0.01)
    hold.set()
    eventually(lambda: ran == [1])
    assert failed.wait(WAIT_S)
    pool.close()
    assert not pool.post(print)
    assert pool.join(WAIT_S)


def test_idle_workers_end(monkeypatch: Any) -> None:
    """And start again when there is something to do."""
    monkeypatch.setattr(dispatch, "IDLE_WORKER_S", 0.05)
    pool = Pool("idle-pool", 2, 2, None, lambda: None)
    for _ in range(2):
        done = threading.Event()
        assert pool.post(done.set)
        assert done.wait(WAIT_S)
        eventually(lambda: not threads_called("idle-pool"))
    pool.close()


def test_a_job_that_is_posted_as_a_worker_ends(monkeypatch: Any) -> None:
    """Is done, by that one or another; never are there more of them than may be."""
    monkeypatch.setattr(dispatch, "IDLE_WORKER_S", 0.0)
    pool = Pool("ending-pool", 2, 100, None, lambda: None)
    for _ in range(500):
        jobs = [threading.Event() for _ in range(3)]
        assert all(pool.post(each.set) for each in jobs)
        assert len(threads_called("ending-pool")) <= 2
        assert all(each.wait(WAIT_S) for each in jobs)
    pool.close()
    assert pool.join(WAIT_S)


def test_what_waits_at_the_end_is_thrown_away() -> None:
    """What is under way is not."""
    pool = Pool("p", 1, 10, None, lambda: None)
    began, hold, done = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        hold.wait(WAIT_S)
        done.set()

    assert pool.post(job)
    assert began.wait(WAIT_S)
    assert pool.post(lambda: 1 / 0)
    assert pool.is_behind()
    pool.close()
    hold.set()
    assert pool.join(WAIT_S)
    assert done.is_set()
    assert not threads_called("p-")


def test_one_worker_is_enough_for_one_job_at_a_time() -> None:
    """Another begins only when the others have something to do."""
    pool = Pool("single-pool", 4, 10, None, lambda: None)
    for _ in range(10):
        done = threading.Event()
        assert pool.post(done.set)
        assert done.wait(WAIT_S)
        eventually(lambda: not pool._undone)
    assert len(threads_called("single-pool")) == 1
    pool.close()
    assert pool.join(WAIT_S)
