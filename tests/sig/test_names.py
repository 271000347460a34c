"""What one client may make a server keep: names of a length, and no end of them."""

from __future__ import annotations

import pytest

import sig
from sig.limits import DEFAULT, Limits
from tests.sig.netkit import Inbox, Net

LONG = "n" * (DEFAULT.max_name + 1)
JUST = "n" * DEFAULT.max_name


def test_the_longest(tcp: Net) -> None:
    """A name of as many characters as may be is taken everywhere."""
    tcp.server()
    client = tcp.client()
    client.addRemoteListener(Inbox(), JUST, JUST)
    client.addRemoteSender(JUST, [JUST], {JUST: str})
    assert client.remoteRequest(JUST, JUST, 5) == "5"


@pytest.mark.parametrize(
    ("name", "events", "methods"),
    [(LONG, ["e"], []), ("s", ["e", LONG], []), ("s", LONG, []), ("s", ["e"], [LONG])],
)
def test_one_that_is_longer(tcp: Net, name: str, events: list[str] | str, methods: list[str]) -> None:
    """Of a sender, an event, a method: refused, with its length, and the sender is not there."""
    tcp.server()
    client = tcp.client()
    with pytest.raises(ValueError, match="a name has at most 512 characters, this one has 513: nnn"):
        client.addRemoteSender(name, events, dict.fromkeys(methods, str))
    assert client.listRemoteSenders() == []


def test_what_is_asked_for_by_a_longer_one(tcp: Net) -> None:
    """Of a listener and a request: refused."""
    tcp.server()
    client = tcp.client()
    for ask in (
        lambda: client.addRemoteListener(Inbox(), LONG, "e"),
        lambda: client.addRemoteListener(Inbox(), "s", LONG),
        lambda: client.remoteRequest(LONG, "m"),
        lambda: client.remoteRequest("s", LONG),
    ):
        with pytest.raises(sig.BadParams, match="at most 512 characters"):
            ask()


def test_events_and_methods_of_all_senders(tcp: Net) -> None:
    """They are counted together, and those of a sender that has gone no more."""
    tcp.server(limits=Limits(max_events=5))
    client = tcp.client()
    client.addRemoteSender("a", ["1", "2"], {"3": str})
    with pytest.raises(sig.Busy, match="the senders of one client may have 5 events and methods"):
        client.addRemoteSender("b", ["1", "2", "3"])
    client.addRemoteSender("b", ["1", "2"])
    client.removeRemoteSender("a")
    client.addRemoteSender("c", ["1", "2"], {"3": str})
