"""Who may connect, and what they may do before they have shown that they may."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import sig
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer
from tests.sig.netkit import WAIT_S, Logged, Net, eventually, stop

TOKEN = "a long secret é"


class RawPeer:
    """Sends objects, reads answers, one a line."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.settimeout(WAIT_S)
        self.file = self.sock.makefile("rb")

    def call(self, **message: Any) -> dict[str, Any]:
        self.sock.sendall(json.dumps({"id": 1, **message}).encode())
        answer: dict[str, Any] = json.loads(self.file.readline())
        return answer

    def is_closed(self) -> bool:
        try:
            return self.file.readline() == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.file.close()
        self.sock.close()


def test_a_token_is_asked_for(tcp: Net) -> None:
    """Without one, or with a wrong one, connect raises Unauthorized; with the right one all works."""
    server = tcp.server(token=TOKEN)
    server.addSender("a", [], {"m": lambda params: "secret"})
    for token, text in ((None, "wants a token"), ("wrong", "wrong token")):
        carrier = tcp.client_carrier(token=token)
        sig.ClientRouter(carrier)
        with pytest.raises(sig.Unauthorized, match=text):
            carrier.connect(tcp.host, tcp.port)
        assert not carrier.isConnected()
        assert text in carrier.last_error
    client = tcp.client(token=TOKEN)
    assert client.remoteRequest("a", "m") == "secret"


def test_nothing_but_auth_before_auth(tcp: Net) -> None:
    """Every method is refused, known or not, and no handler runs; after auth all are open."""
    server = tcp.server(token=TOKEN)
    ran = threading.Event()
    server.addSender("a", "e", {"m": lambda params: ran.set()})
    server.addListener(lambda info, data: ran.set(), "b")
    peer = RawPeer(tcp.port)
    methods: dict[str, dict[str, Any]] = {
        "hello": {},
        "ping": {},
        "credit": {"signals": 1},
        "get_version": {},
        "list_senders": {"list_events": True},
        "add_sender": {"sender": "b", "events": ["e"]},
        "remove_sender": {"sender": "a"},
        "add_listener": {"sender": None, "event": None},
        "remove_listener": {"listener_id": 1},
        "signal": {"info": {"sender": "a", "event": "e"}, "data": 1},
        "request": {"sender": "a", "method": "m", "params": None},
        "no_such": {},
    }
    for method, params in methods.items():
        answer = peer.call(method=method, params=params)
        assert (answer["status"], answer["error"]) == (-2, "unauthorized"), method
    assert peer.call(params={})["error"] == "unauthorized"
    assert not ran.is_set()
    assert [sender.getName() for sender in server.listSenders()] == ["a", "b"]
    assert peer.call(method="auth", params={"token": TOKEN}) == {"id": 1, "status": 0, "response": None}
    assert peer.call(method="get_version")["response"] == "sig 1"
    peer.close()


def test_a_wrong_token_is_logged_slowed_down_and_cut_off(tcp: Net, logged: Logged) -> None:
    """With the peer's address; the second time it takes longer; whatever type the token has."""
    tcp.server(token=TOKEN)
    took = []
    for token in ("wrong", 5):
        peer = RawPeer(tcp.port)
        address = f"127.0.0.1:{peer.sock.getsockname()[1]}"
        began = time.monotonic()
        assert peer.call(method="auth", params={"token": token})["error"] == "unauthorized"
        took.append(time.monotonic() - began)
        assert address in logged.wait_for("wrong token from")
        assert peer.is_closed()
        peer.close()
    assert took[0] >= 0.4
    assert took[1] >= 0.9


def test_a_stop_does_not_wait_for_the_penalty(tcp: Net) -> None:
    """A server that stops lets go of the peers that it slows down."""
    server = tcp.server(token=TOKEN)
    peers = [RawPeer(tcp.port) for _ in range(5)]
    for peer in peers:
        peer.sock.sendall(b'{"id":1,"method":"auth","params":{"token":"x"}}')
    carrier: Any = server.carrier
    eventually(lambda: carrier.connections == 5)
    began = time.monotonic()
    stop(server)
    assert time.monotonic() - began < 2
    for peer in peers:
        peer.close()


def test_who_does_not_authorize_is_cut_off(tcp: Net) -> None:
    """In time, and it may not send much meanwhile."""
    tcp.limits = sig.Limits(handshake_s=0.2, tick_s=0.05)
    tcp.server(token=TOKEN)
    silent, chatty = RawPeer(tcp.port), RawPeer(tcp.port)
    chatty.sock.sendall(b'{"id":1,"method":"auth","params":{"token":"' + b"x" * 5000)
    assert silent.is_closed()
    assert chatty.is_closed()
    silent.close()
    chatty.close()


def test_beyond_loopback_only_with_a_token() -> None:
    """The error says what to write."""
    for host in ("0.0.0.0", "::", ""):  # noqa: S104 - that is what is refused
        carrier = CarrierTCPServer()
        sig.ServerRouter(carrier)
        with pytest.raises(ValueError, match=r"CarrierTCPServer\(token="):
            carrier.start(host, 0)
        assert not carrier.isConnected()
    carrier = CarrierTCPServer(token=TOKEN)
    sig.ServerRouter(carrier)
    assert carrier.start("0.0.0.0", 0)  # noqa: S104 - with a token it may
    carrier.stop()


def test_where_one_cannot_listen() -> None:
    """A name that is nobody's, an address that is not ours, a port that is none."""
    for host, port in (("no.such.host.invalid", 0), ("192.0.2.1", 0), ("localhost", 70000)):
        carrier = CarrierTCPServer(token=TOKEN)
        sig.ServerRouter(carrier)
        with pytest.raises(OSError, match="cannot listen on"):
            carrier.start(host, port)


def test_where_one_cannot_connect() -> None:
    """False, whatever is wrong with host and port."""
    for host, port in (("no.such.host.invalid", 1), ("localhost", 70000), ("unix:/no/such/socket", 0)):
        carrier = CarrierTCPClient()
        sig.ClientRouter(carrier)
        assert carrier.last_error is None
        assert carrier.connect(host, port) is False
        assert carrier.last_error


def test_tls_wants_the_right_certificate(tmp_path: Path, logged: Logged) -> None:
    """A client that does not trust the server, or wants another name, does not connect."""
    net = Net("tls", tmp_path)
    try:
        net.server()
        stranger = CarrierTCPClient(ssl_context=ssl.create_default_context())
        sig.ClientRouter(stranger)
        assert stranger.connect(net.host, net.port) is False
        assert "certificate" in logged.wait_for("cannot connect").lower()
        context = ssl.create_default_context()
        assert net.authority is not None
        net.authority.configure_trust(context)
        other_name = CarrierTCPClient(ssl_context=context, server_hostname="other.example")
        sig.ClientRouter(other_name)
        assert other_name.connect(net.host, net.port) is False
    finally:
        net.close()


def test_tls_and_plain_do_not_mix(tmp_path: Path) -> None:
    """A plain client of a TLS server gets nowhere, nor does a TLS client of a plain server; both live on."""
    limits = sig.Limits()
    tls, plain = Net("tls", tmp_path, limits), Net("tcp", tmp_path, limits)
    try:
        tls.server()
        plain.server()
        tls_port, plain_port = tls.port, plain.port
        plain_client, tls_client = plain.client_carrier(), tls.client_carrier()
        sig.ClientRouter(plain_client)
        sig.ClientRouter(tls_client)
        assert plain_client.connect("localhost", tls_port) is False
        assert tls_client.connect("localhost", plain_port) is False
        assert tls_client.connect("localhost", tls_port) is True
        assert plain_client.connect("localhost", plain_port) is True
    finally:
        tls.close()
        plain.close()


def test_nothing_is_sent_before_the_tls_handshake(tmp_path: Path) -> None:
    """Least of all the token: what a server that speaks no TLS gets is a TLS greeting."""
    net = Net("tls", tmp_path, sig.Limits(handshake_s=0.3))
    listener = socket.create_server(("127.0.0.1", 0))
    carrier = net.client_carrier(token=TOKEN)
    sig.ClientRouter(carrier)
    got: list[bytes] = []

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            while data := sock.recv(65536):
                got.append(data)

    thread = threading.Thread(target=serve)
    thread.start()
    assert carrier.connect("localhost", listener.getsockname()[1]) is False
    thread.join(WAIT_S)
    listener.close()
    net.close()
    sent = b"".join(got)
    assert sent.startswith(b"\x16\x03")
    assert b"token" not in sent


def test_a_unix_socket_is_this_users(tmp_path: Path) -> None:
    """Its mode is 0600, it is gone after stop, and one left behind by a kill is replaced."""
    path = tmp_path / "sig.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    carrier = CarrierTCPServer()
    sig.ServerRouter(carrier)
    assert carrier.start(f"unix:{path}")
    assert carrier.address == (str(path), 0)
    assert path.stat().st_mode & 0o777 == 0o600
    carrier.stop()
    assert not path.exists()
    path.write_text("not a socket")
    with pytest.raises(OSError, match="cannot listen on unix:"):
        carrier.start(f"unix:{path}")
    assert path.read_text() == "not a socket"


def test_a_unix_socket_that_another_server_took(tmp_path: Path) -> None:
    """stop() does not remove what is not its own."""
    path = tmp_path / "sig.sock"
    first, second = CarrierTCPServer(), CarrierTCPServer()
    for carrier in (first, second):
        sig.ServerRouter(carrier)
    first.start(f"unix:{path}")
    path.rename(tmp_path / "away")
    second.start(f"unix:{path}")
    first.stop()
    assert path.exists()
    second.stop()


def test_ipv6_in_brackets() -> None:
    """As in a URL."""
    server, client = CarrierTCPServer(), CarrierTCPClient()
    sig.ServerRouter(server)
    sig.ClientRouter(client)
    server.start("[::1]", 0)
    assert client.connect("[::1]", server.address[1])
    client.disconnect()
    server.stop()


def test_a_wrong_token_is_refused_whatever_comes_with_it(tcp: Net) -> None:
    """Its words are told, though the next call is in the same piece."""
    tcp.server(token="right")
    with socket.create_connection(("127.0.0.1", tcp.port)) as sock:
        sock.settimeout(WAIT_S)
        sock.sendall(
            b'{"id":1,"method":"auth","params":{"token":"wrong"}}\n{"id":2,"method":"hello","params":{}}\n'
        )
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
    assert b"wrong token" in answer
    assert b'"id":2' not in answer
