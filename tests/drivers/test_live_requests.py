"""Requests of many threads for one source: their order, and that each is settled once."""

import threading

import pytest

import sig
from drivers.live_requests import IN_A_ROW, MAX_WAITING, LiveRequests
from drivers.request import Request
from tests.support.background import in_background
from tests.support.waiting import DEADLINE_S, happens

NOW = 1000.0


def read(channel: str = "temp", known: object | None = None) -> Request:
    """Somebody wants a value; `known`: it is there already when the turn comes."""
    return Request("read", (channel,), unless=lambda: known)


def result(request: Request) -> object:
    """What whoever asked gets, by now: once."""
    assert request.wait(0.0)
    assert not request.wait(0.0), "settled twice"
    return request.error if request.error is not None else request.result


def test_a_question_that_raises_is_the_askers_affair() -> None:
    """Whoever asked gets what `unless` has raised; the source's thread goes on to the next."""
    live = LiveRequests("bus")
    broken = Request("read", ("a",), unless=lambda: 1 // 0)
    live.ask(broken)
    live.ask(last := Request("read", ("b",)))
    assert live.take(0.0) == (last,)
    assert isinstance(broken.error, ZeroDivisionError)
    assert live.waiting == 1


def test_requests_are_taken_in_their_order() -> None:
    """One question at a time."""
    live = LiveRequests("bus")
    first, second = read("a"), read("b")
    assert (live.take(NOW), live.waiting) == ((), 0)
    live.ask(first)
    live.ask(second)
    assert live.waiting == 2
    assert live.take(NOW) == (first,)
    assert (first.sent, first.attempts, live.waiting) == (NOW, 1, 2)
    live.settle(lambda request: request.args)
    assert (result(first), live.waiting) == (("a",), 1)
    assert live.take(NOW) == (second,)
    live.settle(lambda request: request.args)
    assert result(second) == ("b",)


def test_those_alike_that_wait_are_answered_by_one() -> None:
    """What is asked while the question is out may mean something newer, and is asked anew."""
    live = LiveRequests("bus")
    alike, other, later = [read("a") for _ in range(3)], read("b"), read("a")
    for request in (alike[0], other, *alike[1:]):
        live.ask(request)
    assert live.take(NOW) == tuple(alike)
    live.ask(later)
    live.settle(lambda _: 21.5)
    assert [result(request) for request in alike] == [21.5] * 3
    assert not other.wait(0.0)
    assert not later.wait(0.0)
    assert live.take(NOW) == (other,)
    assert live.take(NOW) == (later,)


def test_what_is_alike_is_for_the_source_to_say() -> None:
    """Each of them gets an answer of its own."""
    live = LiveRequests("bus", same=lambda request: request.args[0].partition("/")[0])
    temperature, humidity, other = read("roof/t"), read("roof/h"), read("attic/t")
    for request in (temperature, other, humidity):
        live.ask(request)
    assert live.take(NOW) == (temperature, humidity)
    live.settle(lambda request: request.args[0])
    assert (result(temperature), result(humidity)) == ("roof/t", "roof/h")
    assert not other.wait(0.0)


def test_an_answer_that_is_an_error() -> None:
    """Is raised at who asked."""
    live, refused = LiveRequests("bus"), sig.BadReply("bus: nonsense")
    request = read()
    live.ask(request)

    def refuse(_: Request) -> object:
        raise refused

    live.take(NOW)
    live.settle(refuse)
    assert result(request) is refused


def test_what_is_known_is_not_asked() -> None:
    """The next request has its turn then."""
    live = LiveRequests("bus")
    known, alike, other = read("a", known=20.5), read("a"), read("b", known=1.0)
    for request in (known, alike, other):
        live.ask(request)
    assert live.take(NOW) == (alike,)
    assert result(known) == 20.5
    live.settle(lambda _: 21.5)
    assert result(alike) == 21.5
    assert live.take(NOW) == ()
    assert (result(other), live.waiting) == (1.0, 0)


def test_whoever_gives_up_is_not_answered() -> None:
    """Neither while it waits nor while it is out; too late is too late."""
    live = LiveRequests("bus")
    out, waiting, late = read("a"), read("b"), read("c")
    for request in (out, waiting, late):
        live.ask(request)
    live.take(NOW)
    assert live.withdraw(out)
    assert live.withdraw(waiting)
    live.settle(lambda _: 1.0)
    assert not out.wait(0.0)
    assert live.take(NOW) == (late,)
    live.settle(lambda _: 2.0)
    assert not live.withdraw(late)
    assert result(late) == 2.0


def test_one_given_up_while_it_is_asked_whether_it_is_known() -> None:
    """Is settled by nobody."""
    live = LiveRequests("bus")
    request = Request("read", ("a",), unless=lambda: live.withdraw(request))
    live.ask(request)
    assert live.take(NOW) == ()
    assert not request.wait(0.0)


def test_too_many() -> None:
    """Are told to ask less often."""
    live = LiveRequests("bus")
    for number in range(MAX_WAITING):
        live.ask(read(str(number)))
    with pytest.raises(sig.Busy, match="bus: 64 requests wait for this link already; ask less often"):
        live.ask(read())
    assert live.waiting == MAX_WAITING
    live.take(NOW)
    with pytest.raises(sig.Busy):
        live.ask(read())


def test_jobs_have_their_turn_in_a_flood_of_requests() -> None:
    """When one is due, and only then."""
    live = LiveRequests("bus")

    def turns(*, job_due: bool) -> list[bool]:
        for number in range(3 * IN_A_ROW):
            live.ask(read(str(number)))
        taken = []
        while live.waiting:
            taken.append(bool(live.take(NOW, job_due=job_due)))
            live.settle(lambda _: 1.0)
        return taken

    assert turns(job_due=False) == [True] * 3 * IN_A_ROW
    assert live.take(NOW) == ()
    assert turns(job_due=True) == ([True] * IN_A_ROW + [False]) * 2 + [True] * IN_A_ROW


def test_everything_ends_with_a_reason() -> None:
    """What is out, what waits, and what is asked later."""
    live = LiveRequests("bus")
    requests = [read("a"), read("b")]
    for request in requests:
        live.ask(request)
    live.take(NOW)
    live.end("the port is gone")
    live.end("again")
    live.settle(lambda _: 1.0)
    for request in requests:
        error = result(request)
        assert isinstance(error, sig.NotConnected)
        assert str(error) == "bus: the port is gone"
    with pytest.raises(sig.NotConnected, match="bus: again"):
        live.ask(read())
    assert (live.take(NOW), live.waiting) == ((), 0)


def test_an_exchange() -> None:
    """Wakes the source's thread, waits, and returns or raises the answer."""
    live, woken = LiveRequests("bus"), threading.Event()
    thread, outcomes = in_background(lambda: live.exchange(read("a"), DEADLINE_S, woken.set))
    happens(woken)
    live.take(NOW)
    live.settle(lambda _: 21.5)
    thread.join()
    assert outcomes == [21.5]


def test_an_exchange_that_fails() -> None:
    """The same, with an error."""
    live, woken = LiveRequests("bus"), threading.Event()
    thread, outcomes = in_background(lambda: live.exchange(read("a"), DEADLINE_S, woken.set))
    happens(woken)
    live.end("the port is gone")
    thread.join()
    assert isinstance(outcomes[0], sig.NotConnected)
    assert str(outcomes[0]) == "bus: the port is gone"


def test_an_exchange_whose_turn_does_not_come() -> None:
    """Another than one whose question was not answered."""
    live = LiveRequests("bus")

    def take() -> None:
        live.take(NOW)

    with pytest.raises(sig.Busy, match="bus: other requests kept this link busy until the time was up"):
        live.exchange(read("a"), 0.0, lambda: None)
    with pytest.raises(sig.RequestTimeout, match=r"bus: 'read a' was not answered within 0\.0 s"):
        live.exchange(read("a"), 0.0, take)
    assert live.waiting == 0
    with pytest.raises(sig.NotConnected, match="bus: gone"):
        live.exchange(read("a"), 0.0, lambda: live.end("gone"))


def test_each_of_many_threads_is_answered_once() -> None:
    """While they ask, give up and are told that all is over."""
    live, outcomes = LiveRequests("bus"), []

    def ask(number: int) -> None:
        for turn in range(200):
            try:
                outcome = live.exchange(read(str(number % 3)), 0.0005 * (turn % 3), lambda: None)
            except sig.RequestError as error:
                outcome = type(error)
            outcomes.append(outcome)

    threads = [threading.Thread(target=ask, args=(number,), name=f"asks-{number}") for number in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        live.take(NOW)
        live.settle(lambda _: 21.5)
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8 * 200
    assert set(outcomes) <= {21.5, sig.Busy, sig.RequestTimeout}
    assert live.waiting == 0


def test_those_who_wait_fail_and_others_may_ask() -> None:
    """When nobody is there for a while."""
    live = LiveRequests("bus")
    out, waiting = read("a"), read("b")
    live.ask(out)
    live.ask(waiting)
    live.take(NOW)
    live.fail("nobody answers")
    for request in (out, waiting):
        error = result(request)
        assert isinstance(error, sig.NotConnected)
        assert str(error) == "bus: nobody answers"
    later = read("c")
    live.ask(later)
    assert live.take(NOW) == (later,)
