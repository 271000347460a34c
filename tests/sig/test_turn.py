"""Who reads a connection: its reader, and in its place the callers and workers that would wait for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import sig
from sig.carrier.sockets import SocketChannel
from sig.net import reading
from sig.net.reading import Turn
from tests.sig.netkit import WAIT_S, Inbox, Net, eventually, in_turn, leave, signal_of


class Lent:
    """A turn that its reader, a thread, has lent."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.back = threading.Event()
        self.thread = threading.Thread(target=in_turn(self.turn.lend, self.back.set), name="reader")
        assert not self.turn.take()
        self.thread.start()


def taken() -> Lent:
    """A turn that has been lent, and that this thread has taken."""
    while True:
        lent = Lent()
        while not lent.back.is_set():
            if lent.turn.take():
                return lent
        lent.thread.join(WAIT_S)


def test_a_turn_that_nobody_takes_goes_back() -> None:
    """After a moment, to the reader; from then on no guest gets it."""
    lent = Lent()
    lent.thread.join(WAIT_S)
    assert lent.back.is_set()
    assert not lent.turn.take()


def test_a_turn_is_one_guests(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it has it, also for one that comes again and again; it goes back when it says so."""
    monkeypatch.setattr(reading, "FREE_S", 0.05)
    lent = taken()
    assert not lent.turn.take()
    assert not lent.back.wait(0.3)
    monkeypatch.setattr(reading, "FREE_S", WAIT_S)
    for _ in range(100):
        lent.turn.leave(at_once=False)
        assert lent.turn.take()
    assert not lent.back.is_set()
    lent.turn.leave(at_once=True)
    lent.thread.join(WAIT_S)
    assert not lent.turn.take()


def test_a_turn_left_after_long_goes_back() -> None:
    """The reader had gone to sleep, as the guest read for so long."""
    lent = taken()
    eventually(lambda: lent.turn.asleep)
    lent.turn.leave(at_once=False)
    assert lent.back.wait(WAIT_S)
    lent.thread.join(WAIT_S)


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the threads that have read as guests."""
    names: set[str] = set()
    take = Turn.take

    def noted(self: Turn) -> bool:
        taken = take(self)
        if taken:
            names.add(threading.current_thread().name)
        return taken

    monkeypatch.setattr(Turn, "take", noted)
    # as quick as they have to be, on a machine however busy
    monkeypatch.setattr(reading, "QUICK_S", WAIT_S)
    return names


def test_callers_and_workers_read(net: Net, guests: set[str]) -> None:
    """In a run of requests both ends do without a hand-over; what else comes meanwhile is not held up."""
    server = net.server()
    one, two = net.client(), net.client()
    one.addRemoteSender("a", ["e"], {"m": lambda params: params})
    heard = Inbox()
    two.addRemoteListener(heard, "b", "e")
    for number in range(300):
        assert two.remoteRequest("a", "m", number) == number
    assert threading.current_thread().name in guests
    assert any("worker" in name for name in guests)
    signal = signal_of(server.addSender("b", "e"), "e")
    for number in range(20):
        signal.trigger(number)
        assert two.remoteRequest("a", "m", number) == number
        assert server.request("a", "m", number) == number
    assert heard.data(20) == list(range(20))


def test_a_handler_that_is_slow_all_at_once(tcp: Net, guests: set[str]) -> None:
    """It runs on a worker that would have read on: the reader takes its turn back, others are answered."""
    tcp.server()
    one, two, three = tcp.client(), tcp.client(), tcp.client()
    entered, hold = threading.Event(), threading.Event()
    one.addRemoteSender(
        "a", [], {"m": lambda params: params, "slow": in_turn(entered.set, lambda: hold.wait(WAIT_S))}
    )
    for number in range(50):
        assert two.remoteRequest("a", "m", number) == number
    assert any("worker" in name for name in guests)
    slow = threading.Thread(target=two.remoteRequest, args=("a", "slow"))
    slow.start()
    assert entered.wait(WAIT_S)
    for number in range(50):
        assert three.remoteRequest("a", "m", number) == number
        assert one.remoteRequest("a", "m", number) == number
    hold.set()
    slow.join(WAIT_S)


@pytest.mark.parametrize("workers", [1, 2])
def test_few_workers(tcp: Net, guests: set[str], workers: int) -> None:
    """A worker that reads does not keep requests waiting that only it can run."""
    tcp.limits = sig.Limits(workers=workers, tick_s=10 * WAIT_S)
    server = tcp.server()
    server.addSender("a", [], {"m": lambda params: params})
    clients = [tcp.client() for _ in range(2)]
    answers: list[Any] = []

    def life(client: sig.ClientRouter) -> None:
        answers.extend(client.remoteRequest("a", "m", number) for number in range(100))

    callers = [threading.Thread(target=life, args=(client,)) for client in clients * 3]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(WAIT_S)
        assert not caller.is_alive()
    assert sorted(answers) == sorted([*range(100)] * 6)


def test_a_caller_that_reads_is_told_of_the_end(tcp: Net, guests: set[str]) -> None:
    """At once, and it comes back for the connection that is made anew."""
    server = tcp.server()
    entered, hold = threading.Event(), threading.Event()
    server.addSender(
        "a", [], {"m": lambda params: params, "slow": in_turn(entered.set, lambda: hold.wait(WAIT_S))}
    )
    client = tcp.client()
    for number in range(50):
        assert client.remoteRequest("a", "m", number) == number
    assert threading.current_thread().name in guests
    carrier: Any = client.carrier
    breaker = threading.Thread(target=in_turn(lambda: entered.wait(WAIT_S), lambda: leave(client), hold.set))
    breaker.start()
    with pytest.raises(sig.NotConnected, match="disconnects"):
        client.remoteRequest("a", "slow")
    breaker.join(WAIT_S)
    assert carrier.connect(tcp.host, tcp.port)
    assert client.remoteRequest("a", "m", 1) == 1


def test_a_caller_that_reads_times_out(tcp: Net, guests: set[str]) -> None:
    """On time, though signals keep coming."""
    tcp.limits = sig.Limits(tick_s=0.05)
    server = tcp.server()
    hold, stop = threading.Event(), threading.Event()
    sender = server.addSender(
        "a", ["e"], {"m": lambda params: params, "slow": lambda params: hold.wait(WAIT_S)}
    )
    client = tcp.client()
    client.addRemoteListener(lambda info, data: None, "a", "e")
    for number in range(50):
        assert client.remoteRequest("a", "m", number) == number
    signal = signal_of(sender, "e")

    def noise() -> None:
        while not stop.wait(0.001):
            signal.trigger()

    noisy = threading.Thread(target=noise)
    noisy.start()
    with pytest.raises(sig.RequestTimeout):
        client.remoteRequest("a", "slow", timeout=0.3)
    stop.set()
    hold.set()
    noisy.join(WAIT_S)
    assert client.remoteRequest("a", "m", 1) == 1


def test_a_caller_that_is_interrupted(tcp: Net, guests: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it waits and reads: the connection stays as it is, and the reader reads on."""
    server = tcp.server()
    server.addSender("a", [], {"m": lambda params: params})
    client = tcp.client()
    for number in range(50):
        client.remoteRequest("a", "m", number)
    carrier: Any = client.carrier
    receive = SocketChannel.receive
    mine = threading.current_thread()
    presses = ["Ctrl-C"]

    def interrupted(self: SocketChannel, timeout_s: float) -> bytes | None:
        if threading.current_thread() is mine and presses:
            presses.clear()
            raise KeyboardInterrupt
        return receive(self, timeout_s)

    monkeypatch.setattr(SocketChannel, "receive", interrupted)
    for number in range(1000):
        try:
            client.remoteRequest("a", "m", number)
        except KeyboardInterrupt:
            break
    else:
        pytest.fail("the caller never read")
    assert client.remoteRequest("a", "m", 1) == 1
    assert carrier.isConnected()
