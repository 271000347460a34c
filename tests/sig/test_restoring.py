"""A client that connects again puts back what it has at the server, however much that is."""

from __future__ import annotations

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
