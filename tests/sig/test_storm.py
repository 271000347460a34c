"""Twelve threads at one server, with a switch of threads at nearly every line: order, and nothing lost."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import sig
from tests.sig.netkit import WAIT_S, Net, eventually, leave, signal_of, stop
from tests.sig.test_threads import at_once

PATIENT = sig.Limits(
    timeout_s=120.0, full_wait_s=120.0, relief_s=120.0, progress_s=60.0, ping_s=60.0, dead_s=120.0
)
"""A machine that switches threads all the time, or is busy, is slow: nobody may be given up for that."""
PACE = 500
"""Who triggers at the server waits for nobody, so he looks after so many whether they are heard."""


@pytest.fixture(autouse=True)
def constant_switches() -> Iterator[None]:
    """A thousand times more often than those of `test_threads`; where threads run at once, as they like."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Storm:
    """A server and two clients, all of whom have a sender `echo-…` and listen to what all trigger."""

    def __init__(self, net: Net) -> None:
        self.server = net.server()
        self.one, self.two = net.client(), net.client()
        self.heard: dict[tuple[str, str], list[Any]] = defaultdict(list)
        self.sent: dict[str, int] = {}
        self.asked = 0
        for name, add in {
            "echo-server": self.server.addSender,
            "echo-one": self.one.addRemoteSender,
            "echo-two": self.two.addRemoteSender,
        }.items():
            add(name, [], {"m": lambda params: params})

    def listen(self, who: str, name: str) -> None:
        """Have one of the three keep what it hears of that sender."""
        router: Any = getattr(self, who)
        add = router.addListener if who == "server" else router.addRemoteListener
        assert add(lambda _info, data: self.heard[who, name].append(data), name, "e")

    def trigger(self, signal: sig.Signal, hearer: str | None, deadline: float) -> None:
        """Until then, numbers from 0; `hearer`: who is waited for, now and then."""
        name, number = signal.getSender(), 0
        heard = self.heard[hearer or "", name]
        while time.monotonic() < deadline:
            signal.trigger(number)
            number += 1
            if hearer is not None and number % PACE == 0:
                eventually(lambda: len(heard) == number)  # noqa: B023 - before the loop goes on
        self.sent[name] = number

    def request(self, ask: Callable[..., Any], names: list[str], deadline: float) -> None:
        """Until then; each answer is that of its question."""
        number = 0
        me = threading.get_ident()
        while time.monotonic() < deadline:
            question = [me, number]
            assert ask(names[number % len(names)], "m", question) == question
            number += 1
        self.asked += number


@pytest.mark.parametrize("seconds", [1.0, pytest.param(40.0, marks=pytest.mark.slow)])
def test_order_is_exact_and_nothing_lost(tcp: Net, seconds: float) -> None:
    """Six threads trigger, of a client or the server, and six request, in all directions."""
    tcp.limits = PATIENT
    storm = Storm(tcp)
    server, one, two = storm.server, storm.one, storm.two
    signals = {
        name: signal_of(add(name, ["e"]), "e")
        for name, add in {
            "relayed-1": one.addRemoteSender,
            "relayed-2": one.addRemoteSender,
            "back": two.addRemoteSender,
            "heard-by-all": one.addRemoteSender,
            "of-server-1": server.addSender,
            "of-server-2": server.addSender,
        }.items()
    }
    hearers = {
        "relayed-1": ["two"],
        "relayed-2": ["one", "two"],
        "back": ["one"],
        "heard-by-all": ["server", "one", "two"],  # no relay: user code runs at the server
        "of-server-1": ["one"],
        "of-server-2": ["two"],
    }
    for name, whos in hearers.items():
        for who in whos:
            storm.listen(who, name)
    end = time.monotonic() + seconds
    triggers = [
        partial(storm.trigger, signal, hearers[name][0] if name.startswith("of-server") else None, end)
        for name, signal in signals.items()
    ]
    asking: list[tuple[Callable[..., Any], list[str]]] = [
        (one.remoteRequest, ["echo-server", "echo-two"]),
        (one.remoteRequest, ["echo-two", "echo-one"]),
        (two.remoteRequest, ["echo-server", "echo-one"]),
        (two.remoteRequest, ["echo-one"]),
        (server.request, ["echo-one", "echo-two"]),
        (server.request, ["echo-two", "echo-server"]),
    ]
    requests = [partial(storm.request, ask, names, end) for ask, names in asking]
    at_once(*triggers, *requests, within_s=seconds + 2 * WAIT_S)
    for name, whos in hearers.items():
        for who in whos:
            heard = storm.heard[who, name]
            eventually(lambda: len(heard) >= storm.sent[name])  # noqa: B023 - before the loop goes on
            assert heard == list(range(storm.sent[name])), (name, who)
    assert one.dropped_signals == two.dropped_signals == 0
    assert min(storm.sent.values()) > 0
    assert storm.asked > 0
    leave(one)
    leave(two)
    stop(server)
