"""A loan between two threads: who reads when, and how it ends."""

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from drivers.errors import LinkLostError
from drivers.stream import loan as loan_module
from drivers.stream.loan import Loan
from tests.support.background import in_background
from tests.support.waiting import happens, until

LONG_S = 60.0


class Borrower:
    """Takes a loan, and waits for nothing: a test reads by hand. `events` in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Loan]] = []
        self.error: OSError | None = None

    def register(self, loan: Loan) -> None:
        """See `Taker`."""
        if self.error is not None:
            raise self.error
        self.events.append(("register", loan))

    def unregister(self, loan: Loan) -> None:
        """See `Taker`."""
        self.events.append(("unregister", loan))

    def named(self) -> list[str]:
        """The events."""
        return [event for event, _ in self.events]


class Port:
    """Counts how often it is read; what it is asked to raise, it raises."""

    def __init__(self, look_s: float = LONG_S) -> None:
        self.reads = 0
        self.error: Exception | None = None
        self.loan = Loan(7, self.read, look_s)

    def read(self) -> None:
        """Once more."""
        self.reads += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def port() -> Port:
    """A port to lend."""
    return Port()


@pytest.fixture
def borrower() -> Borrower:
    """Who borrows."""
    return Borrower()


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


def test_a_loan_from_its_begin_to_its_end(port: Port, borrower: Borrower) -> None:
    """Afterwards the borrower does not wait for it any more, and may not read."""
    port.loan.begin(borrower)
    port.loan.read()
    assert borrower.named() == ["register"]
    port.loan.recall()
    assert port.loan.hold(lambda: True)
    port.loan.read()
    port.loan.begin(borrower)
    assert port.reads == 1
    assert borrower.events == [("register", port.loan), ("unregister", port.loan)]


def test_a_recall_ends_it_at_once(port: Port, borrower: Borrower, start: Start) -> None:
    """Though it is looked at rarely; twice is as good as once."""
    port.loan.begin(borrower)
    results = start(lambda: port.loan.hold(lambda: True))
    port.loan.recall()
    port.loan.recall()
    until(lambda: results)
    assert results == [True]


def test_a_borrower_that_never_comes(port: Port) -> None:
    """The lender reads again after a tick, however rarely it looks."""
    assert not port.loan.hold(lambda: True)
    port.loan.read()
    assert port.reads == 0


def test_it_goes_on_for_as_long_as_it_is_worthwhile(borrower: Borrower, start: Start) -> None:
    """Also if nothing is read: that is not for the loan to say."""
    port, looks = Port(look_s=0.001), iter(range(10))
    port.loan.begin(borrower)
    assert not port.loan.hold(lambda: next(looks, None) is not None)
    assert next(looks, None) is None
    assert port.reads == 0


def test_it_looks_as_often_as_it_is_told(
    port: Port, borrower: Borrower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with each tick, which is for a borrower that has not come yet."""
    monkeypatch.setattr(loan_module, "TICK_S", 0.001)
    looks: list[None] = []

    def look() -> bool:
        looks.append(None)
        return True

    port.loan.begin(borrower)
    timer = threading.Timer(0.05, port.loan.recall)
    timer.start()
    assert port.loan.hold(look)
    timer.join()
    assert looks == []


@pytest.mark.parametrize("error", [LinkLostError("unplugged"), KeyError("a defect")])
def test_errors_are_the_lenders(port: Port, borrower: Borrower, error: Exception) -> None:
    """The borrower only learns that the loan is over: what failed stays ready, and would wake it for ever."""
    port.error = error
    port.loan.begin(borrower)
    port.loan.read()
    port.loan.read()
    assert port.reads == 1
    assert borrower.named() == ["register", "unregister"]
    with pytest.raises(type(error)) as caught:
        port.loan.hold(lambda: True)
    assert caught.value is error
    assert borrower.named() == ["register", "unregister"]


def test_what_cannot_be_waited_for_is_not_begun(port: Port, borrower: Borrower) -> None:
    """There is nothing to give back then."""
    borrower.error = OSError("there is nothing to wait on")
    with pytest.raises(OSError, match="nothing to wait on"):
        port.loan.begin(borrower)
    assert not port.loan.hold(lambda: True)
    assert borrower.events == []


def test_the_last_read_has_ended(borrower: Borrower, start: Start) -> None:
    """Two threads never read at once."""
    inside = threading.Semaphore()
    reading, overlaps = threading.Event(), []
    pause = threading.Event()

    def read() -> None:
        alone = inside.acquire(blocking=False)
        reading.set()
        pause.wait(0.003)
        overlaps.append(not alone)
        if alone:
            inside.release()

    def borrow(loan: Loan, ended: threading.Event) -> None:
        while not ended.is_set():
            loan.read()

    for _ in range(30):
        reading.clear()
        ended = threading.Event()
        loan = Loan(7, read, LONG_S)
        loan.begin(borrower)
        start(lambda loan=loan, ended=ended: borrow(loan, ended))  # type: ignore[misc]
        happens(reading)
        loan.recall()
        loan.hold(lambda: True)
        read()  # the lender's own
        ended.set()
    assert not any(overlaps)


def test_of_use_or_not(borrower: Borrower) -> None:
    """A recall says nothing against the next loan; a refusal and the end of the stream do."""
    endings: list[tuple[Callable[[Loan], None], bool, bool]] = [
        (Loan.recall, True, True),
        (Loan.refuse, True, False),
        (lambda _: None, False, False),
    ]
    for end, worthwhile, useful in endings:
        port = Port(look_s=0.001)
        port.loan.begin(borrower)
        end(port.loan)
        assert port.loan.hold(lambda worthwhile=worthwhile: worthwhile) is useful  # type: ignore[misc]


def test_an_error_is_not_kept(borrower: Borrower) -> None:
    """Its traceback would keep the link's session in memory."""

    class Held:
        """What the failed read belonged to."""

        def read(self) -> None:
            """Fail."""
            raise LinkLostError("unplugged")

    held = Held()
    loan = Loan(7, held.read, LONG_S)
    gone = weakref.ref(held)
    loan.begin(borrower)
    loan.read()
    with suppress(LinkLostError):
        loan.hold(lambda: True)
    borrower.events.clear()
    del loan, held
    assert gone() is None
