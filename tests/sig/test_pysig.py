"""Interoperability with pysig 0.7.3 as deployed, in both roles."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sig
from tests.sig.netkit import WAIT_S, Inbox, Logged, Net, eventually, signal_of
from tests.sig.pysig_peer import Handler, PysigPeer, PysigServer, connect

Connect = Callable[..., PysigPeer]


@pytest.fixture
def pysig(tcp: Net) -> Iterator[Connect]:
    """Makes pysig clients of our server; after the test none of them has lost a message."""
    peers: list[PysigPeer] = []

    def make(methods: dict[str, Handler] | None = None) -> PysigPeer:
        peers.append(connect(tcp.port, methods))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()
        assert (peer.dropped, peer.unparsable) == ([], [])


@pytest.fixture
def pysig_server() -> Iterator[PysigServer]:
    """A pysig server; after the test none of its connections has lost a message."""
    server = PysigServer()
    yield server
    server.close()
    for peer in server.peers:
        assert (peer.dropped, peer.unparsable) == ([], [])


def test_a_pysig_client_uses_every_method(tcp: Net, pysig: Connect) -> None:
    """All that it may call on our server is answered as it expects."""
    server = tcp.server()
    heard = Inbox()
    server.addListener(heard)
    server.addSender("ours", ["#c"], {"double": lambda params: 2 * params})
    assert heard.get()[1] == "#connect"
    peer = pysig({"request": lambda params: params["method"] + params["params"]})
    assert peer.call("get_version") == "sig 1"
    assert peer.call("list_senders", list_events=True) == [
        {"sender": "ours", "connected": True, "events": [{"event": "#c"}]}
    ]
    assert peer.call("add_sender", sender="theirs", events=["#c", "e"], requests=["m", None]) is None
    assert heard.get() == (
        "theirs",
        "#connect",
        {"events": ["#connect", "#disconnect", "#c", "e"], "requests": ["m", None]},
    )
    assert peer.call("signal", info={"sender": "theirs", "event": "e"}, data=5) is None
    assert heard.get() == ("theirs", "e", 5)
    assert peer.call("request", sender="ours", method="double", params=21) == 42
    assert server.request("theirs", "m", "!") == "m!"
    assert server.request("theirs", "any", "?") == "any?"
    assert peer.call("remove_sender", sender="theirs") is None
    assert heard.get()[1] == "#disconnect"
    with pytest.raises(LookupError, match="there is no sender"):
        peer.call("request", sender="nobody", method="x", params=None)
    with pytest.raises(LookupError, match="-1"):
        peer.call("no_such_method")
    call = {"id": 99, "params": {}}
    peer.send(call)
    with pytest.raises(LookupError, match="-3"):
        peer.reply_to(call)


def test_many_signals_to_a_pysig_listener(tcp: Net, pysig: Connect) -> None:
    """One call at a time, the next only after its reply: nothing is lost, the order is kept."""
    server = tcp.server()
    sender = server.addSender("a", "#c")
    heard = Inbox()
    peer = pysig({"signal": lambda params: heard(params["info"], [params["listener_id"], params["data"]])})
    first = peer.call("add_listener", sender=None, event="#c")["listener_id"]
    signal = signal_of(sender, "#c")
    for number in range(100):
        signal.trigger(number)
    assert heard.data(100) == [[first, number] for number in range(100)]
    assert peer.call("remove_listener", listener_id=first) is None
    signal.trigger("unheard")
    assert peer.call("get_version") == "sig 1"
    assert heard.queue.empty()


def test_signals_requests_and_replies_at_once(tcp: Net, pysig: Connect) -> None:
    """Its own calls, our signals, our requests to it: replies and calls never meet in one of its reads."""
    server = tcp.server()
    heard, back = Inbox(), Inbox()
    peer = pysig(
        {
            "signal": lambda params: heard(params["info"], params["data"]),
            "request": lambda params: params["params"],
        }
    )
    peer.call("add_sender", sender="theirs", events=["e"], requests=["echo"])
    peer.call("add_listener", sender="theirs", event="e")
    server.addListener(lambda info, data: back(info, server.request("theirs", "echo", data)), "theirs", "e")
    for number in range(20):
        peer.call("signal", info={"sender": "theirs", "event": "e"}, data=number)
    assert back.data(20) == list(range(20))
    assert heard.data(20) == list(range(20))


def test_pysig_clients_and_ours_meet(tcp: Net, pysig: Connect) -> None:
    """A pysig client's request reaches our client's handler, and the other way round; errors have a text."""
    tcp.server()
    ours = tcp.client()

    def fail(params: Any) -> None:
        raise RuntimeError("no")

    ours.addRemoteSender("ours", "e", {"echo": lambda params: params, "fail": fail})
    peer = pysig({"request": lambda params: params["params"]})
    peer.call("add_sender", sender="theirs", events="e", requests=["echo"])
    assert peer.call("request", sender="ours", method="echo", params="x") == "x"
    assert ours.remoteRequest("theirs", "echo", "y") == "y"
    with pytest.raises(LookupError, match="no"):
        peer.call("request", sender="ours", method="fail", params=None)
    peer.methods["request"] = fail
    with pytest.raises(sig.RemoteError, match="no"):
        ours.remoteRequest("theirs", "echo", "y")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_split_across_segments(tcp: Net, pysig: Connect, size: int) -> None:
    """What arrives in pieces is put together."""
    server = tcp.server()
    server.addSender("a", "e", {"echo": lambda params: params})
    peer = pysig()
    peer.pieces = [size]
    assert peer.call("request", sender="a", method="echo", params='}{"é\n') == '}{"é\n'


def test_merged_into_one_segment(tcp: Net, pysig: Connect) -> None:
    """Two objects in one segment, from two of its threads, are two calls; each is answered."""
    server = tcp.server()
    heard = Inbox()
    server.addListener(heard, "t", "e")
    peer = pysig()
    peer.call("add_sender", sender="t", events=["e"], requests=None)
    calls = [peer.new_call("signal", info={"sender": "t", "event": "e"}, data=n) for n in range(5)]
    peer.send(*calls)
    assert heard.data(5) == [0, 1, 2, 3, 4]
    for call in calls:
        assert peer.reply_to(call) is None


def test_too_large_for_pysig(tcp: Net, pysig: Connect, logged: Logged) -> None:
    """It reads 4096 bytes at a time: what is larger is refused where it can be, or dropped with a warning."""
    server = tcp.server()
    sender = server.addSender("a", "e", {"much": lambda params: "x" * 5000})
    heard = Inbox()
    peer = pysig(
        {"signal": lambda params: heard(params["info"], params["data"]), "request": lambda params: 1}
    )
    peer.call("add_listener", sender="a", event="e")
    peer.call("add_sender", sender="t", events=["e"], requests=["m"])
    signal = signal_of(sender, "e")
    signal.trigger("x" * 5000)
    signal.trigger("small")
    assert heard.data(1) == ["small"]
    assert "is dropped" in logged.wait_for("larger")
    with pytest.raises(LookupError, match="larger"):
        peer.call("request", sender="a", method="much", params=None)
    with pytest.raises(sig.BadParams, match="larger"):
        server.request("t", "m", "x" * 5000)
    assert server.request("t", "m", "x") == 1


def test_a_pysig_client_that_does_not_answer(tcp: Net, pysig: Connect) -> None:
    """A signal that is never acknowledged holds up the next ones until its time is up, not for ever."""
    tcp.limits = sig.Limits(timeout_s=0.3, tick_s=0.05)
    server = tcp.server()
    sender = server.addSender("a", "e")
    heard = Inbox()
    hold = threading.Event()

    def signal_comes(params: dict[str, Any]) -> None:
        heard(params["info"], params["data"])
        hold.wait(1.0)

    peer = pysig({"signal": signal_comes})
    peer.call("add_listener", sender="a", event="e")
    signal = signal_of(sender, "e")
    signal.trigger(1)
    signal.trigger(2)
    assert heard.data(1) == [1]
    hold.set()
    assert heard.data(1) == [2]


def test_a_pysig_client_that_goes(tcp: Net, pysig: Connect) -> None:
    """Its senders and listeners go with it."""
    server = tcp.server()
    heard = Inbox()
    server.addListener(heard, "t")
    peer = pysig()
    peer.call("add_sender", sender="t", events=["e"], requests=None)
    peer.call("add_listener", sender=None, event=None)
    peer.close()
    assert [heard.get()[1] for _ in range(2)] == ["#connect", "#disconnect"]
    eventually(lambda: "listeners to everything: 0" in str(server))


def test_our_client_at_a_pysig_server(tcp: Net, pysig_server: PysigServer) -> None:
    """It finds out that the server is a pysig, and does everything one call at a time."""
    tcp.port = pysig_server.port
    client = tcp.client()
    assert client.getRemoteVersion() == "1.01"
    heard = Inbox()
    assert client.addRemoteListener(heard, "x", "e") is True
    sender = client.addRemoteSender("ours", ["e"], {"m": lambda params: params, "fail": lambda params: 1 / 0})
    assert pysig_server.senders["ours"] == {"sender": "ours", "events": ["e"], "requests": ["m", "fail"]}
    assert client.listRemoteSenders() == [{"sender": "ours", "connected": True}]
    (ours,) = client.listRemoteSenders(list_events=True)
    assert {"event": "e"} in ours["events"]
    client.addRemoteSender("quiet", None, {"m": lambda params: params})
    assert pysig_server.senders["quiet"]["events"] == []
    client.removeRemoteSender("quiet")
    signal = signal_of(sender, "e")
    for number in range(50):
        signal.trigger(number)
    for _ in range(50):
        assert pysig_server.signalled.acquire(timeout=WAIT_S)
    assert [each["data"] for each in pysig_server.signals] == list(range(50))
    assert pysig_server.signals[0]["info"] == {"sender": "ours", "event": "e"}
    peer = pysig_server.peer
    assert peer.call("signal", listener_id=1, info={"sender": "x", "event": "e"}, data="d") is None
    assert heard.get() == ("x", "e", "d")
    assert peer.call("request", sender="ours", method="m", params=[1]) == [1]
    with pytest.raises(LookupError, match="division"):
        peer.call("request", sender="ours", method="fail", params=None)
    assert client.remoteRequest("x", "m", 1) == ["x", "m", 1]
    with pytest.raises(sig.RemoteError, match="it failed"):
        client.remoteRequest("x", "fail")
    assert sender.remove() is True
    assert client.removeRemoteListener(heard, "x", "e") is True
    eventually(lambda: not pysig_server.listeners)
    assert pysig_server.senders == {}


def test_our_client_comes_back_to_a_pysig_server(tcp: Net, pysig_server: PysigServer) -> None:
    """After a reconnect its senders and listeners are put back, one call at a time."""
    tcp.port = pysig_server.port
    client = tcp.client()
    assert pysig_server.connected.acquire(timeout=WAIT_S)
    client.addRemoteSender("ours", ["e"])
    client.addRemoteListener(print, "x", "e")
    pysig_server.senders.clear()
    pysig_server.listeners.clear()
    pysig_server.peer.close()
    assert pysig_server.connected.acquire(timeout=WAIT_S)
    eventually(lambda: list(pysig_server.senders) == ["ours"] and len(pysig_server.listeners) == 1)
    eventually(lambda: client.carrier.isConnected())


def test_a_token_for_a_pysig_server(tcp: Net, pysig_server: PysigServer, logged: Logged) -> None:
    """It knows no tokens: our client says so, and goes on."""
    tcp.port = pysig_server.port
    client = tcp.client(token="secret")
    assert client.getRemoteVersion() == "1.01"
    logged.wait_for("knows no tokens")
