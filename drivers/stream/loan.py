"""A loan: the dispatcher's thread reads a busy link itself, between two events.

With a thread each, a reading wakes two: the link's, which reads it, and the dispatcher's, which publishes it.
In a stream of readings the second waking is a good part of what they cost. So the link lends its reading: the
dispatcher waits for bytes instead of for its queue. It has the reading for nothing but a read, and lets go of
it before it runs a listener. The link's thread looks after that, see `drivers.stream.lender`.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

# How often the lender looks whether the borrower is there. After two looks it reads itself: bytes lie unread
# for about 50 ms, or 120 on a machine that has much else to do (measured): threads wait for the interpreter.
TICK_S = 0.02


class Loan:
    """`read(timeout_s)` waits for bytes and takes them; the borrower calls it, and never after `hold` has
    returned. `wake()` has a read that waits return; it may be called after that, too."""

    def __init__(self, read: Callable[[float], None], wake: Callable[[], None]) -> None:
        self._read = read
        self._wake = wake
        self._reading = threading.Lock()  # held for a read, which runs no user code
        self._held = threading.Lock()  # until recalled; the wait for an Event would cost far more
        self._held.acquire()
        self._refused = False
        self._reads = 0  # this and the error: written by the borrower
        self._error: Exception | None = None
        self.over = False
        """Whether nobody may read any more."""
        self.wakes = 0
        """How often the borrower was wanted for something else, or nearly: several threads count."""

    def read(self, timeout_s: float) -> bool:
        """Wait for bytes, and take them; False if the loan is over. The borrower's thread."""
        with self._reading:
            if self.over:
                return False
            try:
                self._read(timeout_s)
            except Exception as error:  # noqa: BLE001 - raised by `hold`, on the thread that has to do with it
                self._error = error
                self.over = True
                self.recall()
            self._reads += 1
            return not self.over

    def wake(self) -> None:
        """End a read that waits. Any thread that has something for the borrower."""
        self.wakes += 1
        self._wake()

    def recall(self) -> None:
        """Have `hold` return soon. Any thread that wants something of the link."""
        with suppress(RuntimeError):  # somebody has done so before
            self._held.release()

    def refuse(self) -> None:
        """The same, as the borrower has no use for the loan. The borrower's thread."""
        self._refused = True
        self.recall()

    def hold(self, worthwhile: Callable[[], bool]) -> bool:
        """Wait until the loan is over: recalled or refused, not `worthwhile` any more (asked every tick), or
        because the borrower stayed away. The lender's thread, which may read again afterwards.

        False if the loan was of no use, or is not any more. Raises what `read` raised.
        """
        reads = 0
        useful = True
        while useful and not self._held.acquire(timeout=TICK_S):
            before, reads = reads, self._reads
            useful = worthwhile() and (reads != before or self._reading.locked())
        self.over = True  # before the wake: the next read must not begin
        self._wake()
        with self._reading:
            pass  # the last read has ended
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback holds this frame, and with it the link's session
        return useful and not self._refused
