"""What every carrier has to do; run over local, TCP, IPv6, TLS and Unix sockets, and another codec."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

import sig
from sig.wire import FramedCodec
from tests.sig.netkit import WAIT_S, Inbox, Net, eventually, in_turn, leave, signal_of, stop


def test_the_four_subscriptions_across_clients(net: Net) -> None:
    """Each kind hears what it should, in the documented order, from another client's sender."""
    net.server()
    ours, theirs = net.client(), net.client()
    inbox = Inbox()
    kinds: list[tuple[str | None, str | None]] = [("a", "#c"), (None, "#c"), ("a", None), (None, None)]
    heard: list[int] = []

    def listener(number: int) -> Any:
        def listen(info: dict[str, Any], data: Any) -> None:
            heard.append(number)
            inbox(info, data)

        return listen

    for number, kind in enumerate(kinds):
        assert theirs.addRemoteListener(listener(number), *kind)
    sender = ours.addRemoteSender("a", ["#c", "plain"])
    assert [inbox.get()[1] for _ in range(2)] == ["#connect"] * 2
    heard.clear()
    signal = signal_of(sender, "#c")
    signal.trigger({"value": 1.5, "text": "°C"})
    assert inbox.data(4) == [{"value": 1.5, "text": "°C"}] * 4
    assert heard == [3, 2, 1, 0]


def test_connect_and_disconnect_events(net: Net) -> None:
    """They come for a sender that is removed, and for one whose client goes away."""
    server = net.server()
    inbox = Inbox()
    server.addListener(inbox)
    client = net.client()
    data = {"events": ["#connect", "#disconnect", "e"], "requests": ["m", None]}
    sender = client.addRemoteSender("a", "e", {"m": print, None: print})
    assert inbox.get() == ("a", "#connect", data)
    assert sender.remove() is True
    assert inbox.get() == ("a", "#disconnect", data)
    assert client.removeRemoteSender("a") is False
    client.addRemoteSender("a", "e")
    leave(client)
    assert [inbox.get()[1] for _ in range(2)] == ["#connect", "#disconnect"]
    eventually(lambda: not server.listSenders())


def test_requests_in_every_direction(net: Net) -> None:
    """Server to client, client to server, client to client, client to itself; own and default handlers."""
    server = net.server()
    one, two = net.client(), net.client()
    server.addSender("server", [], {"m": lambda params: ["server", params]})
    one.addRemoteSender(
        "one", [], {"m": lambda params: ["one", params], None: lambda method, params: [method]}
    )
    two.addRemoteSender("two", "e", {"none": lambda params: None})
    assert server.request("one", "m", 1) == ["one", 1]
    assert server.request("one", "other") == ["other"]
    assert one.remoteRequest("server", "m", {"a": 1}) == ["server", {"a": 1}]
    assert two.remoteRequest("one", "m") == ["one", None]
    assert two.remoteRequest("one", "other") == ["other"]
    assert one.remoteRequest("one", "m") == ["one", None]
    assert one.remoteRequest("two", "none") is None


def test_errors_arrive_typed(net: Net) -> None:
    """The same classes as in one process, from a handler in the server and in another client."""
    server = net.server()
    one, two = net.client(), net.client()

    def fail(params: Any) -> None:
        raise {
            "lookup": LookupError("l"),
            "key": KeyError("k"),
            "params": sig.BadParams("p"),
            "busy": sig.Busy("b"),
            "runtime": RuntimeError("r"),
            "none": RuntimeError(),
        }[params]

    server.addSender("local", [], {"fail": fail, "unsendable": lambda params: object()})
    one.addRemoteSender("remote", [], {"fail": fail, "unsendable": lambda params: object()})
    server.addSender("deaf", "e")
    for name in ("local", "remote"):
        for kind, cls, text in (
            ("lookup", sig.RemoteLookupError, "l"),
            ("key", LookupError, "'k'"),
            ("params", sig.BadParams, "p"),
            ("busy", sig.Busy, "b"),
            ("runtime", sig.RemoteError, "r"),
            ("none", sig.RemoteError, "RuntimeError"),
        ):
            with pytest.raises(cls) as caught:
                two.remoteRequest(name, "fail", kind)
            assert str(caught.value) == text
        with pytest.raises(sig.BadParams, match="cannot be sent"):
            two.remoteRequest(name, "unsendable")
        with pytest.raises(sig.UnknownMethod):
            two.remoteRequest(name, "nope")
    with pytest.raises(sig.UnknownMethod):
        two.remoteRequest("deaf", "nope")
    with pytest.raises(sig.UnknownSender):
        two.remoteRequest("nobody", "nope")
    server.removeSender("deaf")
    with pytest.raises(sig.NotConnected):
        two.remoteRequest("deaf", "nope")
    with pytest.raises(ValueError, match="method"):
        two.remoteRequest("deaf", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        two.remoteRequest("deaf", "m", object())


def test_nested_requests_both_ways(net: Net) -> None:
    """Listeners and handlers on both sides request from each other, all at once, with no deadlock."""
    server = net.server()
    clients = [net.client() for _ in range(2)]
    done: list[Inbox] = []

    def handler(client: sig.ClientRouter, other: str) -> Any:
        def handle(depth: int) -> int:
            return 1 + client.remoteRequest(other, "down", depth - 1) if depth else 0

        return handle

    def listener(client: sig.ClientRouter, other: str, inbox: Inbox) -> Any:
        return lambda info, data: inbox(info, client.remoteRequest(other, "down", 4))

    for number, client in enumerate(clients):
        done.append(Inbox())
        other = f"client{1 - number}"
        client.addRemoteSender(f"client{number}", "#go", {"down": handler(client, other)})
        client.addRemoteListener(listener(client, other, done[-1]), event="#go")
    heard = Inbox()
    server.addListener(lambda info, data: heard(info, server.request("client1", "down", 3)), event="#go")
    sender = server.addSender("server", "#go")
    signal = signal_of(sender, "#go")
    for _ in range(5):
        signal.trigger()
    assert heard.data(5) == [3] * 5
    assert [inbox.data(5) for inbox in done] == [[4] * 5] * 2


def test_removed_listeners_hear_nothing(net: Net) -> None:
    """removeRemoteListener ends one subscription, and returns whether there was one."""
    server = net.server()
    client = net.client()
    removed, kept = Inbox(), Inbox()
    sender = server.addSender("a", "e")
    for inbox in (removed, kept, removed):
        assert client.addRemoteListener(inbox, "a", "e")
    assert client.addRemoteListener(removed, "a")
    signal = signal_of(sender, "e")
    signal.trigger(1)
    assert (removed.data(3), kept.data(1)) == ([1, 1, 1], [1])
    for expected in (True, True, False):
        assert client.removeRemoteListener(removed, "a", "e") is expected
    assert client.removeRemoteListener(removed, "a") is True
    assert client.removeRemoteListener(removed, "b") is False
    signal.trigger(2)
    assert kept.data(1) == [2]
    assert removed.queue.empty()
    assert client.removeRemoteListener(kept, "a", "e") is True
    eventually(lambda: sender.countListeners() == 0)


def test_listening_to_what_is_not_declared(net: Net) -> None:
    """False, as locally."""
    server = net.server()
    server.addSender("a", "e")
    client = net.client()
    assert client.addRemoteListener(print, "a", "x") is False
    assert client.addRemoteListener(print, "a", "x") is False
    assert client.removeRemoteListener(print, "a", "x") is False


def test_adding_a_sender_wrongly(net: Net) -> None:
    """The errors of addSender, also where it is the server that refuses."""
    server = net.server()
    client = net.client()
    server.addSender("taken", "e")
    with pytest.raises(NameError, match="connected already"):
        client.addRemoteSender("taken", "e")
    with pytest.raises(ValueError, match="needs"):
        client.addRemoteSender("x", [])
    server.removeSender("taken")
    sender = client.addRemoteSender("taken", "e")
    assert sender.getRouter() is client
    with pytest.raises(NameError):
        client.addRemoteSender("taken", "e")
    with pytest.raises(NameError):
        server.addSender("taken", "e")


def test_what_the_server_has(net: Net) -> None:
    """list_senders and get_version have client methods."""
    server = net.server()
    client = net.client()
    server.addSender("a", ["#c", "e"])
    client.addRemoteListener(print, "b")
    assert client.listRemoteSenders() == [
        {"sender": "a", "connected": True},
        {"sender": "b", "connected": False},
    ]
    assert client.listRemoteSenders(True)[0]["events"] == [{"event": "#c"}, {"event": "e"}]
    assert client.getRemoteVersion() == "sig 1"
    assert "remote subscription to sender b" in str(client)


def test_many_signals_in_order(net: Net) -> None:
    """A flood from one client reaches the other and the server: all of it, in order, once."""
    server = net.server()
    publisher, listener = net.client(), net.client()
    inbox, local = Inbox(), Inbox()
    listener.addRemoteListener(inbox, "p", "#c")
    server.addListener(local, "p", "#c")
    sender = publisher.addRemoteSender("p", "#c")
    signal = signal_of(sender, "#c")
    count = 5000
    for number in range(count):
        signal.trigger(number)
    sender.remove()
    assert local.data(count) == list(range(count))
    assert inbox.data(count) == list(range(count))
    assert publisher.dropped_signals == 0


def test_large_messages(net: Net) -> None:
    """Up to the limit they pass; beyond it the caller gets an error, and the connection stays."""
    server = net.server()
    client = net.client()
    server.addSender("echo", [], {"echo": lambda params: params, "much": lambda params: "x" * params})
    text = "x" * 500_000
    assert client.remoteRequest("echo", "echo", text) == text
    with pytest.raises(sig.BadParams, match="larger"):
        client.remoteRequest("echo", "echo", "x" * 1_100_000)
    with pytest.raises(sig.BadParams, match="larger"):
        client.remoteRequest("echo", "much", 1_100_000)
    assert client.remoteRequest("echo", "echo", 1) == 1


def test_connecting(net: Net) -> None:
    """False when there is no server, callbacks with no arguments, and any number of disconnects and stops."""
    called: list[str] = []
    client = net.client_carrier()
    router = sig.ClientRouter(client)
    client.on_connected = lambda: called.append("connected")
    client.on_disconnected = lambda: called.append("disconnected")
    if net.kind in ("tcp", "tls", "tcp6"):
        net.port = 1
    assert client.connect(net.host, net.port) is False
    assert (client.isConnected(), called) == (False, [])
    assert client.last_error
    with pytest.raises(sig.NotConnected):
        router.remoteRequest("a", "b")
    net.port = 0
    server = net.server()
    assert client.connect(net.host, net.port) is True
    assert (client.isConnected(), called, client.last_error) == (True, ["connected"], None)
    client.disconnect()
    client.disconnect()
    assert (client.isConnected(), called) == (False, ["connected", "disconnected"])
    assert client.connect(net.host, net.port) is True
    assert client.connect(net.host, net.port) is True
    stop(server)
    stop(server)


def test_what_was_added_before_connecting(net: Net) -> None:
    """Senders and listeners may come first; the connection brings them to the server."""
    server = net.server()
    carrier = net.client_carrier()
    client = sig.ClientRouter(carrier)
    inbox = Inbox()
    assert client.addRemoteListener(inbox, "a", "e")
    sender = client.addRemoteSender("a", "e", {"m": lambda params: "here"})
    signal = signal_of(sender, "e")
    signal.trigger("lost")
    assert client.dropped_signals == 1
    assert carrier.connect(net.host, net.port)
    assert server.request("a", "m") == "here"
    signal.trigger("heard")
    assert inbox.get() == ("a", "e", "heard")


def test_a_lost_connection_comes_back(net: Net) -> None:
    """The server goes and returns: senders and listeners are there again, once; waiting calls have failed."""
    server = net.server()
    client = net.client()
    lost, back = threading.Event(), threading.Event()
    carrier: Any = client.carrier
    carrier.on_disconnected, carrier.on_connected = lost.set, back.set
    inbox = Inbox()
    client.addRemoteListener(inbox, "local", "e")
    sender = client.addRemoteSender("remote", "e", {"m": lambda params: params})
    hold, entered = threading.Event(), threading.Event()
    server.addSender("slow", [], {"wait": in_turn(entered.set, lambda: hold.wait(WAIT_S))})
    failed: list[BaseException] = []

    def call() -> None:
        try:
            client.remoteRequest("slow", "wait")
        except sig.RequestError as err:
            failed.append(err)

    caller = threading.Thread(target=call)
    caller.start()
    assert entered.wait(WAIT_S)
    hold.set()
    stop(server)
    caller.join(WAIT_S)
    assert lost.wait(WAIT_S)
    again = net.server()
    assert back.wait(WAIT_S)
    assert again.request("remote", "m", 5) == 5
    local = again.addSender("local", "e")
    signal = signal_of(local, "e")
    signal.trigger(1)
    signal.trigger(2)
    assert inbox.data(2) == [1, 2]
    heard = Inbox()
    again.addListener(heard, "remote", "e")
    kept = signal_of(sender, "e")
    kept.trigger(3)
    assert heard.get() == ("remote", "e", 3)
    assert again.getSender("local").countListeners() == 1  # type: ignore[union-attr]


def test_without_auto_reconnect(net: Net) -> None:
    """Then a lost connection stays lost."""
    server = net.server()
    client = net.client()
    carrier: Any = client.carrier
    carrier.auto_reconnect = False
    lost = threading.Event()
    carrier.on_disconnected = lost.set
    stop(server)
    assert lost.wait(WAIT_S)
    assert not carrier.isConnected()
    net.server()
    assert carrier.connect(net.host, net.port)


def test_another_codec(net: Net) -> None:
    """Both ends with the same pack and unpack."""

    def pack(message: dict[str, Any]) -> bytes:
        return json.dumps(message).encode()[::-1]

    net.options["codec"] = FramedCodec(pack, lambda data: json.loads(data[::-1]))
    server = net.server()
    client = net.client()
    inbox = Inbox()
    client.addRemoteListener(inbox)
    server.addSender("a", "e", {"m": lambda params: params})
    assert inbox.get() == ("a", "#connect", {"events": ["#connect", "#disconnect", "e"], "requests": ["m"]})
    assert client.remoteRequest("a", "m", "é") == "é"


def test_a_carrier_has_one_router(net: Net) -> None:
    """A second router is refused; a carrier without a router cannot be used."""
    carrier = net.server_carrier()
    with pytest.raises(ValueError, match="no router"):
        carrier.start(net.host, net.port)
    sig.ServerRouter(carrier)
    with pytest.raises(ValueError, match="belongs to a router"):
        sig.ServerRouter(carrier)


def test_the_same_place_twice(net: Net) -> None:
    """The error says what, where, and what to do."""
    server = net.server()
    carrier: Any = server.carrier
    with pytest.raises(ValueError, match="already"):
        carrier.start(net.host, net.port)
    second = net.server_carrier()
    sig.ServerRouter(second)
    with pytest.raises(OSError, match=r"holds it|already"):
        second.start(net.host, net.port)
    assert not second.isConnected()
