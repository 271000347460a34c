"""When a link lends its reading to the dispatcher's thread, and when it takes it back.

Lent is a stream of readings, for as long as nothing else is wanted of the board. A request ends the loan: it
may be a listener's, which runs on the very thread that would have to read the answer.
"""

import math
from collections.abc import Callable

from drivers.clock import Clock
from drivers.stream.loan import Loan

# Readings a second. With fewer than the first a loan saves nothing: the lender's ticks cost as much.
STREAM = 200.0
STREAM_ENDS = 100.0
# Of a flood each wake-up brings many readings, and there is nothing to save. With a thread of its own the
# reading slows down when the listeners do not keep up.
FLOOD = 5000.0
# For each reading so many events of other links may come, which have to wake the borrower: of more, each
# costs more than is saved.
FOREIGN = 0.25
# Over how long readings are counted.
SPAN_S = 0.1
# How long the link reads for itself after a loan was of no use.
REST_S = 1.0


class Lender:
    """`offer` is the borrower's, and returns whether it takes a loan; None: nothing is lent.

    `took` belongs to whoever reads, `recall` to any thread, the rest to the link's.
    """

    def __init__(self, offer: Callable[[Loan], bool] | None, clock: Clock) -> None:
        self._offer = offer
        self._clock = clock
        self._readings = 0
        self._counted = 0
        self._since = clock.monotonic()
        self._rest_until = -math.inf
        self._loan: Loan | None = None
        self._wakes = 0

    def took(self) -> None:
        """A reading."""
        self._readings += 1

    def recall(self) -> None:
        """Have the link's own thread read again, if it has lent that."""
        loan = self._loan
        if loan is not None:
            loan.recall()

    def look(self, read: Callable[[float], None], wake: Callable[[], None], free: Callable[[], bool]) -> None:
        """Lend the reading if a stream flows and the link is `free`, and return when it is back.

        `read` and `wake`: see `Loan`. Raises what `read` raised.
        """
        if self._offer is None or self._clock.monotonic() - self._since < SPAN_S:
            return
        if not STREAM <= self._fresh() < FLOOD or self._clock.monotonic() < self._rest_until:
            return
        # First the loan, then the question: who wants something from now on recalls it.
        self._loan = loan = Loan(read, wake)
        self._wakes = 0
        try:
            if free() and not (self._offer(loan) and loan.hold(self._flows)):
                self._rest_until = self._clock.monotonic() + REST_S
        finally:
            self._loan = None

    def _fresh(self) -> float:
        """Readings a second since the last time."""
        now, readings = self._clock.monotonic(), self._readings
        rate = (readings - self._counted) / (now - self._since)
        self._counted, self._since = readings, now
        return rate

    def _flows(self) -> bool:
        if self._clock.monotonic() - self._since < SPAN_S or self._loan is None:
            return True
        counted, wakes = self._counted, self._wakes
        self._wakes = self._loan.wakes
        rate = self._fresh()
        foreign = self._wakes - wakes
        return STREAM_ENDS <= rate < FLOOD and foreign <= FOREIGN * (self._counted - counted)
