"""The dispatcher: one thread that runs the listeners of device events, in order.

Readers post and go on; posting never blocks. Whatever a listener does (raise, block, request a live read of
the very sensor that called it) happens on this thread, where it holds up other listeners, and no reader.
While there is nothing to run, the thread may read for busy links, which take that back when it is away; see
`drivers.loans`.
"""

import heapq
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Self

from drivers.clock import SYSTEM_CLOCK, Clock
from drivers.loans import Loan, Loans
from drivers.reasons import LoggedReasons
from drivers.worth import Worth

logger = logging.getLogger(__name__)

# 20 s of 500 readings a second: longer than any listener should block, at about 300 bytes each 3 MB.
CAPACITY = 10_000
# With so many waiting, a reader pauses between two reads, so that a burst finds its way through without
# drops.
BUSY = CAPACITY // 8
BREATH_S = 0.001
# A listener that holds the thread longer than this is named in the log.
SLOW_S = 1.0
# The longest single wait: one of centuries (a timer of 1e10 s) is more than the system's wait takes.
_LONGEST_WAIT_S = 3600.0

Job = Callable[[Any], None]


class DispatcherStatus(NamedTuple):
    """How a dispatcher fares: whether its thread runs, for how many seconds it has been at the same job (0:
    at none), how many events wait and how many may, how many were dropped since the start."""

    running: bool
    busy_s: float
    waiting: int
    capacity: int
    dropped: int


class Dispatcher:
    """A bounded queue and the thread that empties it; timers run on the same thread.

    Owned by whoever creates it, who calls `start` and `stop` (or uses it as a context manager). Any thread
    may post.
    """

    def __init__(
        self, *, capacity: int = CAPACITY, clock: Clock = SYSTEM_CLOCK, name: str = "dispatcher"
    ) -> None:
        self._capacity = capacity
        self._clock = clock
        self._name = name
        # A SimpleQueue hands over in C, which matters at thousands of readings a second; the bound is kept by
        # post().
        self._queue: SimpleQueue[tuple[Job, Any] | None] = SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._due = math.inf  # when the first timer is due
        self._timer_numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self.worth = Worth(clock.monotonic)
        """Whether links are to lend it their reading."""
        self._loans = Loans(name, self.worth)  # of the thread
        self._logged = LoggedReasons(name, clock.monotonic)  # of the thread
        self._busy_since: float | None = None  # written by the thread alone, as the next
        self.turned = clock.monotonic()
        """When (monotonic) the thread was done with a job or with a timer last. For any thread."""
        self._dropping = threading.Lock()  # several readers may drop at once
        self.dropped = 0

    def start(self) -> None:
        """Start the thread; nothing happens if it runs already. One that `stop` left behind in a listener
        ends when that returns. Raises RuntimeError where this machine has no thread left."""
        if self._thread is None:
            self._loans = loans = Loans(self._name, self.worth)
            thread = threading.Thread(target=self._run, args=(loans,), name=self._name, daemon=True)
            self._thread = thread  # by which it sees that it is to go on
            try:
                thread.start()
            except RuntimeError:
                self._thread = None
                raise

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Finish what is queued, then end the thread. What a blocking listener keeps from finishing in
        `timeout_s` is left behind, with a line in the log, and False returned. A listener may call it too:
        then nobody waits."""
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        self._put(None)
        if thread is threading.current_thread():
            return True
        thread.join(timeout_s)
        if thread.is_alive():
            logger.error(
                "%s: a listener did not return within %g s; %d events are left",
                self._name,
                timeout_s,
                self.depth,
            )
            return False
        return True

    def status(self) -> DispatcherStatus:
        """How it fares now; from any thread."""
        thread, since = self._thread, self._busy_since
        busy_s = self._clock.monotonic() - since if since is not None else 0.0
        running = thread is not None and thread.is_alive()
        return DispatcherStatus(running, busy_s, self.depth, self._capacity, self.dropped)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def depth(self) -> int:
        """How many events wait."""
        return self._queue.qsize()

    def post(self, job: Job, argument: object) -> bool:
        """Have `job(argument)` run; False, and counted in `dropped`, when the queue is full. Never blocks."""
        if self._queue.qsize() >= self._capacity:
            with self._dropping:
                self.dropped += 1
            return False
        self._put((job, argument))
        return True

    def post_always(self, job: Job, argument: object) -> None:
        """The same for what must not be dropped (connect, disconnect); the caller bounds how many it
        posts."""
        self._put((job, argument))

    def borrow(self, loan: Loan) -> bool:
        """Read for a link when there is nothing else to do, instead of waiting for what it posts; False if
        that cannot be. From the link's thread, which then holds the loan. It may lend as long as others do,
        see `worth`."""
        if self._thread is None or self._queue.qsize() >= self._capacity:
            return False
        self._put((self._take_loan, loan))
        return True

    def breathe(self) -> None:
        """For a reader, between two reads: let the dispatcher catch up. Returns after `BREATH_S` at the
        latest, whatever the listeners do, so a reader never waits for a listener."""
        if self._queue.qsize() > BUSY:
            time.sleep(BREATH_S)

    def call_at(self, when: float, action: Callable[[], None]) -> None:
        """Have `action` run at the clock's monotonic time `when`. Only from the dispatcher's own thread."""
        heapq.heappush(self._timers, (when, next(self._timer_numbers), action))
        self._due = self._timers[0][0]

    def run_due(self) -> None:
        """Run the timers that are due.

        The thread calls it between events; a test with a clock of its own may call it too. A timer that an
        action sets waits for the next call, however near it is: events go on between.
        """
        now = self._clock.monotonic()
        due = []
        while self._timers and self._timers[0][0] <= now:
            due.append(heapq.heappop(self._timers)[2])
        for action in due:
            self._guard(lambda _, action=action: action(), None)  # type: ignore[misc]
        self._due = self._timers[0][0] if self._timers else math.inf

    def _put(self, item: tuple[Job, Any] | None) -> None:
        self._queue.put(item)
        # After the put, as the thread looks at the queue after it has said that it waits.
        loans = self._loans
        if loans.unrung:
            loans.ring()

    def _take_loan(self, loan: Loan) -> None:
        if threading.current_thread() is self._thread:
            self._loans.take(loan)
        else:  # it is to end, or is one that was left behind
            loan.refuse()

    def _next(self, loans: Loans) -> tuple[Job, Any] | None:
        """What was posted, None at the end. Raises Empty when there is nothing, and timers may be due."""
        wait_s = max(0.0, min(self._due - self._clock.monotonic(), _LONGEST_WAIT_S))
        queue = self._queue
        if not loans.lent or not queue.empty():
            return queue.get(True, wait_s)
        loans.read(wait_s, queue.empty)
        return queue.get(False)

    def _run(self, loans: Loans) -> None:
        try:
            self._work(loans)
        finally:
            loans.close()

    def _work(self, loans: Loans) -> None:
        clock, me = self._clock.monotonic, threading.current_thread()
        while self._thread in (me, None):
            try:
                item = self._next(loans)
            except Empty:
                self._busy_since = clock()
                self.run_due()
                self.turned, self._busy_since = clock(), None
                continue
            if item is None:
                if self._thread is None:
                    return
                continue  # it was for a thread before this one
            self._busy_since = started = clock()
            self._guard(*item)
            self.turned = now = clock()
            if now - started > SLOW_S:
                self._logged.warn(
                    f"the listeners of one event took {now - started:.1f} s; {self.depth} events wait"
                )
            if now >= self._due:
                self.run_due()
            self._busy_since = None

    def _guard(self, job: Job, argument: object) -> None:
        try:
            job(argument)
        except Exception as error:
            # A sensor with a defect fails at each reading.
            owner = getattr(getattr(job, "__self__", None), "name", "")
            if self._logged.is_news(f"{getattr(job, '__qualname__', job)} {owner} {type(error).__name__}"):
                logger.exception("%s: %r failed", self._name, job)
