"""What a carrier, a handler, the log or the machine may raise anywhere: threads that must not end go on."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from sig.carrier.base import Channel
from sig.carrier.server import Listener
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer
from sig.wire import FramedCodec
from tests.sig.netkit import WAIT_S, Inbox, Net, eventually, signal_of

HOST = "localhost"


class ForeignError(Exception):
    """What nobody expects: of a library's."""


class SpeechlessError(Exception):
    """One that has no text either."""

    def __str__(self) -> str:
        raise ZeroDivisionError


class SpeechlessOSError(OSError):
    """As above."""

    def __str__(self) -> str:
        raise ZeroDivisionError


class LastWordsError(Exception):
    """One that wants to end the program when it is asked what it is."""

    def __str__(self) -> str:
        raise SystemExit(1)


class Fails:
    """Raises from one method of what it stands before, the first `times` times; hands on all else."""

    def __init__(self, behind: Any, name: str, error: BaseException, times: int = 3) -> None:
        self.behind, self.name, self.error, self.left = behind, name, error, times

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.behind, name)
        if name != self.name:
            return found

        def method(*given: Any) -> Any:
            if self.left > 0:
                self.left -= 1
                raise self.error
            return found(*given)

        return method


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    """Servers and clients over TCP."""
    with_limits = Net("tcp", tmp_path, sig.Limits(tick_s=0.05, workers=2))
    yield with_limits
    with_limits.close()


def answers(client: sig.ClientRouter) -> bool:
    """Whether a request is answered, now."""
    try:
        return bool(client.remoteRequest("s", "ping", timeout=10.0) == "pong")
    except sig.RequestError:
        return False


def offer(server: sig.ServerRouter, **handlers: Callable[[Any], Any]) -> sig.Sender:
    """A sender `s` that answers `ping`, and these."""
    requests: dict[str | None, Callable[..., Any]] = {"ping": lambda _params: "pong"}
    requests.update(dict(handlers.items()))
    return server.addSender("s", ["e"], requests)


@pytest.mark.parametrize(
    "error", [ForeignError("x"), OSError(24, "Too many open files"), MemoryError()], ids=repr
)
def test_a_listener_that_raises(net: Net, logged: Any, error: Exception) -> None:
    """Accepting goes on; and what comes again and again is logged once."""

    class Server(CarrierTCPServer):
        def listen(self, host: str, port: int) -> Listener:
            found: Any = Fails(super().listen(host, port), "accept", error)
            return found  # type: ignore[no-any-return]

    carrier = Server(limits=net.limits)
    net.carriers.append(carrier)
    offer(sig.ServerRouter(carrier))
    assert carrier.start(HOST)
    net.port = carrier.address[1]
    assert answers(net.client())
    told = [text for text in list(logged.texts.queue) if "accepting a connection failed" in text]
    assert len(told) == 1
    assert "Traceback" in told[0]


def test_a_log_that_raises(net: Net) -> None:
    """For a while, whatever is logged: afterwards there is a connection again, at both ends."""
    left = [10]

    class Mute:
        def trace(self, _text: str) -> None:
            if left[0] > 0:
                left[0] -= 1
                raise ForeignError

        debug = info = warning = error = critical = trace

    server = net.server()
    offer(server)
    client = net.client()
    server.carrier.stop()  # type: ignore[attr-defined]
    sig.setup_logger(Mute())
    with contextlib.suppress(ForeignError):  # here it reaches its owner
        server.carrier.start(HOST, net.port)  # type: ignore[attr-defined]
    eventually(lambda: left == [0] and answers(client))


@pytest.mark.parametrize("step", ["open", "greet"])
def test_a_client_whose_tries_raise(net: Net, step: str) -> None:
    """It connects again, once that is over."""
    left = [0]

    class Client(CarrierTCPClient):
        def open(self, host: str, port: int) -> Channel:
            fail("open")
            return super().open(host, port)

        def greet(self, connection: Any) -> None:
            fail("greet")
            super().greet(connection)

    def fail(where: str) -> None:
        if where == step and left[0] > 0:
            left[0] -= 1
            raise ForeignError

    server = net.server()
    offer(server)
    carrier = Client(limits=net.limits)
    net.carriers.append(carrier)
    client = sig.ClientRouter(carrier)
    assert carrier.connect(HOST, net.port)
    left[0] = 3
    server.carrier.stop()  # type: ignore[attr-defined]
    server.carrier.start(HOST, net.port)  # type: ignore[attr-defined]
    eventually(lambda: answers(client))
    assert left == [0]


@pytest.mark.parametrize("at", ["server", "client"])
@pytest.mark.parametrize("name", ["prepare", "receive", "send", "wait_writable", "shutdown", "close"])
def test_a_channel_that_raises(net: Net, name: str, at: str) -> None:
    """That connection ends, and is noticed, cleaned up and made anew, whichever method it was."""
    failing: list[Fails] = []

    def spoil(channel: Any) -> Any:
        if not failing:
            failing.append(Fails(channel, name, ForeignError(name), 1))
            return failing[-1]
        return channel

    class Server(CarrierTCPServer):
        def accept(self, channel: Channel) -> Any:
            return super().accept(spoil(channel) if at == "server" else channel)

    class Client(CarrierTCPClient):
        def accept(self, channel: Channel) -> Any:
            return super().accept(spoil(channel) if at == "client" else channel)

    server_carrier, carrier = Server(limits=net.limits), Client(limits=net.limits)
    net.carriers += [carrier, server_carrier]
    server = sig.ServerRouter(server_carrier)
    offer(server, long=lambda _params: "x" * 900_000)
    server_carrier.start(HOST)
    port = server_carrier.address[1]
    client = sig.ClientRouter(carrier)

    def work() -> int:
        if not carrier.isConnected():
            carrier.connect(HOST, port)
        return len(client.remoteRequest("s", "long", timeout=1.0))

    eventually(lambda: works(work) and failing)
    server_carrier.stop()
    server_carrier.start(HOST, port)
    eventually(lambda: works(work))
    if name != "wait_writable":  # which is only called if a send would block
        eventually(lambda: all(fails.left == 0 for fails in failing))
    for fails in failing:
        fails.behind.close()  # where that is what raised


@pytest.mark.parametrize(
    "error",
    [SystemExit(1), SpeechlessError(), LastWordsError(), SpeechlessOSError(), MemoryError()],
    ids=lambda e: type(e).__name__,
)
def test_a_handler_that_exits_or_has_no_words(net: Net, error: BaseException) -> None:
    """More often than there are workers: each caller is told at once, and the next one is answered."""

    def fail(_params: Any) -> Any:
        raise error

    offer(net.server(), fail=fail)
    client = net.client()
    for _ in range(2 * net.limits.workers + 1):
        with pytest.raises(sig.RemoteError):
            client.remoteRequest("s", "fail", timeout=WAIT_S)
    assert answers(client)


@pytest.mark.parametrize("error", [SpeechlessError(), LastWordsError()], ids=lambda e: type(e).__name__)
def test_an_answer_that_cannot_be_written_down(net: Net, error: Exception) -> None:
    """Whatever a codec raises, and though it has no words for it: the caller is told, the worker goes on."""

    def pack(message: Any) -> bytes:
        if message.get("response") == "unspeakable":
            raise error
        return json.dumps(message).encode()

    net.options["codec"] = FramedCodec(pack, json.loads)
    offer(net.server(), fail=lambda _params: "unspeakable")
    client = net.client()
    for _ in range(2 * net.limits.workers + 1):
        with pytest.raises(sig.BadParams, match=f"cannot be sent: {type(error).__name__}"):
            client.remoteRequest("s", "fail", timeout=WAIT_S)
    assert answers(client)


def test_what_cannot_be_understood_nor_said(net: Net, logged: Any) -> None:
    """A codec that raises on reading ends that connection, with a reason; others are served."""

    def unpack(data: bytes) -> Any:
        if b"unspeakable" in data:
            raise SpeechlessError
        return json.loads(data)

    net.options["codec"] = FramedCodec(lambda message: json.dumps(message).encode(), unpack)
    offer(net.server())
    client, other = net.client(), net.client()
    with pytest.raises(sig.NotConnected):
        client.remoteRequest("s", "unspeakable")
    assert "cannot be unpacked: SpeechlessError" in logged.wait_for("it sent what is no message")
    assert answers(other)


def test_a_client_that_cannot_say_why_it_fails(net: Net) -> None:
    """`last_error` has the kind of error at least, and the connection is not left behind."""

    class Client(CarrierTCPClient):
        def greet(self, connection: Any) -> None:
            super().greet(connection)
            raise SpeechlessError

    server = net.server()
    carrier = Client(limits=net.limits)
    sig.ClientRouter(carrier)
    with pytest.raises(SpeechlessError):
        carrier.connect(HOST, net.port)
    assert carrier.last_error == "SpeechlessError"
    eventually(lambda: server.carrier.connections == 0)  # type: ignore[attr-defined]

    class Unreachable(CarrierTCPClient):
        def open(self, _host: str, _port: int) -> Channel:
            raise SpeechlessOSError

    unreachable = Unreachable(limits=net.limits)
    sig.ClientRouter(unreachable)
    assert unreachable.connect(HOST, net.port) is False
    assert unreachable.last_error == "SpeechlessOSError"


@pytest.mark.parametrize("name", ["prepare", "receive", "send"])
def test_a_channel_that_fails_without_a_word(net: Net, logged: Any, name: str) -> None:
    """It is the end of that connection, told with the kind of error, and of nothing else."""
    failing: list[Fails] = []

    class Server(CarrierTCPServer):
        def accept(self, channel: Channel) -> Any:
            if failing:
                return super().accept(channel)
            failing.append(Fails(channel, name, SpeechlessOSError(), 1))
            spoiled: Any = failing[0]
            return super().accept(spoiled)

    carrier = Server(limits=net.limits)
    net.carriers.append(carrier)
    offer(sig.ServerRouter(carrier))
    carrier.start(HOST)
    net.port = carrier.address[1]
    first = net.client_carrier()
    sig.ClientRouter(first)
    assert first.connect(HOST, net.port) is False
    logged.wait_for("SpeechlessOSError")
    assert answers(net.client())


def test_a_signal_whose_fault_has_no_words(net: Net) -> None:
    """A sender's own class of signals may fail in any way: the signal is dropped, the connection stays."""

    class Spoiled(sig.Signal):
        def __init__(self, event: sig.Event) -> None:
            if event.name == "e":
                raise SpeechlessError
            super().__init__(event)

    server = net.server()
    server.class_signal = Spoiled
    client = net.client()
    sender = client.addRemoteSender("s", ["e"], {"ping": lambda _params: "pong"})
    signal_of(sender, "e").trigger(1)
    assert answers(client)
    assert client.carrier.isConnected()


def test_a_listener_that_exits(net: Net) -> None:
    """Those of later events are called."""
    sender = offer(net.server())
    client = net.client()
    inbox = Inbox()
    client.addRemoteListener(inbox, "s", "e")
    client.addRemoteListener(lambda *_: sys.exit(1), "s", "e")
    for number in range(3):
        signal_of(sender, "e").trigger(number)
    assert inbox.data(3) == [0, 1, 2]


@pytest.mark.parametrize("role", ["worker", "dispatcher", "writer", "reader", "keeper", "acceptor"])
def test_a_machine_without_threads(net: Net, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    """Whichever thread cannot be started: once there are some again, all works."""
    start, lacking = threading.Thread.start, [True]

    def none_left(thread: threading.Thread) -> None:
        if lacking[0] and role in thread.name:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", none_left)
    server_carrier, carrier = net.server_carrier(), net.client_carrier()
    net.carriers.append(server_carrier)
    server, client = sig.ServerRouter(server_carrier), sig.ClientRouter(carrier)
    sender = offer(server, long=lambda _params: "x" * 900_000)
    inbox = Inbox()
    client.addRemoteListener(inbox, "s", "e")

    def work() -> Any:
        if not server_carrier.isConnected():
            server_carrier.start(HOST)
        if not carrier.isConnected():
            carrier.connect(HOST, server_carrier.address[1])
        signal_of(sender, "e").trigger(1)
        return len(client.remoteRequest("s", "long", timeout=1.0))

    works(work)
    lacking[0] = False
    eventually(lambda: works(work))
    assert inbox.get()[2] == 1


def works(work: Callable[[], Any]) -> bool:
    """Whether it does not raise."""
    try:
        work()
    except (RuntimeError, sig.RequestError):
        return False
    return True


def test_listeners_and_handlers_that_exit(net: Net) -> None:
    """More of them than there are threads; the others hear, and later requests are answered."""
    net.server()
    here, there = net.client(), net.client()
    heard = Inbox()

    def leaves(*_given: object) -> None:
        sys.exit(3)

    here.addRemoteListener(leaves, "s", "e")
    here.addRemoteListener(heard, "s", "e")
    sender = there.addRemoteSender("s", ["e"], {"leave": leaves, "ping": lambda _params: "pong"})
    for number in range(20):
        with pytest.raises(sig.RemoteError, match="3"):
            here.remoteRequest("s", "leave")
        signal_of(sender, "e").trigger(number)
    assert heard.data(20) == list(range(20))
    assert answers(here)


def test_a_sender_given_itself(net: Net) -> None:
    """A client's `removeSender` takes a remote one back at the server too; another's is refused."""
    net.server()
    client, other = net.client(), net.client()
    mine, theirs = client.addRemoteSender("mine", ["e"]), other.addRemoteSender("theirs", ["e"])
    own = client.addSender("mine", ["e"])
    for remove in (client.removeSender, client.removeRemoteSender):
        with pytest.raises(sig.UnknownSender, match="belongs to another router"):
            remove(theirs)
    with pytest.raises(sig.UnknownSender, match="belongs to another router"):
        client.removeRemoteSender(own)
    assert client.removeSender(mine)
    assert own.isConnected()
    assert [each["sender"] for each in other.listRemoteSenders()] == ["theirs"]


@pytest.mark.parametrize("data", [float("nan"), [float("inf")], {"x": object()}, {1, 2}])
def test_what_json_cannot_write(net: Net, data: object) -> None:
    """A signal with it is dropped, and counted; a request with it raises; the connection stands."""
    net.server()
    client = net.client()
    heard = Inbox()
    client.addRemoteListener(heard, "s", "e")
    sender = client.addRemoteSender(
        "s", ["e"], {"ping": lambda _params: "pong", "back": lambda _params: data}
    )
    signal_of(sender, "e").trigger(data)
    assert client.dropped_signals == 1
    with pytest.raises((TypeError, ValueError), match="cannot be sent as JSON"):
        client.remoteRequest("s", "ping", data)
    with pytest.raises(sig.BadParams, match=r"the answer cannot be sent: .* cannot be sent as JSON"):
        client.remoteRequest("s", "back")
    signal_of(sender, "e").trigger(1)
    assert heard.data(1) == [1]
    assert answers(client)


def test_a_listener_that_is_asked_for_by_two(net: Net) -> None:
    """Neither hears that he listens before the server has said so; both hear that it refuses."""
    server = net.server()
    client = net.client()
    server.addSender("s", ["e"])
    asked, go_on = threading.Event(), threading.Event()
    subscribe = server.subscribe

    def slowly(*given: Any, **more: Any) -> bool:
        asked.set()
        go_on.wait(20)
        return subscribe(*given, **more)

    server.subscribe = slowly  # type: ignore[method-assign]
    said: list[bool] = []
    threads = [
        threading.Thread(target=lambda: said.append(client.addRemoteListener(Inbox(), "s", "other")))
        for _ in range(2)
    ]
    threads[0].start()
    assert asked.wait(20)
    threads[1].start()
    eventually(lambda: len(client._remote_listeners.list()[0].callbacks) == 2)
    assert said == []
    go_on.set()
    for thread in threads:
        thread.join()
    assert said == [False, False]
    assert client._remote_listeners.list() == []
