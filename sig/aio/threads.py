"""What blocks, on threads of its own: as many as there are jobs, up to a bound."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from sig import log
from sig.client import ClientRouter
from sig.errors import Busy
from sig.router import Router

# For the process: as many at once as a connection runs; and 1,024 that wait, each some 2 kB.
MAX_THREADS = 16
MAX_WAITING = 1024

Job = Callable[[], object]


class Threads:
    """Runs jobs side by side. Each thread ends as soon as no job waits."""

    def __init__(self, most: int, max_waiting: int) -> None:
        self._most = most
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._running = 0

    def post(self, job: Job) -> None:
        """Run a job, which must not raise, as soon as a thread is free. Raises Busy if too many wait, and
        RuntimeError if the machine has no thread left."""
        with self._lock:
            if self._running >= self._most:
                if len(self._jobs) >= self._max_waiting:
                    raise Busy(f"{len(self._jobs)} requests wait already: try again later")
                self._jobs.append(job)
                return
            self._running += 1
        try:
            threading.Thread(target=self._run, args=(job,), name="sig-aio", daemon=True).start()
        except BaseException:
            with self._lock:
                self._running -= 1
            raise

    def forget(self, job: Job) -> None:
        """Do not run that job, unless it has begun."""
        with self._lock, suppress(ValueError):
            self._jobs.remove(job)

    def _run(self, job: Job) -> None:
        while True:
            try:
                job()
            except BaseException:  # noqa: BLE001 - a loop of somebody's own may raise anything to `settle`
                log.failure("sig-aio: a job failed")
            with self._lock:
                if not self._jobs:
                    self._running -= 1
                    return
                job = self._jobs.popleft()


threads = Threads(MAX_THREADS, MAX_WAITING)
# What makes and ends connections and senders has one each, so that no handler that hangs holds it up.
apart = Threads(sys.maxsize, 0)


class Outcome(NamedTuple):
    """What something has come to, on another thread or in another task."""

    value: Any
    error: BaseException | None = None

    def result(self) -> Any:
        """The value, or the error, raised."""
        if self.error is not None:
            raise self.error
        return self.value


async def on_thread(function: Callable[[], Any]) -> Any:
    """What `function` returns or raises. Cancelled, one that has begun runs to its end, unheard."""
    work = Work(threads, function)
    try:
        return (await work.outcome).result()
    except asyncio.CancelledError:
        work.forget()
        raise


class Work:
    """A function on a thread, and its `outcome`, for the loop that began it. Raises as `post` does.

    `or_here`: on a machine that has no thread left it runs at once, on the loop's own, and is over then. That
    is for what must be done, even though the loop waits for it.
    """

    def __init__(self, pool: Threads, function: Callable[[], Any], *, or_here: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[Outcome] = loop.create_future()
        self._pool = pool
        context = contextvars.copy_context()

        def job() -> None:
            try:
                outcome = Outcome(context.run(function))
            except BaseException as err:  # noqa: BLE001 - whatever it is, it belongs to the caller
                outcome = Outcome(None, err)
            settle(loop, self.outcome, outcome)

        self._job = job
        try:
            pool.post(job)
        except RuntimeError:
            if not or_here:
                raise
            job()

    def forget(self) -> None:
        """Do not run it, unless it has begun."""
        self._pool.forget(self._job)

    async def ended(self, within_s: float | None = None) -> None:
        """Wait for its end, so long at the most. A cancel leaves the outcome alone."""
        await asyncio.wait([self.outcome], timeout=within_s)


def settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], value: Any) -> None:
    """Complete a future from another thread, if anybody still waits for it."""

    def complete() -> None:
        if not future.done():
            future.set_result(value)

    with suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(complete)


def client_of(router: Router) -> ClientRouter:
    """The router, which has to be a client's where `remote` is asked for."""
    if not isinstance(router, ClientRouter):
        raise TypeError(f"remote=True is for a ClientRouter, got a {type(router).__name__}")
    return router
