"""Threads that answer what zenoh hands over: some at work, side by side, and one at the door.

zenoh's thread calls `put`, which is C, and nothing else. It is no thread of Python's: for a function of ours
Python would make a stack each time, and throw it away, and a request would take a tenth longer. So it is one
of our own threads that sees how many wait, and refuses; it needs a moment of Python for each, as zenoh's
thread does to put one there, so no more can be between the two than have come in that moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from sig import log

logger = logging.getLogger(__name__)

AT_WORK = 4
WAITING = 64
"""Jobs that wait for one of them: of more, each is refused at once."""
IDLE_S = 30.0
"""After which a thread that nobody needs ends; one stays."""

T = TypeVar("T")


class Workers(Generic[T]):
    """`run(job, came)` is called for each, on up to AT_WORK threads, with when it was taken in at the door
    (monotonic); `refuse(job)` there, for each that is too much. Where this machine has no thread left for the
    door, that is between two jobs. Until `close`. Raises RuntimeError if there is none for the first."""

    def __init__(self, name: str, run: Callable[[T, float], object], refuse: Callable[[T], object]) -> None:
        self._name = name
        self._run = run
        self._refuse = refuse
        self._arrived: SimpleQueue[T | None] = SimpleQueue()
        self.put: Callable[[T], None] = self._arrived.put
        """Any thread."""
        self._lock = threading.Lock()  # guards what follows; held for some µs, or until a thread begins
        self._waiting: deque[tuple[T, float]] = deque()
        self._threads: set[threading.Thread] = set()
        self._at_work = 0
        self._started = 0
        self._closed = False
        self._add_thread()

    def close(self, within_s: float) -> bool:
        """Begin no more of them. False if one that is under way holds up its thread."""
        deadline = time.monotonic() + within_s
        with self._lock:
            self._closed = True
            self._waiting.clear()
            threads = [each for each in self._threads if each is not threading.current_thread()]
            for _ in self._threads:
                self._arrived.put(None)
        for each in threads:
            each.join(max(0.0, deadline - time.monotonic()))
        return not any(each.is_alive() for each in threads)

    def _add_thread(self) -> None:
        self._started += 1
        thread = threading.Thread(target=self._stay, name=f"{self._name}-{self._started}", daemon=True)
        thread.start()
        self._threads.add(thread)

    # The threads

    def _stay(self) -> None:
        while self._meets_the_next():
            pass

    def _meets_the_next(self) -> bool:
        """False where this thread is to end."""
        try:
            job = self._arrived.get(True, IDLE_S)
        except Empty:
            return not self._may_leave()
        if job is None:
            return False
        came = time.monotonic()
        if self._begins(job, came):
            self._work(job, came)
        return True

    def _may_leave(self) -> bool:
        with self._lock:
            leaves = len(self._threads) - self._at_work > 1  # another is at the door
            if leaves:
                self._threads.discard(threading.current_thread())
            return leaves

    def _begins(self, job: T, came: float) -> bool:
        """Whether it is run now, by this thread. Else it waits, or is refused."""
        with self._lock:
            if self._closed:
                return False
            if self._at_work < AT_WORK:
                self._at_work += 1
                if self._at_work == len(self._threads):
                    self._to_the_door()
                return True
            # In one step: were the last at work done in between, nobody would look at what waits.
            waits = self._waits(job, came)
        if not waits:
            self._do(self._refuse, job)
        return False

    def _to_the_door(self) -> None:
        try:
            self._add_thread()
        except RuntimeError as error:
            text = f"fleet: no thread is left, so questions wait for one another: {error}"
            log.repeated.note("fleet has no thread", text, "")

    def _work(self, job: T, came: float) -> None:
        following: tuple[T, float] | None = (job, came)
        while following is not None:
            self._do(self._run, *following)
            self._take_in()
            with self._lock:
                following = self._waiting.popleft() if self._waiting else None
                if following is None:
                    self._at_work -= 1

    def _take_in(self) -> None:
        """What has come while nobody was at the door."""
        while self._nobody_at_the_door():
            try:
                job = self._arrived.get_nowait()
            except Empty:
                return
            if job is None:
                self._arrived.put(None)  # it is for who ends next
                return
            with self._lock:
                waits = self._waits(job, time.monotonic())
            if not waits:
                self._do(self._refuse, job)

    def _nobody_at_the_door(self) -> bool:
        with self._lock:
            return self._at_work == len(self._threads) and not self._closed

    def _waits(self, job: T, came: float) -> bool:
        """Whether there is room for it. With the lock."""
        if len(self._waiting) >= WAITING:
            return False
        self._waiting.append((job, came))
        return True

    def _do(self, what: Callable[..., object], *arguments: object) -> None:
        try:
            what(*arguments)
        except BaseException:  # one that fails, or exits, must not take its thread along
            logger.exception("fleet: a question was not answered; please report this")
