"""When a reading is lent, and for how long, on a clock of the test's own."""

import weakref
from collections.abc import Callable

import pytest

from drivers.stream import lender as lender_module
from drivers.stream.lender import ENOUGH, LEAST, LEAST_ENDS, LONGEST_SPAN_S, REST_S, SPAN_S, Lender
from drivers.stream.loan import Loan
from drivers.worth import FORGOTTEN_S, STILL, STREAM, TRIAL_S, Pace, Worth
from tests.support.fake_clock import FakeClock

FAST = 2 * STREAM


class Told(Worth):
    """What links tell, and whether they are to lend, is the test's."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.lends = True
        self.paces: list[Pace] = []

    def tell(self, link: object, pace: Pace) -> None:  # noqa: ARG002 - there is one
        """See `Worth`."""
        self.paces.append(pace)


class Link:
    """Looks at once, with what has come since; it is offered the loans itself."""

    def __init__(self, *, lends: bool = True) -> None:
        self.clock = FakeClock()
        self.worth: Worth = Told()
        self.loans: list[Loan] = []
        self.accepts = True
        self.free = True
        self.asked: Callable[[], None] = lambda: None
        self.lender = Lender(self if lends else None, self.clock)

    @property
    def paces(self) -> list[Pace]:
        """Those that have been told."""
        assert isinstance(self.worth, Told)
        return self.worth.paces

    def borrow(self, loan: Loan) -> bool:
        """A loan, which ends at once."""
        self.loans.append(loan)
        loan.recall()
        return self.accepts

    def look(self, rate: float, span_s: float = SPAN_S, *, readings: int = 1) -> int:
        """So many reads a second for so long, and a look; how many loans that makes."""
        before = len(self.loans)
        self.pass_by(rate, span_s, readings=readings)
        self.lender.look(7, lambda: None, self.is_free)
        return len(self.loans) - before

    def pass_by(self, rate: float, span_s: float, *, readings: int = 1) -> None:
        """So many reads a second for so long, each of so many readings."""
        self.clock.advance(span_s * 1.001)  # sums of 0.1 are not exact
        for _ in range(round(rate * span_s)):
            for _ in range(readings):
                self.lender.took()
            self.lender.came()

    def is_free(self) -> bool:
        """Whether nothing is wanted of the board."""
        self.asked()
        return self.free


@pytest.fixture
def link() -> Link:
    """A link that lends."""
    return Link()


def test_only_a_stream_is_lent(link: Link) -> None:
    """Slower readings would gain nothing in any company."""
    assert link.look(LEAST * 0.8, 5.0) == 0
    assert link.look(LEAST * 1.2, 5.0) == 1
    assert link.look(LEAST * 0.8, 5.0) == 0


def test_only_what_is_worth_it_is_lent(link: Link) -> None:
    """As all links together say."""
    link.worth.lends = False
    assert link.look(FAST) == 0
    link.worth.lends = True
    assert link.look(0.0, 0.01) == 1


def test_its_pace_is_told(link: Link) -> None:
    """Its reads and its readings; when it ends, too, but then it is told once."""
    link.look(FAST, 1.0, readings=3)
    assert link.paces.pop() == pytest.approx((FAST, 3 * FAST), rel=0.01)
    for _ in range(3):
        link.look(LEAST / 2, 1.0)
    assert link.paces == [STILL]
    link.look(2 * LEAST, 1.0)
    assert link.paces[-1] == pytest.approx((2 * LEAST, 2 * LEAST), rel=0.01)


def test_reads_that_bring_no_reading_do_not_count(link: Link) -> None:
    """Noise, or what a board says besides: the link is to look after it itself."""
    assert link.look(FAST, 1.0, readings=0) == 0
    assert link.paces == []
    link.look(FAST)
    assert link.look(FAST, 1.0, readings=0) == 0


def test_a_burst_is_no_stream(link: Link) -> None:
    """Reads are counted over a while, however often one looks."""
    assert link.look(FAST * 5, SPAN_S / 10) == 0
    assert link.look(0.0, SPAN_S) == 1
    assert link.paces[-1].reads == pytest.approx(FAST / 2, rel=0.1)


def test_a_slow_link_is_counted_for_longer(link: Link) -> None:
    """Until it is known how fast it is, or that it is too slow."""
    span_s = 0.6 * LONGEST_SPAN_S
    assert link.look((ENOUGH - 1) / span_s, span_s) == 0
    assert link.paces == []
    assert link.look(1 / 0.01, 0.01) == 1
    assert link.paces == [pytest.approx((ENOUGH / span_s, ENOUGH / span_s), rel=0.05)]
    assert link.look(0.0, 0.9 * LONGEST_SPAN_S) == 1  # as it was
    assert link.look(0.0, 0.2 * LONGEST_SPAN_S) == 0


def test_nobody_to_lend_to(link: Link) -> None:
    """A port that is too fast, or that shows nothing to wait on."""
    assert Link(lends=False).look(FAST) == 0
    link.pass_by(FAST, SPAN_S)
    link.lender.look(None, lambda: None, link.is_free)
    assert link.loans == []


def test_a_link_that_wants_something_reads_itself(link: Link) -> None:
    """And lends as soon as it has it."""
    link.free = False
    assert link.look(FAST) == 0
    link.free = True
    assert link.look(0.0, 0.001) == 1


def test_what_is_wanted_at_the_last_moment_ends_the_loan(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever recalls it while the link is asked whether it is free finds a loan."""
    recalled: list[bool] = []

    def borrow(loan: Loan) -> bool:
        recalled.append(loan.hold(lambda: False))  # a loan that is not recalled would be of no use
        return True

    monkeypatch.setattr(link, "borrow", borrow)
    link.asked = link.lender.recall
    link.look(FAST)
    assert recalled == [True]


def test_a_loan_that_was_of_no_use_is_followed_by_a_rest(link: Link) -> None:
    """Whether it was refused, or ended so."""
    link.accepts = False
    assert link.look(FAST) == 1
    assert sum(link.look(FAST) for _ in range(round(REST_S / SPAN_S) - 1)) == 0
    assert link.look(FAST, 2 * SPAN_S) == 1


@pytest.mark.parametrize(
    ("rate", "lends", "useful"),
    [(LEAST_ENDS * 1.1, True, True), (LEAST_ENDS * 0.9, True, False), (FAST, False, False)],
)
def test_how_long_it_is_worth_it(
    link: Link, monkeypatch: pytest.MonkeyPatch, rate: float, lends: bool, useful: bool
) -> None:
    """As long as the stream flows, and all links together are worth it."""
    spans: list[bool] = []

    class Scripted(Loan):
        """Asks over three spans whether it is still worth it, and twice in each."""

        def hold(self, worthwhile: Callable[[], bool]) -> bool:
            link.worth.lends = lends
            for _ in range(3):
                link.pass_by(rate, 5.0)
                spans.append(worthwhile())
                assert worthwhile() is spans[-1]  # it is too early for anything new
            return True

    monkeypatch.setattr(lender_module, "Loan", Scripted)
    link.look(FAST)
    assert spans == [useful] * 3


@pytest.mark.parametrize(
    ("rate", "look_s"), [(FAST, SPAN_S), (2 * ENOUGH, 0.5), (1.01 * LEAST, 0.99 * LONGEST_SPAN_S)]
)
def test_how_often_it_is_looked_at(
    link: Link, monkeypatch: pytest.MonkeyPatch, rate: float, look_s: float
) -> None:
    """As often as there is a new pace."""
    looks: list[float] = []

    class Noted(Loan):
        """Says how often it is looked at."""

        def __init__(self, descriptor: int, read: Callable[[], None], look_s: float) -> None:
            super().__init__(descriptor, read, look_s)
            assert descriptor == 7
            looks.append(look_s)

    monkeypatch.setattr(lender_module, "Loan", Noted)
    link.look(rate, 10.0)
    assert looks == [pytest.approx(look_s, rel=0.02)]


def test_a_link_in_company_that_is_judged_for_real(link: Link) -> None:
    """A slow one does not lend alone, and does with a fast one beside it."""
    link.worth = Worth(link.clock.monotonic)
    assert link.look(2 * LEAST, 1.0) == 0
    link.worth.tell("other", Pace(STREAM, STREAM))
    assert link.look(2 * LEAST, 1.0) == 1
    assert link.look(2 * LEAST, FORGOTTEN_S + TRIAL_S) == 0


def test_a_loan_is_forgotten_with_its_end(link: Link) -> None:
    """And with it the session that it was made for."""
    assert link.look(FAST) == 1
    gone = weakref.ref(link.loans.pop())
    assert gone() is None


def test_a_link_is_asked_while_it_has_lent(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each look: that is how it is known that its thread goes round, though it reads nothing."""
    asked: list[bool] = []

    class Held(Loan):
        """A loan that is looked at three times."""

        def hold(self, worthwhile: Callable[[], bool]) -> bool:
            """See `Loan`."""
            link.asked = lambda: asked.append(link.free)
            assert [worthwhile(), worthwhile()] == [True, True]
            link.free = False
            assert not worthwhile()
            return True

    monkeypatch.setattr(lender_module, "Loan", Held)
    link.look(FAST)
    assert asked == [True, True, False]
