"""A loan between two threads: who reads when, and how it ends."""

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from drivers.errors import LinkLostError
from drivers.stream.loan import Loan
from tests.support.background import in_background
from tests.support.lent_port import LentPort
from tests.support.waiting import happens, until


@pytest.fixture
def port() -> LentPort:
    """A port to lend."""
    return LentPort()


@pytest.fixture
def start() -> Iterator[Callable[[Callable[[], object]], list[object]]]:
    """Run a function on a thread of its own; its result or error is put into the list."""
    threads: list[threading.Thread] = []

    def started(action: Callable[[], object]) -> list[object]:
        thread, results = in_background(action)
        threads.append(thread)
        return results

    yield started
    for thread in threads:
        thread.join()


Start = Callable[[Callable[[], object]], list[object]]


def borrow(loan: Loan) -> int:
    """Read as long as one may; how many reads that were."""
    reads = 0
    while loan.read(0.5):
        reads += 1
    return reads


def test_a_recall_ends_a_read_that_waits(port: LentPort, start: Start) -> None:
    """Also if nothing ever comes; afterwards the borrower may not read any more."""
    done = start(lambda: borrow(port.loan))
    happens(port.reading)
    port.loan.recall()
    assert port.loan.hold(lambda: True)
    reads = port.reads
    until(lambda: done)
    assert not port.loan.read(0.5)
    assert port.reads == reads == 1
    assert port.timeouts == [0.5]


def test_a_waiting_borrower_does_not_stay_away(port: LentPort, start: Start) -> None:
    """The loan goes on for as long as it is worthwhile, however long one read lasts."""
    ticks = iter(range(10))
    start(lambda: borrow(port.loan))
    happens(port.reading)
    port.woken.set()  # the first read ends, the second waits
    port.loan.hold(lambda: next(ticks, None) is not None)
    assert next(ticks, None) is None


def test_a_borrower_that_never_comes(port: LentPort) -> None:
    """The lender reads again after a tick."""
    assert not port.loan.hold(lambda: True)
    assert not port.loan.read(0.5)


def test_a_borrower_that_stays_away(port: LentPort, start: Start) -> None:
    """The lender reads again though nobody has said so."""
    port.woken.set()
    assert port.loan.read(0.5)
    results = start(lambda: port.loan.hold(lambda: True))
    until(lambda: results)
    assert results == [False]
    assert not port.loan.read(0.5)


@pytest.mark.parametrize("error", [LinkLostError("unplugged"), KeyError("a defect")])
def test_errors_are_the_lenders(port: LentPort, start: Start, error: Exception) -> None:
    """The borrower only learns that the loan is over."""
    port.error = error
    port.woken.set()
    assert not port.loan.read(0.5)
    results = start(lambda: port.loan.hold(lambda: True))
    until(lambda: results)
    assert results == [error]


def test_the_last_read_has_ended(start: Start) -> None:
    """Two threads never read at once."""
    inside = threading.Semaphore()
    reading, overlaps = threading.Event(), []
    pause = threading.Event()

    def read(_: float) -> None:
        alone = inside.acquire(blocking=False)
        reading.set()
        pause.wait(0.003)
        overlaps.append(not alone)
        if alone:
            inside.release()

    for _ in range(30):
        reading.clear()
        loan = Loan(read, lambda: None)
        done = start(lambda loan=loan: borrow(loan))  # type: ignore[misc]
        happens(reading)
        loan.recall()
        loan.hold(lambda: True)
        read(0.0)  # the lender's own
        until(lambda done=done: done)  # type: ignore[misc]
    assert not any(overlaps)


def test_the_wake_finds_the_loan_over() -> None:
    """The borrower that it wakes must not begin another read."""
    seen = []
    loan = Loan(lambda _: None, lambda: seen.append(loan.over))
    loan.recall()
    assert loan.hold(lambda: True)
    assert seen == [True]


def test_of_use_or_not(port: LentPort) -> None:
    """A recall says nothing against the next loan; a refusal and the end of the stream do."""
    endings: list[tuple[Callable[[Loan], None], bool, bool]] = [
        (Loan.recall, True, True),
        (Loan.refuse, True, False),
        (lambda _: None, False, False),
    ]
    for end, worthwhile, useful in endings:
        loan = Loan(port.read, lambda: None)
        end(loan)
        assert loan.hold(lambda worthwhile=worthwhile: worthwhile) is useful  # type: ignore[misc]


def test_an_error_is_not_kept() -> None:
    """Its traceback would keep the link's session in memory."""

    class Held:
        """What the failed read belonged to."""

        def read(self, _: float) -> None:
            """Fail."""
            raise LinkLostError("unplugged")

    held = Held()
    loan = Loan(held.read, lambda: None)
    gone = weakref.ref(held)
    assert not loan.read(0.5)
    with suppress(LinkLostError):
        loan.hold(lambda: True)
    del loan, held
    assert gone() is None
