"""When a link lends its reading to the dispatcher's thread, and when it takes it back.

Lent is a stream of readings, for as long as nothing else is wanted of the board. A request ends the loan: it
may be a listener's, which runs on the very thread that would have to read the answer.
"""

import math
from collections.abc import Callable
from typing import Protocol

from drivers.clock import Clock
from drivers.stream.loan import Loan
from drivers.worth import STILL, Pace, Worth

# Reads a second that bring readings. With fewer than the first a loan saves nothing, in whatever company: the
# lender's looks cost as much.
LEAST = 10.0
LEAST_ENDS = 5.0
# A pace is that of so many reads, or of as long as they may take; so a link that falls silent looks after
# that itself at most 1.6 s later.
ENOUGH = 8
LONGEST_SPAN_S = ENOUGH / LEAST
# And it is that of so long: a burst is no stream.
SPAN_S = 0.1
# How long the link reads for itself after a loan was of no use.
REST_S = 1.0


class Borrower(Protocol):
    """Who reads for links, see `drivers.dispatcher.Dispatcher`."""

    worth: Worth

    def borrow(self, loan: Loan, /) -> bool:
        """Whether it takes a loan."""


class Lender:
    """Without a `borrower` nothing is lent.

    `took` and `came` belong to whoever reads, `recall` to any thread, the rest to the link's.
    """

    def __init__(self, borrower: Borrower | None, clock: Clock) -> None:
        self._link = object()  # names may be alike
        self._borrower = borrower
        self._clock = clock
        self._readings = self._reads = 0
        self._of_reads = 0  # the readings of those reads
        self._counted = (0, 0)
        self._since = clock.monotonic()
        self._flows = False  # as it was told last
        self._look_s = SPAN_S
        self._rest_until = -math.inf
        self._loan: Loan | None = None

    def took(self) -> None:
        """A reading."""
        self._readings += 1

    def came(self) -> None:
        """A read has ended that has brought bytes."""
        if self._readings != self._of_reads:
            self._of_reads = self._readings
            self._reads += 1

    def recall(self) -> None:
        """Have the link's own thread read again, if it has lent that."""
        loan = self._loan
        if loan is not None:
            loan.recall()

    def look(self, descriptor: int | None, read: Callable[[], None], free: Callable[[], bool]) -> None:
        """Lend the reading if a stream flows and the link is `free`, and return when it is back.

        `descriptor`, `read`: see `Loan`. Raises what `read` raised.
        """
        borrower = self._borrower
        if borrower is None or descriptor is None or not self._is_worth_it(borrower.worth, LEAST):
            return
        if self._clock.monotonic() < self._rest_until:
            return
        # First the loan, then the question: who wants something from now on recalls it.
        self._loan = loan = Loan(descriptor, read, self._look_s)

        def goes_on() -> bool:
            return free() and self._is_worth_it(borrower.worth, LEAST_ENDS)

        try:
            if free() and not (borrower.borrow(loan) and loan.hold(goes_on)):
                self._rest_until = self._clock.monotonic() + REST_S
        finally:
            self._loan = None

    def _is_worth_it(self, worth: Worth, least: float) -> bool:
        pace = self._pace()
        if pace is not None:
            flows = pace.reads >= least
            if flows or self._flows:  # else it has been told
                worth.tell(self._link, pace if flows else STILL)
            self._flows = flows
            self._look_s = min(max(SPAN_S, ENOUGH / pace.reads), LONGEST_SPAN_S) if flows else SPAN_S
        return self._flows and worth.lends

    def _pace(self) -> Pace | None:
        """Since the last time; None if that is too short ago."""
        now, (reads, readings) = self._clock.monotonic(), self._counted
        span, count = now - self._since, self._reads - reads
        if span < SPAN_S or (count < ENOUGH and span < LONGEST_SPAN_S):
            return None
        pace = Pace(count / span, (self._readings - readings) / span)
        self._counted, self._since = (self._reads, self._readings), now
        return pace
