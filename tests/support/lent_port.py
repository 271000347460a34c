"""A port whose reading is lent, and on which nothing ever comes: a read lasts until it is woken."""

import threading

from drivers.stream.loan import Loan
from tests.support.waiting import happens


class LentPort:
    """`timeouts` are those of the reads so far; `reads` have ended, with `error` if there is one."""

    def __init__(self) -> None:
        self.reading = threading.Event()
        self.woken = threading.Event()
        self.timeouts: list[float] = []
        self.reads = 0
        self.error: Exception | None = None
        self.loan = Loan(self.read, self.woken.set)

    def read(self, timeout_s: float) -> None:
        """Wait for a wake."""
        self.timeouts.append(timeout_s)
        self.reading.set()
        happens(self.woken)
        self.woken.clear()
        self.reads += 1
        if self.error is not None:
            raise self.error

    def take_back(self) -> None:
        """End the loan, whoever reads."""
        self.loan.recall()
        self.loan.hold(lambda: True)
