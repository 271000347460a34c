"""Requests to senders on a small pool of threads, for those who must not wait themselves.

With all threads at work and so many requests waiting, another is refused at once. A request that is under way
cannot be interrupted: who gave it up has its thread back when it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple

import sig
from gateway.encoding import text_of

logger = logging.getLogger(__name__)

WORKERS = 4
WAITING = 16
"""Live reads of one link run one after the other, some 10 ms each."""
GRACE_S = 0.5
"""What a handler that keeps to the caller's time-out is given to say so itself."""
LONGEST_S = 60.0


class Outcome(NamedTuple):
    """What became of a request: a response, or the type and the text of an error."""

    response: Any = None
    error: str | None = None
    message: str = ""


class Pool:
    """Threads `name-1`, `name-2`, …, started when they are needed. From any thread, but for `stop`."""

    def __init__(self, name: str, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._name = name
        self._most_workers = workers
        self._most = workers + waiting
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._lock = threading.Lock()  # guards what follows
        self._workers: list[threading.Thread] = []
        self._running = 0
        self._open = True

    def submit(self, work: Callable[[], object]) -> bool:
        """Have it run on one of the threads; False if there is too much to do. It must not raise."""
        with self._lock:
            if not self._open or self._running >= self._most:
                return False
            if len(self._workers) < min(self._most_workers, self._running + 1) and not self._start():
                return False
            self._running += 1
        self._queue.put(work)
        return True

    def stop(self, timeout_s: float) -> bool:
        """End the threads; False if one is held up by its request. What waits is not run."""
        with self._lock:
            self._open = False
        for _ in self._workers:
            self._queue.put(None)
        deadline = time.monotonic() + timeout_s
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        return not any(worker.is_alive() for worker in self._workers)

    def _start(self) -> bool:
        """A thread more; False if there is none at all, as this machine has none left."""
        name = f"{self._name}-{len(self._workers) + 1}"
        worker = threading.Thread(target=self._work, name=name, daemon=True)
        try:
            worker.start()
        except RuntimeError:
            return bool(self._workers)
        self._workers.append(worker)
        return True

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            if self._open:
                work()
            with self._lock:
                self._running -= 1


def patience(params: Any, default_s: float) -> float:
    """How long a caller waits: its own `timeout`, if it gives one that can be meant, else the default."""
    wanted = params.get("timeout") if isinstance(params, dict) else None
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and wanted >= 0:
        return min(wanted, LONGEST_S) + GRACE_S
    return default_s


def outcome_of(ask: Callable[[], Any]) -> Outcome:
    """What a request comes to, whatever its handler raises."""
    try:
        return Outcome(ask())
    except sig.RequestError as error:
        return Outcome(error=error.error, message=text_of(error) or type(error).__name__)
    except BaseException as error:  # also sys.exit() in a handler ends only the request
        logger.debug("a request failed", exc_info=True)
        return Outcome(error="failed", message=f"{type(error).__name__}: {text_of(error)}")
