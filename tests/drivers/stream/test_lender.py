"""When a reading is lent, and for how long, on a clock of the test's own."""

import weakref
from collections.abc import Callable

import pytest

from drivers.stream import lender as lender_module
from drivers.stream.lender import FLOOD, REST_S, SPAN_S, STREAM, STREAM_ENDS, Lender
from drivers.stream.loan import Loan
from tests.support.fake_clock import FakeClock


class Link:
    """Looks at once, with the readings that came since; `borrower` is offered the loans."""

    def __init__(self, *, lends: bool = True) -> None:
        self.clock = FakeClock()
        self.loans: list[Loan] = []
        self.accepts = True
        self.free = True
        self.asked: Callable[[], None] = lambda: None
        self.lender = Lender(self.offer if lends else None, self.clock)

    def offer(self, loan: Loan) -> bool:
        """A loan, which ends at once."""
        self.loans.append(loan)
        loan.recall()
        return self.accepts

    def look(self, rate: float, span_s: float = SPAN_S) -> int:
        """So many readings a second for so long, and a look; how many loans that makes."""
        before = len(self.loans)
        self.pass_by(rate, span_s)
        self.lender.look(lambda _: None, lambda: None, self.is_free)
        return len(self.loans) - before

    def pass_by(self, rate: float, span_s: float) -> None:
        """So many readings a second for so long."""
        self.clock.advance(span_s * 1.001)  # sums of 0.1 are not exact
        for _ in range(round(rate * span_s)):
            self.lender.took()

    def is_free(self) -> bool:
        """Whether nothing is wanted of the board."""
        self.asked()
        return self.free


@pytest.fixture
def link() -> Link:
    """A link that lends."""
    return Link()


def test_only_a_stream_is_lent(link: Link) -> None:
    """Slower readings would gain nothing."""
    assert link.look(STREAM * 0.9) == 0
    assert link.look(1.2 * STREAM) == 1
    assert link.look(STREAM * 0.9, 1.0) == 0
    assert link.look(1.2 * STREAM, 1.0) == 1


def test_a_flood_is_not_lent(link: Link) -> None:
    """There is nothing to save, and its reader is to slow down when listeners do not keep up."""
    assert link.look(1.1 * FLOOD) == 0
    assert link.look(0.9 * FLOOD) == 1


def test_a_burst_is_no_stream(link: Link) -> None:
    """Readings are counted over a while, however often one looks."""
    assert link.look(STREAM * 5, SPAN_S / 10) == 0
    assert link.look(0.0, SPAN_S) == 0


def test_nobody_to_lend_to() -> None:
    """A port that cannot be woken, or is too fast."""
    assert Link(lends=False).look(STREAM * 2) == 0


def test_a_link_that_wants_something_reads_itself(link: Link) -> None:
    """And lends as soon as it has it."""
    link.free = False
    assert link.look(1.2 * STREAM) == 0
    link.free = True
    assert link.look(1.2 * STREAM) == 1


def test_what_is_wanted_at_the_last_moment_ends_the_loan(link: Link) -> None:
    """Whoever recalls it while the link is asked whether it is free finds a loan."""
    recalled: list[bool] = []

    def offer(loan: Loan) -> bool:
        recalled.append(loan.hold(lambda: False))  # a loan that is not recalled would be of no use
        return True

    link.lender = Lender(offer, link.clock)
    link.asked = link.lender.recall
    link.look(2 * STREAM)
    assert recalled == [True]


def test_a_loan_that_was_of_no_use_is_followed_by_a_rest(link: Link) -> None:
    """Whether it was refused, or ended so."""
    link.accepts = False
    assert link.look(1.2 * STREAM) == 1
    assert sum(link.look(1.2 * STREAM) for _ in range(round(REST_S / SPAN_S) - 1)) == 0
    assert link.look(1.2 * STREAM, 2 * SPAN_S) == 1


@pytest.mark.parametrize(
    ("rate", "wakes", "useful"),
    [
        (STREAM_ENDS * 1.1, 0, True),
        (STREAM_ENDS * 0.9, 0, False),
        (FLOOD * 1.1, 0, False),
        (1000.0, 24, True),
        (1000.0, 26, False),
    ],
)
def test_how_long_it_is_worth_it(
    link: Link, monkeypatch: pytest.MonkeyPatch, rate: float, wakes: int, useful: bool
) -> None:
    """As long as the stream flows, and the borrower is not woken too often for other links."""
    spans: list[bool] = []

    class Scripted(Loan):
        """Asks over three spans whether it is still worth it, and twice in each."""

        def hold(self, worthwhile: Callable[[], bool]) -> bool:
            for _ in range(3):
                assert worthwhile()  # it is too early to tell
                for _ in range(wakes):
                    self.wake()
                link.pass_by(rate, SPAN_S)
                spans.append(worthwhile())
            return True

    monkeypatch.setattr(lender_module, "Loan", Scripted)
    link.look(2 * STREAM)
    assert spans == [useful] * 3


def test_a_loan_is_forgotten_with_its_end(link: Link) -> None:
    """And with it the session that it was made for."""
    assert link.look(1.2 * STREAM) == 1
    gone = weakref.ref(link.loans.pop())
    assert gone() is None
