"""Strangers in crowds: who may come in gets in, and nobody is held up, logged at length, or thrown out."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import sig
from sig.carrier.base import Channel
from sig.carrier.tcpserver import CarrierTCPServer
from tests.sig.netkit import WAIT_S, Logged, Net, eventually, leave, signal_of, threads_called

TOKEN = "a long secret"
# Of a message, which is yet to be finished.
BEGUN = b'{"id":1'


class Crowd:
    """Connections of one who means no good."""

    def __init__(self) -> None:
        self.socks: list[socket.socket] = []

    def come(self, net: Net, count: int, word: bytes = b"", host: str = "127.0.0.1") -> list[socket.socket]:
        """So many, from one address of this machine."""
        came = []
        for _ in range(count):
            sock = socket.socket()
            sock.bind((host, 0))
            sock.connect(("127.0.0.1", net.port))
            sock.settimeout(WAIT_S)
            if word:
                sock.sendall(word)
            came.append(sock)
        self.socks += came
        return came


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Gone after the test."""
    found = Crowd()
    yield found
    for sock in found.socks:
        sock.close()


def ended(sock: socket.socket) -> bool:
    """Whether the server ends it; waits for that."""
    try:
        return sock.recv(4096) == b""
    except ConnectionError:
        return True


def reached(carrier: CarrierTCPServer, connections: int) -> bool:
    """Whether there are so many."""
    return carrier.connections == connections


def call(sock: socket.socket, method: str, **params: Any) -> dict[str, Any]:
    """The answer to one call."""
    sock.sendall(json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n")
    answer: dict[str, Any] = json.loads(sock.recv(4096))
    return answer


def test_who_only_connects_keeps_nobody_out(tcp: Net, crowd: Crowd) -> None:
    """Nor costs a thread, nor counts as a client, though there come many more than may be."""
    tcp.limits = sig.Limits(max_clients=3)
    server = tcp.server(token=TOKEN)
    old = tcp.client(token=TOKEN)
    for _ in range(2):
        crowd.come(tcp, 200)
        assert tcp.client(token=TOKEN).carrier.isConnected()
    carrier: Any = server.carrier
    assert carrier.connections == 3
    eventually(lambda: len(threads_called("sig-server-")) <= 1 + 2 * 3)
    assert old.carrier.isConnected()
    crowd.socks[0].settimeout(WAIT_S)
    assert ended(crowd.socks[0])


def test_who_speaks_and_shows_no_token_drives_out_its_own(tcp: Net, crowd: Crowd, logged: Logged) -> None:
    """Of three that may be there the oldest of the fullest address goes; a client is none of them."""
    tcp.limits = sig.Limits(max_strangers=3, max_strangers_of_address=2, max_clients=1)
    server = tcp.server(token=TOKEN)
    carrier: Any = server.carrier
    (other,) = crowd.come(tcp, 1, BEGUN, "127.0.0.2")
    eventually(lambda: carrier.connections == 1)
    first = crowd.come(tcp, 1, BEGUN)[0]
    eventually(lambda: carrier.connections == 2)
    client = tcp.client(token=TOKEN)
    second, third = (crowd.come(tcp, 1, BEGUN)[0] for _ in range(2))
    assert ended(first)
    eventually(lambda: carrier.connections == 4)
    assert client.carrier.isConnected()
    for sock in (other, second, third):  # what they had begun to say goes on: it is no message
        sock.sendall(b"}\n")
        assert b"unauthorized" in sock.recv(4096)
    assert "show no token: the oldest, from 127.0.0.1:" in logged.wait_for("show no token")


def test_without_a_token_who_has_said_nothing_is_no_client(tcp: Net, crowd: Crowd) -> None:
    """From its first words on it is; and it may stay silent for as long as it likes, if there is room."""
    here = sig.Limits(max_clients=2, handshake_s=0.05, tick_s=0.02)
    server = tcp.server(limits=here)
    silent = crowd.come(tcp, 20)
    # Far longer than a stranger has who must show a token.
    late = time.monotonic() + 4 * here.handshake_s
    eventually(lambda: time.monotonic() > late)
    client = tcp.client()
    carrier: Any = server.carrier
    assert carrier.connections == 1
    assert call(silent[0], "get_version")["response"] == "sig 1"
    refused = call(silent[1], "get_version")
    assert refused["error"] == "busy"
    assert "try again later" in refused["exception"]
    assert call(silent[0], "get_version")["status"] == 0
    leave(client)
    eventually(lambda: carrier.connections == 1)
    assert call(silent.pop(), "get_version")["status"] == 0
    for sock in silent[2:]:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


def test_who_knows_the_token_and_finds_no_room_may_ask_again(tcp: Net, crowd: Crowd, logged: Logged) -> None:
    """It is told why, and let in on the same connection once there is; it may do nothing meanwhile."""
    tcp.limits = sig.Limits(max_clients=1)
    tcp.server(token=TOKEN)
    client = tcp.client(token=TOKEN)
    (sock,) = crowd.come(tcp, 1)
    assert call(sock, "auth", token=TOKEN)["error"] == "busy"
    assert call(sock, "get_version")["error"] == "unauthorized"
    assert "refused: there are 1 connections" in logged.wait_for("refused")
    leave(client)
    eventually(lambda: call(sock, "auth", token=TOKEN)["status"] == 0)
    assert call(sock, "get_version")["response"] == "sig 1"


def test_a_crowd_is_not_worth_a_line_each(tcp: Net, crowd: Crowd, logged: Logged) -> None:
    """Of warnings there is one of each kind; the rest is said in one, at the end or after a minute."""
    tcp.limits = sig.Limits(max_strangers=2, max_silent=2)
    server = tcp.server(token=TOKEN)
    levels: list[tuple[str, str]] = []

    class Levels:
        def __getattr__(self, name: str) -> Callable[[str], None]:
            return lambda text: levels.append((name, text))

    sig.setup_logger(Levels())
    wrong = b'{"id":1,"method":"auth","params":{"token":"x"}}\n'
    for _ in range(10):
        crowd.come(tcp, 4)
        crowd.come(tcp, 4, b"{")
        crowd.come(tcp, 4, wrong)
    carrier: Any = server.carrier
    eventually(lambda: any("show no token" in text for _, text in levels))
    eventually(lambda: any("say nothing" in text for _, text in levels))
    carrier.stop()
    told = [text for level, text in levels if level not in ("debug", "trace")]
    assert len([text for text in told if "more in" not in text]) <= 2 + 5 + 1
    assert len([text for text in told if "more in" in text]) <= 3
    assert any("show no token" in text and "more in" in text for text in told)


def test_many_wrong_tokens_are_counted(tcp: Net, crowd: Crowd, logged: Logged) -> None:
    """The first few are told one by one."""
    server = tcp.server(token=TOKEN)
    for sock in crowd.come(tcp, 9, b'{"id":1,"method":"auth","params":{"token":"x"}}\n'):
        while not ended(sock):
            pass
    carrier: Any = server.carrier
    carrier.stop()
    told = [text for text in list(logged.texts.queue) if "wrong token from" in text]
    assert len(told) == 6
    assert "(4 more in" in told[-1]


def test_a_slow_client_is_warned_of(tcp: Net, crowd: Crowd) -> None:
    """At the level that a gateway shows; one that goes by itself is not."""
    warned: list[str] = []

    class Warned(sig.SimpleLogger):
        def warning(self, text: str, *_: Any) -> None:
            warned.append(text)

    sig.setup_logger(Warned(level=sig.LOG_LEVELS.LEVEL_NONE))
    tcp.limits = sig.Limits(max_queue=64 * 1024)
    server = tcp.server()
    (slow,) = crowd.come(tcp, 1)
    call(slow, "hello")
    call(slow, "add_listener", sender=None, event="#c")
    signal = signal_of(server.addSender("p", "#c"), "#c")
    leave(tcp.client())
    carrier: Any = server.carrier
    eventually(lambda: carrier.connections == 1)
    assert warned == []
    while carrier.connections:
        signal.trigger("x" * 1000)
    assert len(warned) == 1
    assert "is disconnected: it reads too slowly" in warned[0]
    assert "127.0.0.1:" in warned[0]


@pytest.mark.parametrize("then", ["they end", "it stops"])
def test_those_that_are_about_to_end_are_bounded_too(tcp: Net, crowd: Crowd, then: str) -> None:
    """Where their ends take long, nobody is taken until some have ended; then all goes on, at once."""
    hold = threading.Event()

    class Slow(CarrierTCPServer):
        def accept(self, channel: Channel) -> Any:
            close = channel.close

            def close_late() -> None:
                hold.wait(WAIT_S)
                close()

            channel.close = close_late  # type: ignore[method-assign]
            return super().accept(channel)

    limits = sig.Limits(max_strangers=2, max_strangers_of_address=2, tick_s=60.0, join_s=0.5)
    carrier = Slow(token=TOKEN, limits=limits)
    tcp.carriers.append(carrier)
    sig.ServerRouter(carrier)
    carrier.start("127.0.0.1", 0)
    tcp.port, tcp.limits = carrier.address[1], limits
    try:
        for number in range(1, 6):
            crowd.come(tcp, 1, BEGUN)
            eventually(partial(reached, carrier, number))
        (sixth,) = crowd.come(tcp, 1, BEGUN + b"}")
        sixth.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sixth.recv(1)
        assert len(threads_called("sig-server-")) == 1 + 5
        if then == "it stops":
            carrier.stop()
            eventually(lambda: not threads_called("sig-server-acceptor"))
    finally:
        hold.set()
    if then == "they end":
        assert tcp.client(token=TOKEN).carrier.isConnected()


def test_the_count_is_told_while_it_goes_on(
    tcp: Net, crowd: Crowd, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a minute, which is short here."""
    monkeypatch.setattr(sig.log.Repeated, "AGAIN_S", 0.02)
    tcp.limits = sig.Limits(max_silent=2, tick_s=0.02)
    tcp.server(token=TOKEN)
    crowd.come(tcp, 30)
    assert "say nothing" in logged.wait_for(" s, the last from 127.0.0.1)")


def test_clients_come_and_go_at_info_strangers_at_debug(tcp: Net, crowd: Crowd) -> None:
    """At level INFO; whoever wants to know all may have it at DEBUG."""
    levels: list[tuple[str, str]] = []

    class Levels:
        def __getattr__(self, name: str) -> Callable[[str], None]:
            return lambda text: levels.append((name, text))

    server = tcp.server(token=TOKEN)
    sig.setup_logger(Levels())
    carrier: Any = server.carrier

    def told() -> list[tuple[str, str]]:
        return [(level, text) for level, text in levels if "[sig-server" in text]

    (sock,) = crowd.come(tcp, 1, b"nonsense")
    assert ended(sock)
    eventually(told)  # it is told after the end
    client = tcp.client(token=TOKEN)
    eventually(lambda: carrier.connections == 1)
    leave(client)
    eventually(lambda: carrier.connections == 0)
    eventually(lambda: len(told()) == 3)
    assert [level for level, _ in told()] == ["debug", "info", "info"]
    assert "no message" in told()[0][1]
    assert "connection from" in told()[1][1]
    assert "disconnected from" in told()[2][1]
    assert "error" not in [level for level, _ in levels]


def test_who_does_not_keep_to_the_window_is_warned_of(tcp: Net, crowd: Crowd, logged: Logged) -> None:
    """As its signals would fill the memory."""
    tcp.limits = sig.Limits(max_jobs=8)
    server = tcp.server()
    hold = threading.Event()
    server.addListener(lambda _info, _data: hold.wait(WAIT_S), "p", "e")
    (sock,) = crowd.come(tcp, 1)
    call(sock, "hello")
    call(sock, "add_sender", sender="p", events=["e"])
    signal = b'{"method":"signal","params":{"info":{"sender":"p","event":"e"},"data":1}}\n'
    try:
        sock.sendall(100 * signal)
        text = logged.wait_for("is disconnected: ")
        assert "it does not keep to the window" in text
    finally:
        hold.set()


def test_at_a_unix_socket_too(tmp_path: Path) -> None:
    """Strangers of one process drive out their own."""
    net = Net("unix", tmp_path, sig.Limits(max_silent=2))
    socks = []
    try:
        net.server(token=TOKEN)
        for _ in range(10):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(WAIT_S)
            sock.connect(net.host.removeprefix("unix:"))
            socks.append(sock)
        assert ended(socks[0])
        assert net.client(token=TOKEN).carrier.isConnected()
    finally:
        for sock in socks:
            sock.close()
        net.close()
