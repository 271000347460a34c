"""A loan: the dispatcher's thread reads a link itself, between two events.

With a thread each, a reading wakes two: the link's, which reads it, and the dispatcher's, which publishes it.
In a stream of readings the second waking is a good part of what they cost. So the link lends its reading: the
dispatcher waits for bytes besides its queue, see `drivers.loans`. It has the reading for nothing but a read,
and lets go of it before it runs a listener. When that is worth it: see `drivers.stream.lender`.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from drivers.loans import TICK_S


class Taker(Protocol):
    """Who waits for the bytes of a loan, see `drivers.loans.Loans`."""

    def register(self, loan: "Loan", /) -> None:
        """Wait for its bytes. Raises `OSError` where one cannot."""

    def unregister(self, loan: "Loan", /) -> None:
        """Do so no longer."""


class Loan:
    """`read()` takes the bytes that have come on `descriptor`; the borrower calls it, and never after `hold`
    has returned. `look_s`: how often the lender looks whether it is still worth it."""

    def __init__(self, descriptor: int, read: Callable[[], None], look_s: float) -> None:
        self.descriptor = descriptor
        self._look_s = look_s
        self._read = read
        self._held = threading.Lock()  # until recalled; the wait for an Event would cost far more
        self._held.acquire()
        self._refused = False
        # Held for a read, which runs no user code. Guards all below.
        self._reading = threading.Lock()
        self._taker: Taker | None = None
        self._over = False
        self._error: Exception | None = None

    def begin(self, taker: Taker) -> None:
        """`taker` waits for the bytes from now on, if the loan is not over. The borrower's thread. Raises
        `OSError` if it cannot."""
        with self._reading:
            if not self._over:
                taker.register(self)
                self._taker = taker

    def read(self) -> None:
        """Take the bytes that have come, if the loan is not over. The borrower's thread."""
        with self._reading:
            if self._over:
                return
            try:
                self._read()
            except Exception as error:  # noqa: BLE001 - raised by `hold`, on the thread that has to do with it
                self._error = error
                self._end()
                self.recall()

    def recall(self) -> None:
        """Have `hold` return soon. Any thread that wants something of the link."""
        with suppress(RuntimeError):  # somebody has done so before
            self._held.release()

    def refuse(self) -> None:
        """The same, as the borrower has no use for the loan, or is away. Any thread."""
        self._refused = True
        self.recall()

    def hold(self, worthwhile: Callable[[], bool]) -> bool:
        """Wait until the loan is over: recalled or refused, not taken within a tick, or not `worthwhile` any
        more. The lender's thread, which may read again afterwards.

        False if the loan was of no use, or is not any more. Raises what `read` raised.
        """
        useful = True
        if not self._held.acquire(timeout=TICK_S):
            useful = self._taker is not None
            while useful and not self._held.acquire(timeout=self._look_s):
                useful = worthwhile()
        with self._reading:  # the last read has ended
            self._end()
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback holds this frame, and with it the link's session
        return useful and not self._refused

    def _end(self) -> None:
        """At once for both: a port that is waited for and not read would wake the borrower without end."""
        self._over = True
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.unregister(self)
