"""Who reloads: one thread, `reload`, one reload after the other. Others ask it to, and may wait.

No lock is held while it works, and no thread of anybody's pool works for it: a request waits for its answer,
within bounds, and goes on without it then.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from typing import Any

import sig
from gateway.reload.refusal import RefusedError
from gateway.reload.report import Report
from gateway.service import Part
from gateway.service_thread import ServiceThread
from sig.errors import text_of

logger = logging.getLogger(__name__)

MOST = 4
"""Reloads that may wait: each is of the file as it is when its turn comes."""
ANSWER_S = 45.0
"""What a request waits: for one reload of the longest kind before its own."""
LINGER_S = 1.0
"""After the answer, until those are cut off who came by a `router` that is another now: they may want it."""

Work = Callable[[threading.Event], Report]
"""One reload; raises RefusedError. The event: that nothing more is to begin."""


class _Job:
    """A reload that somebody waits for, or nobody (`waited`)."""

    __slots__ = ("done", "error", "report", "waited")

    def __init__(self, *, waited: bool) -> None:
        self.waited = waited
        self.done = threading.Event()
        self.report: Report | None = None
        self.error: Exception | None = None


class Reloader:
    """`start` and `stop` belong to one thread, `request` and `ask` are for any. `first`: done once, before
    all reloads; `after`: after each that was not refused, and after its answer. `around`: entered for each.
    """

    name = "reload"

    def __init__(self, work: Work, *, first: Callable[[], None], after: Callable[[Report], None]) -> None:
        self._work = work
        self._first = first
        self._after = after
        self.around: Callable[[], AbstractContextManager[object]] = nullcontext
        self._stopping = threading.Event()
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()  # guards the next one
        self._waiting: list[_Job] = []
        self._thread = ServiceThread("reload", self._run)

    def start(self) -> None:
        """See `Service`."""
        self._thread.start()

    def leave(self, within_s: float) -> None:
        """The gateway is about to stop: one that is under way begins nothing more, which it may see at once;
        those that wait are not done."""
        with self._lock:  # who is in the list by then is told
            self._stopping.set()
        self._queue.put(None)
        self._thread.wait(within_s)

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        self.leave(0.0)
        ended = self._thread.wait(within_s)
        if not ended:
            logger.warning("stopping: a reload is under way, and is left behind")
        return ended

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        return {}

    def request(self, params: Any) -> Any:
        """The request `reload` of the gateway's own sender: reload, and say what became of each part.

        Raises `sig.BadParams`; `sig.RequestError` if the config is refused, with a line for each error;
        `sig.Busy`, `sig.RequestTimeout`.
        """
        if params not in (None, {}):
            raise sig.BadParams(f"reload takes no params, got {params!r:.100}")
        job = _Job(waited=True)
        if not self._add(job):
            raise sig.Busy(f"{MOST} reloads wait already; ask when they are done")
        if not job.done.wait(ANSWER_S):
            raise sig.RequestTimeout(f"the reload is not done after {ANSWER_S:g} s; the log says when it is")
        if job.error is not None:
            raise sig.RequestError(text_of(job.error))
        if job.report is None:
            raise sig.NotConnected("the gateway ends")
        return job.report.as_data()

    def ask(self) -> None:
        """Reload soon, and say in the log what became of it. Never blocks."""
        if any(not job.waited for job in tuple(self._waiting)):
            return  # one that has not begun finds the file as it is by then
        self._add(_Job(waited=False))

    def _add(self, job: _Job) -> bool:
        with self._lock:
            if len(self._waiting) >= MOST or self._stopping.is_set():
                return False
            self._waiting.append(job)
        self._queue.put(job)
        return True

    # The thread

    def _run(self) -> None:
        self._guarded(self._first)
        while (job := self._queue.get()) is not None and not self._stopping.is_set():
            with self._lock:
                self._waiting.remove(job)
            try:
                with self.around():
                    job.report = self._work(self._stopping)
                self._say(job.report)
            except RefusedError as error:
                job.error = error
                _say_refused(error)
            except Exception as error:
                job.error = error
                logger.exception("reload: it failed; please report this, and restart the gateway")
            job.done.set()
            if job.report is not None:
                self._follow_up(job.report)
        for left in self._waiting:
            left.done.set()

    def _say(self, report: Report) -> None:
        lines = [line for line in report.lines() if line[1] != "kept"]
        for part, result, message in lines:
            level = logging.ERROR if result == "failed" else logging.INFO
            logger.log(level, "reload: %s: %s%s", part, result, f": {message}" if message else "")
        if not lines:
            logger.info("reload: nothing has changed")

    def _follow_up(self, report: Report) -> None:
        if report.parted:
            self._stopping.wait(LINGER_S)
        self._guarded(lambda: self._after(report))

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:
            logger.exception("reload: it failed; please report this")


def _say_refused(error: RefusedError) -> None:
    for line in error.lines:
        logger.error("%s", line)
    logger.error("reload: the config is refused, and the one before goes on")
