"""The threads that run user code for one connection: a dispatcher, in order, and a pool, side by side."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from sig import log
from sig.net.writing import mode

Job = Callable[[], object]

IDLE_WORKER_S = 5.0


class _Inside(threading.local):
    owner: object = None


_inside = _Inside()


def runs_for(owner: object) -> bool:
    """Whether this thread is one of those that run user code for `owner`, which thus must not wait for it."""
    return _inside.owner is owner


class Dispatcher:
    """One thread that runs jobs in the order in which they were posted. It starts with the first job."""

    def __init__(self, name: str, max_jobs: int, owner: object) -> None:
        self._name = name
        self._max_jobs = max_jobs
        self._owner = owner
        self._changed = threading.Condition(threading.Lock())
        self._jobs: deque[Job] = deque()
        # Those that the thread has taken, all at once, and not begun yet.
        self._taken: deque[Job] = deque()
        self._closed = False
        self._discards = False
        self._waiting = False
        self._thread: threading.Thread | None = None

    def is_idle(self) -> bool:
        """Whether all jobs posted so far are done. Of use to the only thread that posts."""
        # In this order: the thread ceases to wait before it takes the jobs.
        return not self._jobs and (self._waiting or self._thread is None)

    def waiting(self) -> int:
        """How many jobs have not begun."""
        return len(self._jobs) + len(self._taken)

    def post(self, *jobs: Job, must: bool = False) -> bool:
        """Queue jobs; False if the queue is full (never with `must`) or closed. Never blocks.

        Raises RuntimeError, and queues nothing, if the machine has no thread left for the first of them.
        """
        with self._changed:
            if self._closed or (self.waiting() + len(jobs) > self._max_jobs and not must):
                return False
            if self._thread is None:
                self._start()
            self._jobs.extend(jobs)
            if self._waiting:
                self._changed.notify()
            return True

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            self._thread = thread  # before it starts: stopped in between, there would be two, and no order
            thread.start()
        except BaseException:
            self._thread = None
            raise

    def close(self, discard: bool = False) -> None:
        """Take no more jobs; the thread ends once those posted before are done, or (`discard`) dropped."""
        with self._changed:
            self._closed = True
            if discard:
                self._jobs.clear()
                self._discards = True
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end after `close`; False if user code still runs on it."""
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                _inside.owner = self._owner
                while self._run_some():
                    pass
                return
            except BaseException:  # noqa: BLE001 - for want of memory, say: who posts jobs relies on this thread
                log.failure(f"{self._name} failed")

    def _run_some(self) -> bool:
        """Run the jobs there are, or the next ones; False at the end."""
        if not self._taken and not self._take():
            return False
        self._run_taken()
        return True

    def _take(self) -> bool:
        """Wait for jobs, and take all there are; False at the end."""
        try:
            with self._changed:
                while not self._jobs:
                    if self._closed:
                        return False
                    self._waiting = True
                    self._changed.wait()
                self._waiting = False
                self._taken, self._jobs = self._jobs, deque()
            return True
        except BaseException:
            self._waiting = False  # or it would pass for idle, with jobs at work
            raise

    def _run_taken(self) -> None:
        # with more to come, let the writers gather what the listeners post
        mode.later = len(self._taken) > 1
        while self._taken and not self._discards:
            try:
                if len(self._taken) == 1:
                    mode.later = False
                # Nothing comes between: a job that is taken, and then lost, is an event that nobody hears.
                self._taken.popleft()()
            except BaseException:  # noqa: BLE001 - one job that fails, or exits, must not stop those behind it
                log.failure(f"{self._name}: a job failed")
        self._taken.clear()


class Pool:
    """A few threads that run jobs side by side. They start when they are needed, and end when idle."""

    def __init__(
        self, name: str, workers: int, max_jobs: int, owner: object, failed: Callable[[], object]
    ) -> None:
        """`failed()` is called, on any of its threads, if a job may be lost: by a fault of ours, or for
        want of memory. Somebody waits for its answer, so what it belongs to has to be ended."""
        self._name = name
        self._workers = workers
        self._max_jobs = max_jobs
        self._owner = owner
        self._failed = failed
        self._lock = threading.Lock()  # guards what follows; the queue is waited for without it
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._undone = 0
        self._threads: list[threading.Thread] = []
        self._started = 0
        self._closed = False

    def post(self, job: Job) -> bool:
        """Queue a job; False if as many as may wait already do, or it is closed, or there is no thread to run
        it. Never blocks."""
        with self._lock:
            if self._closed or self._jobs.qsize() >= self._max_jobs:
                return False
            needs_one = self._undone >= len(self._threads) < self._workers
            if needs_one and not self._add_worker() and not self._threads:
                return False
            self._undone += 1
            self._jobs.put(job)
            return True

    def _add_worker(self) -> bool:
        """False if this machine has no thread left; others may be at work."""
        self._started += 1
        name = f"{self._name}-{self._started}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            self._threads.append(thread)
            thread.start()
        except RuntimeError:
            self._forget(thread)
            return False
        except BaseException:
            self._forget(thread)
            raise
        return True

    def _forget(self, thread: threading.Thread) -> None:
        if thread in self._threads:
            self._threads.remove(thread)

    def is_behind(self) -> bool:
        """Whether jobs wait for a worker."""
        return not self._jobs.empty()

    def close(self) -> None:
        """Take no more jobs, and throw away those that have not begun."""
        with self._lock:
            self._closed = True
            with suppress(Empty):
                while True:
                    self._jobs.get_nowait()
            for _ in self._threads:
                self._jobs.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads' end after `close`; False if user code still runs on one."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            threads = [t for t in self._threads if t is not threading.current_thread()]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _run(self) -> None:
        while True:
            try:
                _inside.owner = self._owner
                while (job := self._next()) is not None:
                    try:
                        job()
                    finally:
                        del job  # nor what it holds, while this waits
                        self._done()
                return
            except BaseException:  # noqa: BLE001 - one job that fails must not take its thread along
                log.failure(f"{self._name}: a job failed")
                self._failed()

    def _next(self) -> Job | None:
        """The next job; None when this thread is to end."""
        while True:
            try:
                job = self._jobs.get(True, IDLE_WORKER_S)
            except Empty:
                job = None
            if job is not None:
                return job
            with self._lock:
                if self._closed or self._jobs.empty():  # else one was posted just now, for this thread
                    self._forget(threading.current_thread())
                    return None

    def _done(self) -> None:
        with self._lock:
            self._undone -= 1
