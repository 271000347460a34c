"""What the peer sends that has to be done in order: signals, for the dispatcher.

All of it runs on the connection's reader, or on a guest that reads (see `sig.net.turn`), but for the jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sig import log
from sig.errors import text_of
from sig.net.calls import LATER, Call
from sig.net.dispatch import Dispatcher, Job
from sig.wire import Message

# How often, within a window of signals, the peer is told what was worked off.
REPORTS_PER_WINDOW = 8


class Arrivals:
    """What one connection's input brings for its dispatcher: gathered, and posted once for each piece.

    A hand-over between threads costs more than most jobs.
    """

    def __init__(self, dispatcher: Dispatcher, max_jobs: int, report: Callable[[int], None]) -> None:
        """`report(count)` lets the peer know that so many of its signals are worked off."""
        # Set by the router. `sort` takes the params of a signal and returns what the dispatcher is to do
        # about it, if anything; `finish` is called after all messages of a piece of input. Neither may run
        # user code. Without `sort`, the peer may not signal.
        self.sort: Callable[[Message], Job | None] | None = None
        self.finish: Callable[[], None] = lambda: None
        self._dispatcher = dispatcher
        self._max_jobs = max_jobs
        self._report = report
        self._report_every = 0
        self._unreported = 0
        self._jobs: list[Job] = []

    def pace(self, window: int) -> None:
        """So many signals of the peer may be on their way: report what is worked off, in parts of that."""
        self._report_every = max(1, window // REPORTS_PER_WINDOW)

    def add(self, job: Job) -> None:
        """Have the dispatcher run `job` after all that came before it."""
        self._jobs.append(job)

    def are_done(self) -> bool:
        """Whether the dispatcher has done all that has come so far."""
        return not self._jobs and self._dispatcher.is_idle()

    def take(self, params: Any) -> None:
        """A signal without an id: one of our own peers sent it, and wants to know when it is worked off."""
        if self.sort is None:
            return
        try:
            job = self.sort(params)
            if job is not None:
                self._jobs.append(job)
        except Exception as err:  # noqa: BLE001 - whatever is wrong with it concerns the peer alone
            log.get().debug(f"a signal is dropped: {text_of(err)}")
        self._unreported += 1
        if self._unreported >= self._report_every > 0:
            report = partial(self._report, self._unreported)
            self._unreported = 0
            if self.are_done():
                report()
            else:
                self._jobs.append(report)

    def take_answered(self, params: Message, call: Call) -> Any:
        """A signal that is to be answered.

        On receipt; but while there are many jobs only when it is worked off: that is what keeps a peer that
        waits for each answer from sending more than we can take.
        """
        assert self.sort is not None
        job = self.sort(params)
        if self._dispatcher.waiting() + len(self._jobs) < self._max_jobs // 2:
            call.reply(None)
        else:
            job = partial(_run_and_reply, job, call)
        if job is not None:
            self._jobs.append(job)
        return LATER

    def post(self) -> bool:
        """Hand over what was gathered; returns False if there is more than a peer may send."""
        if not self._jobs:
            return True
        posted = self._dispatcher.post(*self._jobs)
        self._jobs.clear()
        return posted


def _run_and_reply(job: Job | None, call: Call) -> None:
    try:
        if job is not None:
            job()
    finally:
        call.reply(None)
