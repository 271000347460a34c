"""Any method from any thread: stress, and what has to hold whatever the order."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import sig
from tests.sig.netkit import WAIT_S, Inbox, Net, eventually, signal_of


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    """Have threads take turns much more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(*jobs: Callable[[], Any], within_s: float = WAIT_S) -> None:
    """Run jobs in threads that start together; raise what one of them raises."""
    barrier = threading.Barrier(len(jobs))
    errors: list[BaseException] = []

    def run(job: Callable[[], Any]) -> None:
        try:
            barrier.wait(WAIT_S)
            job()
        except BaseException as err:  # noqa: BLE001 - the test is to fail with it
            errors.append(err)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(within_s)
        assert not thread.is_alive(), "deadlock"
    if errors:
        raise errors[0]


def test_everything_at_once() -> None:
    """Threads add, remove, trigger and request; afterwards the router is exact."""
    router = sig.Router()
    names = ["a", "b", "c"]

    def life(seed: int) -> None:
        rng = random.Random(seed)
        mine: list[tuple[Any, str | None, str | None]] = []
        for _ in range(300):
            name, event = rng.choice(names), rng.choice(["#c", "e", None])
            choice = rng.randrange(6)
            if choice == 0:
                with contextlib.suppress(NameError):
                    router.addSender(name, ["#c", "e"], {"m": lambda params: params})
            elif choice == 1:
                router.removeSender(name)
            elif choice == 2:
                sender = rng.choice([name, None])

                def callback(info: dict[str, Any], data: Any) -> None:
                    if data and rng.random() < 0.2:
                        router.addListener(print, "never", str(rng.random()))

                if router.addListener(callback, sender, event):
                    mine.append((callback, sender, event))
            elif choice == 3 and mine:
                assert router.removeListener(*mine.pop(rng.randrange(len(mine))))
            elif choice == 4:
                found = router.getSender(name)
                signal = found.getSignal("e") if found else None
                if signal is not None:
                    signal.trigger(1)
            else:
                with contextlib.suppress(LookupError):
                    assert router.request(name, "m", 5) == 5
            str(router)
        for each in mine:
            assert router.removeListener(*each)

    at_once(*[partial(life, seed) for seed in range(6)])
    for name in names:
        router.removeSender(name)
        found = router.getSender(name)
        assert found is None or found.countListeners() == 0
    heard: list[Any] = []
    router.addListener(lambda info, data: heard.append(info["event"]))
    for name in names:
        signal_of(router.addSender(name, "e"), "e").trigger()
    assert heard == ["#connect", "e"] * 3


def test_a_change_holds_for_every_trigger_after_it() -> None:
    """While others trigger, a listener is heard once addListener is back, never after removeListener."""
    router = sig.Router()
    router.addListener(print, "x", "y")
    sender = router.addSender("a", "#c")
    signal = signal_of(sender, "#c")
    stop = threading.Event()

    def noise() -> None:
        while not stop.is_set():
            signal.trigger("noise")

    def change() -> None:
        try:
            for number in range(500):
                sender_name, event = [("a", "#c"), ("a", None), (None, "#c"), (None, None)][number % 4]
                mine: list[Any] = []
                me = threading.get_ident()

                def listen(info: dict[str, Any], data: Any, mine: list[Any] = mine, me: int = me) -> None:
                    if threading.get_ident() == me:
                        mine.append(data)

                assert router.addListener(listen, sender_name, event)
                signal.trigger(number)
                assert router.removeListener(listen, sender_name, event)
                signal.trigger("never")
                assert mine == [number]
        finally:
            stop.set()

    at_once(noise, noise, change)


def test_connect_and_disconnect_alternate() -> None:
    """However many threads add and remove one sender, its listeners see it come and go in turns."""
    router = sig.Router()
    seen: list[str] = []
    router.addListener(lambda info, data: seen.append(info["event"]), "a")

    def flap() -> None:
        for _ in range(200):
            with contextlib.suppress(NameError):
                router.addSender("a", "e")
            router.removeSender("a")

    at_once(flap, flap, flap, flap)
    router.removeSender("a")
    assert seen[::2] == ["#connect"] * (len(seen) // 2)
    assert seen[1::2] == ["#disconnect"] * (len(seen) // 2)


def test_a_trigger_is_not_held_up_by_a_blocked_one() -> None:
    """No lock is held while a listener runs: the router is all there while one blocks."""
    router = sig.Router()
    hold, entered = threading.Event(), threading.Event()

    def block(info: dict[str, Any], data: Any) -> None:
        if data == "block":
            entered.set()
            hold.wait(WAIT_S)

    router.addListener(block, "a", "e")
    sender = router.addSender("a", "e", {"m": lambda params: 1})
    signal = signal_of(sender, "e")
    thread = threading.Thread(target=signal.trigger, args=("block",))
    thread.start()
    assert entered.wait(WAIT_S)
    heard: list[Any] = []
    router.addListener(lambda info, data: heard.append(data), "a", "e")
    signal.trigger(1)
    assert router.request("a", "m") == 1
    router.addSender("b", "e")
    router.removeSender("a")
    assert heard == [1]
    hold.set()
    thread.join(WAIT_S)


def test_clients_come_and_go_while_others_work(tcp: Net) -> None:
    """Requests and signals of some clients are exact while others connect, add, remove and leave."""
    server = tcp.server()
    server.addSender("echo", [], {"m": lambda params: params})
    publisher, listener = tcp.client(), tcp.client()
    inbox = Inbox()
    listener.addRemoteListener(inbox, "p", "e")
    signal = signal_of(publisher.addRemoteSender("p", "e"), "e")

    def requests() -> None:
        for number in range(200):
            assert listener.remoteRequest("echo", "m", number) == number

    def signals() -> None:
        for number in range(500):
            signal.trigger(number)

    def guest(name: str) -> None:
        for number in range(8):
            client = tcp.client()
            heard = Inbox()
            client.addRemoteListener(heard, "p")
            sender = client.addRemoteSender(name, "#c", {"m": lambda params: params})
            assert publisher.remoteRequest(name, "m", number) == number
            if number % 2:
                sender.remove()
                client.removeRemoteListener(heard, "p")
            client.carrier.disconnect()  # type: ignore[attr-defined]

    at_once(requests, signals, lambda: guest("g1"), lambda: guest("g2"))
    assert inbox.data(500) == list(range(500))
    eventually(lambda: {s.getName() for s in server.listSenders()} == {"echo", "p"})


def test_one_client_from_many_threads(tcp: Net) -> None:
    """Its own methods at once, on one connection: every answer to its caller."""
    server = tcp.server()
    client = tcp.client()
    server.addSender("echo", ["e"], {"m": lambda params: params})

    def life(name: str) -> None:
        for number in range(60):
            assert client.remoteRequest("echo", "m", [name, number]) == [name, number]
            listener = Inbox()
            assert client.addRemoteListener(listener, "echo", "e")
            sender = client.addRemoteSender(name, "e", {"m": lambda params: name})
            assert client.remoteRequest(name, "m") == name
            assert server.request(name, "m") == name
            assert sender.remove()
            assert client.removeRemoteListener(listener, "echo", "e")

    at_once(*[partial(life, name) for name in ("a", "b", "c", "d")])
    assert [sender.getName() for sender in server.listSenders()] == ["echo"]
    eventually(lambda: server.getSender("echo").countListeners() == 0)  # type: ignore[union-attr]
