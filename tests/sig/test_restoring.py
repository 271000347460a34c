"""A client that connects again puts back what it has at the server, however much that is."""

from __future__ import annotations

import threading
from typing import Any

import sig
from sig.limits import Limits
from tests.sig.netkit import Inbox, Logged, Net, eventually, signal_of, stop

MANY = 3000
"""More than as many calls as one connection may have waiting, `Limits.max_pending`."""


def _is_back(client: sig.ClientRouter) -> bool:
    return bool(client.carrier.isConnected())


def _there(server: sig.ServerRouter) -> set[str]:
    return {each.getName() for each in server.listSenders() if each.isConnected()}


def test_more_listeners_than_calls_may_wait(tcp: Net) -> None:
    """All are there after a reconnect, and each hears of what it asked for."""
    first = tcp.server()
    client = tcp.client()
    inbox = Inbox()
    for number in range(MANY):
        client.addRemoteListener(inbox, f"s{number}", "e")
    stop(first)
    second = tcp.server()
    eventually(lambda: _is_back(client))
    for number in (0, 1023, 1024, MANY - 1):
        signal_of(second.addSender(f"s{number}", ["e"]), "e").trigger(number)
    assert inbox.data(4) == [0, 1023, 1024, MANY - 1]


def test_more_senders_than_calls_may_wait(tcp: Net) -> None:
    """All are there after a reconnect."""
    first = tcp.server()
    client = tcp.client()
    names = {f"s{number}" for number in range(MANY)}
    for name in names:
        client.addRemoteSender(name, ["e"])
    stop(first)
    second = tcp.server()
    eventually(lambda: _there(second) == names)
    eventually(lambda: _is_back(client))


def test_a_listener_that_is_refused(tcp: Net, logged: Logged) -> None:
    """It is logged, and the client is connected all the same, with the others."""
    first = tcp.server()
    client = tcp.client()
    inbox = Inbox()
    client.addRemoteListener(inbox, "a", "e")
    client.addRemoteListener(inbox, "b", "e")
    stop(first)
    second = tcp.server(limits=Limits(max_names=1))
    logged.wait_for("the server refuses a listener to 'e' of 'b': one client may have 1 listeners")
    eventually(lambda: _is_back(client))
    signal_of(second.addSender("a", ["e"]), "e").trigger("heard")
    assert inbox.data(1) == ["heard"]


def test_a_sender_that_is_refused(tcp: Net, logged: Logged) -> None:
    """It is logged, and the client is connected all the same, with the others."""
    first = tcp.server()
    client = tcp.client()
    client.addRemoteSender("a", ["e"])
    client.addRemoteSender("b", ["e"])
    stop(first)
    second = tcp.server(limits=Limits(max_names=1))
    logged.wait_for("the server refuses the sender 'b': one client may have 1 senders")
    eventually(lambda: _is_back(client))
    assert _there(second) == {"a"}


def test_what_is_removed_meanwhile(tcp: Net) -> None:
    """A sender that is taken back while others are put back is not there afterwards."""
    first = tcp.server()
    client = tcp.client()
    for number in range(MANY):
        client.addRemoteSender(f"s{number}", ["e"])
    stop(first)
    second = tcp.server()
    eventually(lambda: _there(second))
    client.removeRemoteSender(f"s{MANY - 1}")
    eventually(lambda: _is_back(client))
    eventually(lambda: _there(second) == {f"s{number}" for number in range(MANY - 1)})


def test_what_is_added_meanwhile(tcp: Net) -> None:
    """A listener to what is being put back hears each event once, as the one before him."""
    first = tcp.server()
    client = tcp.client()
    inbox = Inbox()
    for number in range(MANY):
        client.addRemoteListener(inbox, f"s{number}", "e")
    stop(first)
    added: list[bool] = []
    second = sig.ServerRouter(carrier := tcp.server_carrier())
    subscribe = second.subscribe

    def and_add(*given: Any, **more: Any) -> bool:
        if not added:
            added.append(True)
            thread.start()
        return subscribe(*given, **more)

    last = f"s{MANY - 1}"
    thread = threading.Thread(target=lambda: client.addRemoteListener(inbox, last, "e"))
    second.subscribe = and_add  # type: ignore[method-assign]
    carrier.start(tcp.host, tcp.port)
    tcp.carriers.append(carrier)
    eventually(lambda: _is_back(client))
    eventually(lambda: added)
    thread.join()
    sender = second.addSender(last, ["e"])
    eventually(lambda: sender.countListeners("e") == 1)
    signal_of(sender, "e").trigger("once")
    assert inbox.data(2) == ["once", "once"]
    signal_of(sender, "e").trigger("again")
    assert inbox.data(2) == ["again", "again"]


def test_signals_of_senders_that_are_not_back_yet(tcp: Net) -> None:
    """Are counted as dropped: each is heard, or counted."""
    first = tcp.server()
    client = tcp.client()
    signals = [signal_of(client.addRemoteSender(f"s{number}", ["e"]), "e") for number in range(MANY)]
    stop(first)
    eventually(lambda: not _is_back(client))
    dropped = client.dropped_signals
    second = sig.ServerRouter(carrier := tcp.server_carrier())
    heard: list[Any] = []
    second.addListener(lambda _info, data: heard.append(data), event=None)
    carrier.start(tcp.host, tcp.port)
    tcp.carriers.append(carrier)
    triggered = 0
    while not _is_back(client):
        signals[triggered % MANY].trigger(triggered)
        triggered += 1
    signals[-1].trigger("last")
    eventually(lambda: "last" in heard)
    numbers = [each for each in heard if isinstance(each, int)]
    assert len(numbers) + client.dropped_signals - dropped == triggered
