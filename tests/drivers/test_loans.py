"""A dispatcher that reads for links: it waits for all of them and for its queue at once."""

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from drivers import Dispatcher
from drivers import dispatcher as dispatcher_module
from drivers import loans as loans_module
from drivers.loans import AT_ONCE, Loans
from drivers.stream import loan as loan_module
from drivers.stream.loan import Loan
from drivers.worth import Worth
from tests.support.background import in_background
from tests.support.jobs import block, call, settle
from tests.support.lent_port import LentPort
from tests.support.waiting import DEADLINE_S, happens, until

BORROWER = "dispatcher"


@pytest.fixture
def ports() -> Iterator[Callable[[], LentPort]]:
    """A new port to lend; all of them are taken back and closed."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(LentPort())


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether the dispatcher is there: it has to be told."""
    monkeypatch.setattr(loans_module, "TICK_S", 60.0)
    monkeypatch.setattr(loan_module, "TICK_S", 60.0)


Ports = Callable[[], LentPort]


def lend(dispatcher: Dispatcher, port: LentPort) -> LentPort:
    """Have the dispatcher read a port, and wait until it does."""
    assert dispatcher.borrow(port.loan)
    port.comes_and_is_read()
    return port


@pytest.fixture
def lent(dispatcher: Dispatcher, ports: Ports) -> LentPort:
    """A port that the dispatcher reads."""
    return lend(dispatcher, ports())


def test_it_reads_whatever_comes(dispatcher: Dispatcher, ports: Ports) -> None:
    """On more ports than it reads at once, as often as something comes."""
    lent = [lend(dispatcher, ports()) for _ in range(2 * AT_ONCE + 3)]
    for count in range(2, 20):
        for port in lent:
            port.come()
        until(lambda count=count: all(len(port.readers) >= count for port in lent))  # type: ignore[misc]
    assert {name for port in lent for name in port.readers} == {BORROWER}
    assert dispatcher.worth.reads >= sum(len(port.readers) for port in lent)


def test_a_port_that_always_has_something_keeps_no_other_waiting(
    dispatcher: Dispatcher, ports: Ports
) -> None:
    """Nor what is posted."""
    for _ in range(AT_ONCE + 1):
        port = ports()
        port.loan = Loan(port.descriptor, lambda: None, 60.0)  # takes nothing
        port.come()
        assert dispatcher.borrow(port.loan)
    lend(dispatcher, ports()).comes_and_is_read()
    settle(dispatcher)


def test_a_post_ends_the_wait(dispatcher: Dispatcher, lent: LentPort) -> None:
    """What is posted runs at once, though nothing comes on the port; then it is read again."""
    for _ in range(100):
        settle(dispatcher)
        lent.comes_and_is_read()


@pytest.mark.parametrize("reached", range(1, 5))
def test_a_post_during_which_a_loan_is_taken_is_not_lost(
    dispatcher: Dispatcher, ports: Ports, reached: int
) -> None:
    """Whichever line of it the posting thread has reached when the dispatcher begins to read."""
    port, ran = ports(), threading.Event()
    there, go_on = threading.Event(), threading.Event()
    lines: list[int] = []

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != dispatcher_module.__file__ or there.is_set():
            return None
        if event == "line":
            lines.append(frame.f_lineno)
            if len(lines) == reached:
                there.set()
                happens(go_on)
        return trace

    def post() -> None:
        sys.settrace(trace)
        dispatcher.post_always(call(ran.set), None)
        sys.settrace(None)

    poster = threading.Thread(target=post)
    poster.start()
    happens(there)
    lend(dispatcher, port)
    go_on.set()
    poster.join()
    happens(ran)


def test_its_own_posts_ring_for_nobody(dispatcher: Dispatcher, lent: LentPort) -> None:
    """A job that posts another is on the thread that would be woken."""
    ran = threading.Event()

    def again(left: int) -> None:
        if left:
            dispatcher.post_always(lambda _: again(left - 1), None)
        else:
            ran.set()

    before = dispatcher.worth.rings
    dispatcher.post_always(lambda _: again(50), None)
    happens(ran)
    assert dispatcher.worth.rings <= before + 1


def test_what_a_read_posts_rings_for_nobody(dispatcher: Dispatcher, ports: Ports) -> None:
    """Which is what each does, and what a loan saves."""
    port = ports()
    ran: list[object] = []

    def read() -> None:
        port.read()
        dispatcher.post_always(ran.append, None)

    port.loan = Loan(port.descriptor, read, 60.0)
    lend(dispatcher, port)
    for _ in range(50):
        port.comes_and_is_read()
    until(lambda: len(ran) == 51)
    assert dispatcher.worth.rings <= 1  # for what had the loan taken


def test_one_ring_is_enough(dispatcher: Dispatcher, lent: LentPort, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is posted before the thread that was rung for has come."""
    rung: list[int] = []
    ran: list[object] = []
    before = dispatcher.worth.rings

    def posts_and_rings() -> bool:
        dispatcher.post_always(ran.append, None)
        return bool(rung)

    with monkeypatch.context() as patch:
        patch.setattr(os, "eventfd_write", lambda descriptor, _: rung.append(descriptor))  # it does not come
        until(posts_and_rings)
        for _ in range(50):
            dispatcher.post_always(ran.append, None)
        rings = dispatcher.worth.rings - before
    lent.come()
    settle(dispatcher)
    assert (len(rung), rings) == (1, 1)
    assert len(ran) > 50


@pytest.fixture
def loans(ports: Ports) -> Iterator[tuple[Loans, LentPort]]:
    """Those of a thread that is the test's, and a port that is lent to it."""
    made, port = Loans("test", Worth(time.monotonic)), ports()
    made.take(port.loan)
    yield made, port
    made.close()


@pytest.mark.usefixtures("unwatched")
def test_it_does_not_wait_when_there_is_something_else(loans: tuple[Loans, LentPort]) -> None:
    """What was posted a moment before it could be rung for."""
    made, port = loans
    started = time.monotonic()
    made.read(DEADLINE_S, lambda: False)
    assert time.monotonic() < started + DEADLINE_S / 2
    port.come()
    made.read(DEADLINE_S, lambda: False)
    assert len(port.readers) == 1


@pytest.mark.usefixtures("unwatched")
def test_a_ring_ends_one_wait(loans: tuple[Loans, LentPort]) -> None:
    """Not the next one."""
    made, port = loans

    def wait() -> int:
        made.read(3 * DEADLINE_S, lambda: True)
        return len(port.readers)

    for rings in (True, False):
        waiting, reads = in_background(wait)
        until(lambda reads=reads: made.unrung or reads)  # type: ignore[misc]
        if rings:
            made.ring()
        else:
            port.come()
        until(lambda reads=reads: reads)  # type: ignore[misc]
        waiting.join()
        assert reads == [0 if rings else 1]


def test_a_thread_with_a_lot_to_read_is_there(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it hardly ever waits when it is looked for: only one that was away for a tick is."""
    monkeypatch.setattr(loans_module, "TICK_S", 0.01)
    made, port = Loans("test", Worth(time.monotonic)), ports()
    gaps = [0.0]
    before = time.monotonic()
    made.take(port.loan)
    lender, useful = in_background(lambda: port.loan.hold(lambda: True))
    for _ in range(10_000):
        port.come()
        made.read(0.0, lambda: False)
        now = time.monotonic()
        gaps.append(now - before)
        before = now
        if useful:
            break
    port.loan.recall()
    lender.join()
    made.close()
    assert useful == [True] or max(gaps) >= loans_module.TICK_S


def test_what_is_posted_runs_before_a_port_is_read(dispatcher: Dispatcher, lent: LentPort) -> None:
    """All of it."""
    go_on = block(dispatcher)
    reads: list[int] = []
    for _ in range(3):
        dispatcher.post_always(lambda _: reads.append(len(lent.readers)), None)
    lent.come()
    go_on.set()
    until(lambda: len(lent.readers) == 2)
    assert reads == [1] * 3


def test_a_timer_ends_the_wait(dispatcher: Dispatcher, lent: LentPort) -> None:
    """The ports are not waited for any longer than that."""
    done = threading.Event()
    dispatcher.post_always(lambda _: dispatcher.call_at(time.monotonic() + 0.02, done.set), None)
    happens(done)


@pytest.mark.usefixtures("unwatched")
def test_the_end_gives_back_what_is_lent(dispatcher: Dispatcher, ports: Ports) -> None:
    """The links read for themselves, and nothing is lent any more; what is posted then rings for nobody."""
    lent = [lend(dispatcher, ports()) for _ in range(3)]
    lenders = [in_background(lambda port=port: port.loan.hold(lambda: True)) for port in lent]
    dispatcher.stop()
    for thread, useful in lenders:
        thread.join()
        assert useful == [False]
    for port in lent:
        port.come()
    assert not dispatcher.borrow(ports().loan)
    dispatcher.post_always(call(lambda: None), None)
    assert [len(port.readers) for port in lent] == [1] * 3


def opened() -> int:
    """How many descriptors there are of those that the system has no name for."""
    entries = (entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return sum("anon_inode" in str(entry.readlink()) for entry in entries)


def test_nothing_stays_open(dispatcher: Dispatcher, ports: Ports) -> None:
    """Neither what it waits with nor who looks after it, as often as it starts and stops."""
    port = ports()
    before = opened()
    for _ in range(3):
        port.loan = Loan(port.descriptor, port.read, 60.0)
        lend(dispatcher, port)
        assert opened() == before + 2
        assert "dispatcher-watch" in [thread.name for thread in threading.enumerate()]
        dispatcher.stop()
        assert opened() == before
        assert "dispatcher-watch" not in [thread.name for thread in threading.enumerate()]
        port.take_back()
        dispatcher.start()


def test_a_full_queue_refuses_a_loan(ports: Ports) -> None:
    """Which is no reading that was dropped."""
    with Dispatcher(capacity=1) as dispatcher:
        go_on = block(dispatcher)
        dispatcher.post_always(call(lambda: None), None)
        assert not dispatcher.borrow(ports().loan)
        assert dispatcher.dropped == 0
        go_on.set()


@pytest.mark.usefixtures("unwatched")
def test_what_cannot_be_waited_for_is_refused(dispatcher: Dispatcher, tmp_path: Path) -> None:
    """And the dispatcher goes on."""
    with (tmp_path / "file").open("wb") as file:
        loan = Loan(file.fileno(), lambda: None, 60.0)
        assert dispatcher.borrow(loan)
        assert not loan.hold(lambda: True)
    settle(dispatcher)


@pytest.mark.parametrize("what", ["eventfd", "epoll", "thread"])
@pytest.mark.usefixtures("unwatched")
def test_no_more_descriptors_or_threads(
    dispatcher: Dispatcher, ports: Ports, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Then nothing is lent; and the next one may be."""
    port, again = ports(), ports()
    before = opened()

    def none_left(*_: object, **__: object) -> Any:
        raise OSError(24, "Too many open files")

    def no_thread(*_: object) -> Any:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        if what == "eventfd":
            patch.setattr(os, "eventfd", none_left)
        elif what == "epoll":
            patch.setattr(select, "epoll", none_left)
        else:
            patch.setattr(threading.Thread, "start", no_thread)
        assert dispatcher.borrow(port.loan)
        assert not port.loan.hold(lambda: True)
    settle(dispatcher)
    assert opened() == before
    lend(dispatcher, again)


@pytest.mark.usefixtures("unwatched")
def test_what_is_taken_back_is_the_links(dispatcher: Dispatcher, lent: LentPort, ports: Ports) -> None:
    """From then on the dispatcher leaves it alone, and reads for others as before; it may be lent again."""
    other = lend(dispatcher, ports())
    assert lent.take_back()
    lent.come()
    other.comes_and_is_read()
    assert len(lent.readers) == 1
    lent.read()
    lent.loan = Loan(lent.descriptor, lent.read, 60.0)
    lend(dispatcher, lent)
    assert lent.readers == [BORROWER, threading.current_thread().name, BORROWER]


@pytest.mark.usefixtures("unwatched")
def test_what_is_taken_back_before_it_is_taken(dispatcher: Dispatcher, lent: LentPort, ports: Ports) -> None:
    """While the dispatcher was away."""
    late = ports()
    go_on = block(dispatcher)
    assert dispatcher.borrow(late.loan)
    assert late.take_back()
    late.come()
    go_on.set()
    settle(dispatcher)
    lent.comes_and_is_read()
    assert late.readers == []


@pytest.mark.usefixtures("unwatched")
def test_what_is_taken_back_when_it_has_just_become_ready(
    dispatcher: Dispatcher, lent: LentPort, ports: Ports
) -> None:
    """Two have come at once; while the first is read the other's link wants it back, and gets it."""
    reading, go_on = threading.Event(), threading.Event()
    second = lend(dispatcher, ports())

    def hold_up() -> None:
        reading.set()
        happens(go_on)
        os.eventfd_read(lent.descriptor)

    lent.take_back()
    lent.loan = Loan(lent.descriptor, hold_up, 60.0)
    blocked = block(dispatcher)
    dispatcher.borrow(lent.loan)
    second.take_back()
    second.loan = Loan(second.descriptor, second.read, 60.0)
    dispatcher.borrow(second.loan)
    lent.come()
    second.come()
    blocked.set()
    happens(reading)
    second.take_back()
    count = len(second.readers)
    go_on.set()
    settle(dispatcher)
    lent.take_back()
    assert len(second.readers) == count


@pytest.mark.usefixtures("unwatched")
def test_a_read_that_fails_is_the_lenders(dispatcher: Dispatcher, lent: LentPort, ports: Ports) -> None:
    """The others are read as before; the one that failed still has bytes, and is not read again."""
    broken = lend(dispatcher, ports())
    error = broken.error = OSError("unplugged")
    lender, results = in_background(lambda: broken.loan.hold(lambda: True))
    broken.come()
    lender.join()
    assert results == [error]
    for _ in range(3):
        lent.comes_and_is_read()
    assert len(broken.readers) == 2


def test_a_listener_that_blocks_gives_all_back(dispatcher: Dispatcher, ports: Ports) -> None:
    """Nobody else has to say so; when it has returned, what is lent is read again."""
    lent = [lend(dispatcher, ports()) for _ in range(5)]
    go_on = block(dispatcher)
    assert [port.loan.hold(lambda: True) for port in lent] == [False] * 5
    go_on.set()
    for port in lent:
        port.loan = Loan(port.descriptor, port.read, 60.0)
        lend(dispatcher, port)


def test_a_quiet_port_stays_lent(
    dispatcher: Dispatcher, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dispatcher that waits is there, however long nothing comes; one that has a lot to do, too."""
    monkeypatch.setattr(loans_module, "TICK_S", 0.001)
    port = lend(dispatcher, ports())
    lender, results = in_background(lambda: port.loan.hold(lambda: True))
    pause = threading.Event()
    for _ in range(30):
        pause.wait(0.002)
        settle(dispatcher)
    assert results == []
    port.comes_and_is_read()
    port.loan.recall()
    lender.join()
    assert results == [True]


def test_a_dispatcher_that_was_left_behind(ports: Ports) -> None:
    """In a listener that blocks: the new thread reads; the old one ends, and takes nothing with it."""
    dispatcher = Dispatcher()
    dispatcher.start()
    old = lend(dispatcher, ports())
    go_on = block(dispatcher)
    left = next(thread for thread in threading.enumerate() if thread.name == BORROWER)
    dispatcher.stop(0.01)
    assert not old.loan.hold(lambda: True)
    dispatcher.start()
    new = lend(dispatcher, ports())
    go_on.set()
    left.join()
    for _ in range(3):
        new.comes_and_is_read()
        settle(dispatcher)
    dispatcher.stop()


def test_posts_and_loans_of_many_threads(dispatcher: Dispatcher, ports: Ports) -> None:
    """Loans begin and end while bytes come and others post: nothing is lost, and no two read at once."""
    lent = [ports() for _ in range(8)]
    ran: list[int] = []
    come = [0] * len(lent)
    taken = [0] * len(lent)
    inside = [threading.Lock() for _ in lent]
    stop = threading.Event()
    overlaps: list[int] = []

    def read(number: int) -> None:
        if not inside[number].acquire(blocking=False):
            overlaps.append(number)
            return
        try:
            taken[number] += os.eventfd_read(lent[number].descriptor)
        except BlockingIOError:
            pass
        finally:
            inside[number].release()

    def link(number: int) -> None:
        port = lent[number]
        while not stop.is_set():
            port.loan = Loan(port.descriptor, lambda: read(number), 0.001)
            looks = iter(range(3))
            if dispatcher.borrow(port.loan):
                port.loan.hold(lambda: next(looks, None) is not None)  # noqa: B023 - this turn's
            read(number)

    def board(number: int) -> None:
        for _ in range(300):
            come[number] += 1
            lent[number].come()
            if number % 2:
                dispatcher.post_always(ran.append, number)

    boards = [threading.Thread(target=board, args=(number,)) for number in range(len(lent))]
    links = [threading.Thread(target=link, args=(number,)) for number in range(len(lent))]
    for thread in (*links, *boards):
        thread.start()
    for thread in boards:
        thread.join()
    stop.set()
    for thread in links:
        thread.join()
    settle(dispatcher)
    assert overlaps == []
    assert taken == come
    assert len(ran) == 4 * 300


def test_no_bell_is_rung_that_is_not_there() -> None:
    """Before anything was lent, and after the end, when its descriptor may be another's: nothing is written,
    nothing raised. A poster may have looked a moment before."""
    made = Loans("test", Worth(time.monotonic))
    made.ring()
    with LentPort() as port:
        made.take(port.loan)
        made.close()
        other = os.eventfd(0, os.EFD_NONBLOCK)
        try:
            made.ring()
            with pytest.raises(BlockingIOError):
                os.eventfd_read(other)
        finally:
            os.close(other)
    assert made.lent == {}


@pytest.mark.usefixtures("unwatched")
def test_a_ring_is_taken_off_once(loans: tuple[Loans, LentPort], monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it was rung: else every wait from then on would end at once, for nothing."""
    made, port = loans
    taken: list[int] = []
    read = os.eventfd_read

    def note(descriptor: int) -> int:
        taken.append(descriptor)
        return read(descriptor)

    monkeypatch.setattr(os, "eventfd_read", note)
    made.ring()
    made.ring()
    made.read(DEADLINE_S, lambda: True)
    assert len(taken) == 1
    assert port.readers == []
    port.come()
    made.read(DEADLINE_S, lambda: True)
    assert taken[1:] == [port.descriptor]
