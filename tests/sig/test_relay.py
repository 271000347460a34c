"""Signals from client to client: what the reader passes on, what the dispatcher does, and the order."""

from __future__ import annotations

import json
import socket
from typing import Any

import sig
from tests.sig.netkit import WAIT_S, Inbox, Logged, Net, signal_of


def test_the_order_holds_whichever_way_signals_go(net: Net) -> None:
    """Listeners in the server come and go; a client hears every signal once, in order, all the same."""
    server = net.server()
    publisher, listener = net.client(), net.client()
    heard, here = Inbox(), Inbox()
    listener.addRemoteListener(heard, "p", "e")
    listener.addRemoteListener(heard, "p", "other")
    sender = publisher.addRemoteSender("p", ["e", "other"])
    signal, other = signal_of(sender, "e"), signal_of(sender, "other")
    for number in range(0, 3000, 2):
        signal.trigger(number)
        other.trigger(number + 1)
        if number % 600 == 0:
            server.addListener(here, "p", "e")
        if number % 600 == 300:
            server.removeListener(here, "p", "e")
    assert heard.data(3000) == list(range(3000))


def test_a_signal_class_of_the_users_own_is_not_passed_by(tcp: Net) -> None:
    """A server whose signals add to their info does so for its clients' signals too."""

    class Stamped(sig.Signal):
        def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
            super().trigger([data, "stamped"], info)

    server = tcp.server()
    server.class_signal = Stamped
    publisher, listener = tcp.client(), tcp.client()
    heard = Inbox()
    listener.addRemoteListener(heard, "p", "e")
    signal = signal_of(publisher.addRemoteSender("p", "e"), "e")
    signal.trigger(1)
    assert heard.get()[2] == [1, "stamped"]


def test_what_is_added_to_info_arrives(tcp: Net) -> None:
    """Keys that the sender's own class adds go along."""

    class Stamped(sig.Signal):
        def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
            super().trigger(data, {"time": 5, **(info or {})})

    tcp.server()
    publisher, listener = tcp.client(), tcp.client()
    publisher.class_signal = Stamped
    heard = Inbox()
    listener.addRemoteListener(heard, "p", "e")
    signal_of(publisher.addRemoteSender("p", "e"), "e").trigger(1)
    assert heard.queue.get(timeout=WAIT_S) == ({"sender": "p", "event": "e", "time": 5}, 1)


def test_refused_signals_do_not_use_up_the_window(tcp: Net) -> None:
    """More of them than may be on their way, of a sender that the server took away; others still pass."""
    tcp.limits = sig.Limits(window=16)
    server = tcp.server()
    client = tcp.client()
    gone = signal_of(client.addRemoteSender("gone", "e"), "e")
    there = signal_of(client.addRemoteSender("there", "e"), "e")
    heard = Inbox()
    server.addListener(heard, "there", "e")
    server.removeSender("gone")
    for number in range(100):
        gone.trigger(number)
    there.trigger("heard")
    assert heard.data(1) == ["heard"]


def test_listeners_that_go_and_come(tcp: Net) -> None:
    """Clients that listen leave and others come: each hears what is triggered while it is there."""
    tcp.server()
    publisher = tcp.client()
    signal = signal_of(publisher.addRemoteSender("p", "e"), "e")
    witness = Inbox()
    tcp.client().addRemoteListener(witness, "p", "e")
    for number in range(5):
        listener = tcp.client()
        heard = Inbox()
        listener.addRemoteListener(heard, "p", "e")
        signal.trigger(number)
        assert heard.data(1) == [number]
        carrier: Any = listener.carrier
        carrier.disconnect()
        signal.trigger("between two")
        # Connections have no order among themselves: the next listener may come only after this.
        assert witness.data(2) == [number, "between two"]


def test_a_signal_too_large_to_pass_on(tcp: Net) -> None:
    """It fits until the listener's id is added: it is dropped, and nobody is cut off."""
    tcp.limits = sig.Limits(max_message=1000)
    tcp.server()
    listener = tcp.client()
    heard = Inbox()
    listener.addRemoteListener(heard, "p", "e")
    with socket.create_connection(("127.0.0.1", tcp.port)) as sock:

        def send(method: str, **params: Any) -> int:
            message = json.dumps({"method": method, "params": params}, separators=(",", ":")).encode()
            sock.sendall(message)
            return len(message)

        send("add_sender", sender="p", events=["e"])
        info = {"sender": "p", "event": "e"}
        empty = send("signal", info=info, data="")
        assert send("signal", info=info, data="x" * (1000 - empty)) == 1000
        send("signal", info=info, data="last")
        assert heard.data(2) == ["", "last"]


def test_a_signal_class_as_pysig_has_it(tcp: Net) -> None:
    """One whose `trigger` takes data only gets them, with what the client adds to info left out."""

    class Doubled(sig.Signal):
        def trigger(self, data: Any = None) -> None:  # type: ignore[override]
            super().trigger(2 * data)

    server = tcp.server()
    server.class_signal = Doubled
    client = tcp.client()
    heard = Inbox()
    server.addListener(heard, "p", "e")
    signal = signal_of(client.addRemoteSender("p", ["e"]), "e")
    signal.trigger(21)
    signal.trigger(4, {"more": 1})
    assert heard.data(2) == [42, 8]


def test_a_signal_that_grows_too_large_on_its_way_is_dropped(tcp: Net, logged: Logged) -> None:
    """To a listener it is some bytes larger than it came; the log tells, and what follows arrives."""
    tcp.limits = sig.Limits(max_message=2000)
    tcp.server()
    publisher, listener = tcp.client(), tcp.client()
    heard = Inbox()
    listener.addRemoteListener(heard, "p", "e")
    signal = signal_of(publisher.addRemoteSender("p", "e"), "e")
    as_sent = len('{"method":"signal","params":{"info":{"sender":"p","event":"e"},"data":""}}\n')
    signal.trigger(1)
    assert heard.data(1) == [1]
    signal.trigger("x" * (2000 - as_sent))
    signal.trigger(2)
    assert heard.data(1) == [2]
    assert "2000" in logged.wait_for("dropped")
