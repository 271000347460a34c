"""What links have lent to the dispatcher's thread: it waits for the bytes of all of them, and for what is
posted, at once.

However many links there are, a read wakes this one thread; and the wait costs the same for each of them, as
the kernel is told of a link once, when it lends. A second thread looks whether the dispatcher is there: while
that is away in a listener, the links read for themselves.
"""

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from drivers.worth import Worth

# How often it is looked whether the dispatcher is there. After two looks the links read for themselves: bytes
# lie unread for about 50 ms, or 120 on a machine that has much else to do: threads wait for the interpreter.
TICK_S = 0.02
# So many links are read before what they brought is run. The kernel begins with the next ones next time.
AT_ONCE = 16


class Loan(Protocol):
    """A link's reading, lent to the dispatcher's thread: see `drivers.stream.loan.Loan`, which this is."""

    descriptor: int

    def begin(self, taker: "Loans") -> None: ...

    def read(self) -> None: ...

    def refuse(self) -> None: ...


class Loans:
    """Of one thread of a dispatcher's, which alone calls `take`, `read` and `close`. `ring`, `unregister` may
    be called by any thread. The constructor opens nothing."""

    def __init__(self, name: str, worth: Worth) -> None:
        self._name = name
        self._worth = worth
        self._epoll: select.epoll | None = None
        self._bell = -1
        # Guards the descriptors, and who is among the lent: nobody rings what is closed, or gives back there.
        self._lock = threading.Lock()
        self.lent: dict[int, Loan] = {}
        """By the descriptor that is waited for."""
        self._watcher: threading.Thread | None = None
        self._look = threading.Lock()  # released when the watcher has something to do
        self._look.acquire()
        self._turns = 0  # this and the next: written by the dispatcher's thread, for the watcher
        self._waits = False
        self.unrung = False
        """Whether the thread waits, and who has posted has to `ring`."""

    def take(self, loan: Loan) -> None:
        """Read for its link from now on, if that can be."""
        try:
            if self._epoll is None:
                self._open()
            loan.begin(self)
        except (OSError, RuntimeError):  # no descriptor or thread is left, or there is nothing to wait on
            loan.refuse()

    def register(self, loan: Loan) -> None:
        """Wait for its bytes. By the loan alone."""
        assert self._epoll is not None
        with self._lock:
            self._epoll.register(loan.descriptor, select.EPOLLIN)
            self.lent[loan.descriptor] = loan
            first = len(self.lent) == 1
        if first:
            self._rouse_watcher()

    def unregister(self, loan: Loan) -> None:
        """The opposite; nothing happens after `close`. By the loan alone."""
        with self._lock:
            if self.lent.pop(loan.descriptor, None) is None or self._epoll is None:
                return
            with suppress(OSError):  # one that was closed is not waited for
                self._epoll.unregister(loan.descriptor)

    def read(self, timeout_s: float, nothing_else: Callable[[], bool]) -> None:
        """Wait for bytes or a ring, if there is `nothing_else` to do, and take what has come."""
        assert self._epoll is not None
        # First this, then the look at the queue: who posts from now on rings.
        self._waits = self.unrung = True
        ready = self._epoll.poll(timeout_s if nothing_else() else 0.0, AT_ONCE)
        self._waits = self.unrung = False
        self._turns += 1
        for descriptor, _ in ready:
            if descriptor == self._bell:
                os.eventfd_read(descriptor)
            # One that was given back a moment ago is not there. Nor is its descriptor another's by now: that
            # would have to be taken first, by this thread.
            elif (loan := self.lent.get(descriptor)) is not None:
                self._worth.reads += 1
                loan.read()

    def ring(self) -> None:
        """End the wait, as something has been posted."""
        with self._lock:
            if self._epoll is not None:
                self.unrung = False
                self._worth.rings += 1
                os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Give back what is lent; nothing is taken any more."""
        with self._lock:
            epoll, self._epoll = self._epoll, None
            lent, self.lent = self.lent, {}
        for loan in lent.values():
            loan.refuse()
        if epoll is None:
            return
        epoll.close()
        os.close(self._bell)
        if self._watcher is not None:
            self._rouse_watcher()
            self._watcher.join()

    def _open(self) -> None:
        bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            epoll = select.epoll()
            epoll.register(bell, select.EPOLLIN)
            watcher = threading.Thread(target=self._watch, name=f"{self._name}-watch", daemon=True)
            self._bell, self._epoll = bell, epoll
            watcher.start()
        except BaseException:
            self._epoll = None
            os.close(bell)
            raise
        self._watcher = watcher

    def _rouse_watcher(self) -> None:
        with suppress(RuntimeError):  # it is roused already
            self._look.release()

    def _watch(self) -> None:
        turns = -1
        while self._epoll is not None:
            if self._look.acquire(timeout=TICK_S if self.lent else -1):
                turns = -1
                continue
            before, turns = turns, self._turns
            if turns == before and not self._waits:
                with self._lock:
                    away_from = list(self.lent.values())
                for loan in away_from:
                    loan.refuse()
