"""Connections that break, clients that are slow, peers that vanish, and what is left behind: nothing."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import sig
from sig.carrier import client as client_module
from sig.carrier.sockets import KEEPALIVE
from sig.net.session import Session
from sig.net.writing import holding
from tests.sig.netkit import WAIT_S, Inbox, Logged, Net, eventually, in_turn, leave, signal_of, stop
from tests.support.living import living

# Who is alive answers within these two seconds, though its core be taken away for one of them.
QUICK = sig.Limits(ping_s=0.1, dead_s=2.0, tick_s=0.05)


class Tunnel:
    """Passes bytes between a client and a server, or swallows them: a cable that is cut without a word."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut = False
        self._stop = threading.Event()
        self._socks: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="tunnel")]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._socks += [near, far]
            self._threads.append(threading.Thread(target=self._pass_on, args=(near, far), name="tunnel"))
            self._threads[-1].start()

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        while not self._stop.is_set():
            readable, _, _ = select.select([near, far], [], [], 0.05)
            for sock in readable:
                data = sock.recv(65536)
                if not data:
                    return
                if not self.cut:
                    (far if sock is near else near).sendall(data)

    def hang_up_on_clients(self) -> None:
        """As if the clients alone had noticed that the cable is cut."""
        self.cut = True
        for near in self._socks[::2]:
            near.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(5)
        self.cut = False

    def close(self) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
        for sock in self._socks:
            sock.close()


def raw_client(port: int, *messages: str) -> socket.socket:
    """A client that only sends."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall("\n".join(messages).encode())
    return sock


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_vanished_peer_is_found_from_both_sides(tcp: Net) -> None:
    """No FIN, no answer: the server drops the client and its senders, the client knows it is offline."""
    tcp.limits = QUICK
    server = tcp.server()
    heard = Inbox()
    server.addListener(heard, "a")
    tunnel = Tunnel(tcp.port)
    tcp.port = tunnel.port
    try:
        client = tcp.client()
        lost = threading.Event()
        carrier: Any = client.carrier
        carrier.on_disconnected = lost.set
        client.addRemoteSender("a", "e")
        assert heard.get()[1] == "#connect"
        tunnel.cut = True
        assert heard.get()[1] == "#disconnect"
        assert lost.wait(WAIT_S)
        tunnel.cut = False
        assert heard.get()[1] == "#connect"
        leave(client)
    finally:
        tunnel.close()


def test_the_default_times_find_a_vanished_peer_in_30_s() -> None:
    """Ping and TCP keep-alive, each by its arithmetic."""
    limits = sig.Limits()
    assert limits.dead_s + limits.tick_s < 30
    times = dict(KEEPALIVE)
    assert times["TCP_KEEPIDLE"] + times["TCP_KEEPINTVL"] * times["TCP_KEEPCNT"] < 30
    assert times["TCP_USER_TIMEOUT"] < 30_000


def test_an_idle_connection_stays(tcp: Net) -> None:
    """Pings keep it alive, though nobody says anything for much longer than a dead peer is given."""
    tcp.limits = QUICK
    server = tcp.server()
    client = tcp.client()
    lost = threading.Event()
    carrier: Any = client.carrier
    carrier.on_disconnected = lost.set
    assert not lost.wait(2 * QUICK.dead_s)
    server.addSender("a", [], {"m": lambda params: 1})
    assert client.remoteRequest("a", "m") == 1


def test_a_client_that_stops_reading(tcp: Net, logged: Logged) -> None:
    """It is cut off with a logged reason, at a bounded queue; the others get everything."""
    tcp.limits = sig.Limits(max_queue=256 * 1024)
    server = tcp.server()
    slow = raw_client(
        tcp.port,
        '{"id":1,"method":"hello","params":{}}',
        '{"id":2,"method":"add_listener","params":{"sender":null,"event":"#c"}}',
    )
    slow.settimeout(WAIT_S)
    answers = b""
    while b'"id":2' not in answers:
        answers += slow.recv(4096)
    healthy, publisher = tcp.client(), tcp.client()
    inbox = Inbox()
    healthy.addRemoteListener(inbox, event="#c")
    sender = publisher.addRemoteSender("p", "#c")
    signal = signal_of(sender, "#c")
    count = 5000
    got: list[Any] = []
    while len(got) < count:
        # Half of what may wait: on a busy machine one who reads falls behind, too, but not so far.
        for number in range(len(got), len(got) + 500):
            signal.trigger([number, "x" * 200])
        got += inbox.data(500)
    assert [each[0] for each in got] == list(range(count))
    assert "reads too slowly" in logged.wait_for("reads too slowly")
    eventually(lambda: "channel #c: 1 listeners" in str(server))
    slow.close()


def test_a_listener_that_blocks_its_client(tcp: Net) -> None:
    """A client whose listener blocks still answers requests, pings, and gets its own answers."""
    tcp.limits = QUICK
    server = tcp.server()
    sender = server.addSender("a", "e", {"m": lambda params: 1})
    client = tcp.client()
    client.addRemoteSender("b", [], {"m": lambda params: 2})
    entered, hold = threading.Event(), threading.Event()
    client.addRemoteListener(in_turn(entered.set, lambda: hold.wait(WAIT_S)), "a", "e")
    signal = signal_of(sender, "e")
    signal.trigger()
    assert entered.wait(WAIT_S)
    lost = threading.Event()
    carrier: Any = client.carrier
    carrier.on_disconnected = lost.set
    assert server.request("b", "m") == 2
    assert client.remoteRequest("a", "m") == 1
    assert not lost.wait(1.5 * QUICK.dead_s)
    hold.set()


def test_a_flood_with_slower_listeners_loses_nothing(tcp: Net) -> None:
    """Far more than all queues can hold, from a client, to a slower listener: all arrives, in order."""
    tcp.limits = sig.Limits(
        max_queue=128 * 1024, window=64, max_jobs=128, progress_s=5, relief_s=20, full_wait_s=20
    )
    tcp.server()
    publisher, listener = tcp.client(), tcp.client()
    count, heard = 8000, []
    done = threading.Event()

    def listen(info: dict[str, Any], data: Any) -> None:
        heard.append(data[0])
        if data[0] % 500 == 0:
            select.select([], [], [], 0.01)
        if data[0] == count - 1:
            done.set()

    listener.addRemoteListener(listen, "p", "e")
    sender = publisher.addRemoteSender("p", "e")
    signal = signal_of(sender, "e")
    for number in range(count):
        signal.trigger([number, "x" * 100])
    assert done.wait(WAIT_S)
    assert heard == list(range(count))
    assert publisher.dropped_signals == 0


def test_signals_just_before_leaving_arrive(tcp: Net) -> None:
    """What was triggered before disconnect() is delivered, and the #disconnect comes after it."""
    server = tcp.server()
    inbox = Inbox()
    server.addListener(inbox, "a")
    client = tcp.client()
    sender = client.addRemoteSender("a", "e")
    signal = signal_of(sender, "e")
    for number in range(500):
        signal.trigger(number)
    leave(client)
    events = [inbox.get() for _ in range(502)]
    assert [each[1] for each in (events[0], events[-1])] == ["#connect", "#disconnect"]
    assert [each[2] for each in events[1:-1]] == list(range(500))


def test_a_name_is_free_once_its_client_is_gone(tcp: Net) -> None:
    """Even while a listener still holds up the last signals of the client that is gone."""
    server = tcp.server()
    entered, hold = threading.Event(), threading.Event()
    order: list[Any] = []

    def listen(info: dict[str, Any], data: Any) -> None:
        order.append(data if info["event"] == "e" else info["event"])
        if data == "block":
            entered.set()
            hold.wait(WAIT_S)

    server.addListener(listen, "a")
    first = tcp.client()
    sender = first.addRemoteSender("a", "e")
    signal = signal_of(sender, "e")
    signal.trigger("block")
    signal.trigger("last")
    assert entered.wait(WAIT_S)
    leave(first)
    second = tcp.client()
    second.addRemoteSender("a", "e", {"m": lambda params: "second"})
    assert server.request("a", "m") == "second"
    hold.set()
    eventually(lambda: "last" in order)
    assert server.request("a", "m") == "second"
    assert [each for each in order if isinstance(each, str) and each.startswith("#")] == [
        "#connect",
        "#disconnect",
        "#connect",
    ]


def test_the_server_takes_away_a_clients_sender(tcp: Net) -> None:
    """Removed at the server, and added there: the client's signals do not pass as the server's own."""
    server = tcp.server()
    client = tcp.client()
    theirs = client.addRemoteSender("a", "e")
    signal = signal_of(theirs, "e")
    inbox = Inbox()
    server.addListener(inbox, "a", "e")
    assert server.removeSender("a")
    ours = server.addSender("a", "e")
    own_signal = signal_of(ours, "e")
    signal.trigger("theirs")
    client.getRemoteVersion()
    own_signal.trigger("ours")
    assert inbox.data(1) == ["ours"]
    leave(client)
    assert ours.isConnected()


def test_a_late_answer_is_dropped(tcp: Net) -> None:
    """The caller gets a TimeoutError when time is up; the answer that comes later harms nobody."""
    server = tcp.server()
    hold = threading.Event()
    server.addSender("a", [], {"slow": lambda params: hold.wait(WAIT_S), "m": lambda params: params})
    client = tcp.client()
    with pytest.raises(TimeoutError, match="no answer"):
        client.remoteRequest("a", "slow", timeout=0.05)
    hold.set()
    assert [client.remoteRequest("a", "m", number) for number in range(20)] == list(range(20))


def test_a_longer_timeout_goes_along(tcp: Net) -> None:
    """A request relayed to another client has the time that its caller gives it."""
    tcp.limits = sig.Limits(timeout_s=0.2, tick_s=0.05)
    tcp.server()
    # Who offers a handler asks the server, and has its time for that.
    one, two = tcp.client(limits=sig.Limits()), tcp.client()
    hold = threading.Event()
    one.addRemoteSender("a", [], {"slow": lambda params: hold.wait(params)})
    assert two.remoteRequest("a", "slow", 0.6, timeout=WAIT_S) is False
    with pytest.raises(sig.RequestTimeout):
        two.remoteRequest("a", "slow", WAIT_S)
    hold.set()


def test_too_many_requests(tcp: Net) -> None:
    """What neither runs nor may wait is refused as busy; what waits is answered."""
    tcp.limits = sig.Limits(workers=2, max_requests=3)
    server = tcp.server()
    hold = threading.Event()
    running = threading.Semaphore(0)
    server.addSender("a", [], {"m": in_turn(running.release, lambda: hold.wait(WAIT_S))})
    client = tcp.client()
    results: list[Any] = []

    def call() -> None:
        try:
            results.append(client.remoteRequest("a", "m"))
        except sig.Busy:
            results.append("busy")
            hold.set()

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(WAIT_S)
    assert results.count("busy") >= 1
    assert results.count("busy") + results.count(True) == 8
    assert results.count(True) >= 3


def test_a_connection_that_breaks_fails_its_waiting_callers(tcp: Net) -> None:
    """At once, on all sides: the caller in the client, and the server's caller of a client's handler."""
    server = tcp.server()
    two = tcp.client()
    tunnel = Tunnel(tcp.port)
    tcp.port = tunnel.port
    one = tcp.client()
    entered, hold = threading.Semaphore(0), threading.Event()
    one.addRemoteSender("a", [], {"m": in_turn(entered.release, lambda: hold.wait(WAIT_S))})
    failed: list[str] = []

    def call(request: Any) -> None:
        try:
            request("a", "m")
        except sig.NotConnected as err:
            failed.append(str(err))

    callers = [threading.Thread(target=call, args=(each,)) for each in (server.request, two.remoteRequest)]
    for caller in callers:
        caller.start()
    for _ in callers:
        assert entered.acquire(timeout=WAIT_S)
    began = time.monotonic()
    tunnel.close()
    for caller in callers:
        caller.join(WAIT_S)
    assert len(failed) == 2
    assert time.monotonic() - began < WAIT_S / 2
    hold.set()


def test_leaving_from_inside_a_listener(tcp: Net) -> None:
    """disconnect() on the client's own dispatcher, stop() in a handler: they return, and nothing is left."""
    server = tcp.server()
    client = tcp.client()
    done = threading.Event()
    client.addRemoteListener(in_turn(lambda: leave(client), done.set), "a", "e")
    stopped = threading.Event()
    sender = server.addSender("a", "e", {"stop": in_turn(lambda: stop(server), stopped.set)})
    signal = signal_of(sender, "e")
    signal.trigger()
    assert done.wait(WAIT_S)
    other = tcp.client()
    carrier: Any = other.carrier
    carrier.auto_reconnect = False
    with pytest.raises(sig.NotConnected):
        other.remoteRequest("a", "stop")
    assert stopped.wait(WAIT_S)


def test_a_client_that_connects_anew_replaces_itself(tcp: Net) -> None:
    """The server has not noticed that the old connection is dead: the new one of the same client ends it."""
    server = tcp.server()
    tunnel = Tunnel(tcp.port)
    tcp.port = tunnel.port
    try:
        client = tcp.client()
        client.addRemoteSender("a", [], {"m": lambda params: 1})
        carrier: Any = client.carrier
        back = threading.Event()
        carrier.on_connected = back.set
        tunnel.hang_up_on_clients()
        assert back.wait(WAIT_S)
        assert server.request("a", "m") == 1
        leave(client)
    finally:
        tunnel.close()


def wait_until_restored(server: sig.ServerRouter) -> None:
    """The sender p is back, with one listener, and there is one to everything."""

    def is_restored() -> bool:
        found = server.getSender("p")
        return found is not None and found.isConnected() and found.hasListeners() and everything()

    def everything() -> bool:
        return "listeners to everything: 1" in str(server)

    eventually(is_restored)
    found = server.getSender("p")
    assert found is not None
    assert found.countListeners() == 1


def test_a_client_is_back_within_a_second_of_the_server(tcp: Net) -> None:
    """By the clock, with its sender and its listeners, at the quickest of three returns: a process may be
    kept from its turn. By then the pauses are short: the longest leaves as much again for the rest."""
    assert client_module.MAX_PAUSE_S <= 0.5
    server, client = tcp.server(), tcp.client()
    client.addRemoteSender("p", ["#c"], {})
    client.addRemoteListener(lambda info, data: None, "p", "#c")
    client.addRemoteListener(lambda info, data: None)
    took = []
    for _ in range(3):
        stop(server)
        eventually(lambda: not client.carrier.isConnected())
        server = tcp.server()
        began = time.monotonic()
        wait_until_restored(server)
        took.append(time.monotonic() - began)
    assert min(took) < 1.0, took


@pytest.mark.parametrize("rounds", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_the_server_restarts_under_traffic(tcp: Net, rounds: int) -> None:
    """Each client is back by itself, each sender and listener is there once, waiting calls fail at once."""
    server = tcp.server()
    publisher, listener = tcp.client(), tcp.client()
    sender = publisher.addRemoteSender("p", ["#c", "mark"], {"echo": lambda params: params})
    inbox = Inbox()
    listener.addRemoteListener(inbox, "p", "mark")
    listener.addRemoteListener(lambda info, data: None)
    stopping = threading.Event()
    signal, mark = signal_of(sender, "#c"), signal_of(sender, "mark")
    errors: list[BaseException] = []

    def traffic() -> None:
        while not stopping.wait(0.0005):
            signal.trigger("x" * 50)

    def requests() -> None:
        while not stopping.wait(0.0005):
            began = time.monotonic()
            try:
                listener.remoteRequest("p", "echo", 1)
            except LookupError:
                stopping.wait(0.005)
            except Exception as err:  # noqa: BLE001 - whatever it is, the test is to fail with it
                errors.append(err)
            if time.monotonic() - began > 3:
                errors.append(AssertionError("a call did not fail at once"))

    threads = [threading.Thread(target=traffic), threading.Thread(target=requests)]
    for thread in threads:
        thread.start()
    try:
        for number in range(rounds):
            stop(server)
            server = tcp.server()
            wait_until_restored(server)
            # the publisher has yet to hear that the server has its sender, and drops its signals until then
            eventually(lambda: not publisher._remote_senders._missing)
            mark.trigger(number)
            assert inbox.data(1) == [number]
    finally:
        stopping.set()
        for thread in threads:
            thread.join(WAIT_S)
    assert errors == []
    assert inbox.queue.empty()


VANISHING = (
    '{"id":1,"method":"hello","params":{"instance":"N"}}',
    '{"id":2,"method":"add_sender","params":{"sender":"sN","events":["#c"],"requests":["m"]}}',
    '{"id":3,"method":"add_listener","params":{"sender":null,"event":"#c"}}',
    '{"id":4,"method":"add_listener","params":{"sender":"kept","event":"eN"}}',
    '{"id":5,"method":"add_listener","params":{"sender":"nobodyN","event":"e"}}',
    '{"id":6,"method":"signal","params":{"info":{"sender":"sN","event":"#c"},"data":1}}',
    '{"id":7,"method":"request","params":{"sender":"kept"',
)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_connections_that_vanish_leave_nothing(tcp: Net, count: int) -> None:
    """No thread, no file descriptor, no sender, no listener, no subscription."""
    server = tcp.server()
    kept = server.addSender("kept", "#c")
    threads, files, sessions = threading.active_count(), open_files(), len(living(Session))
    for number in range(count):
        messages = VANISHING if number % 2 else VANISHING[1:]
        sock = raw_client(tcp.port, *(each.replace("N", str(number)) for each in messages))
        if number % 3:
            sock.recv(10)
        if number % 5 == 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
    carrier: Any = server.carrier
    eventually(lambda: carrier.connections == 0, 60)
    eventually(lambda: threading.active_count() <= threads and open_files() <= files)
    assert [sender.getName() for sender in server.listSenders()] == ["kept"]
    assert kept.countListeners() == 0
    assert str(server).count("listeners") == 3
    assert len(living(Session)) == sessions


def test_more_clients_than_allowed(tcp: Net, logged: Logged) -> None:
    """The one too many is refused, and room is made when another goes."""
    tcp.limits = sig.Limits(max_clients=2)
    tcp.server()
    first, _second = tcp.client(), tcp.client()
    third = tcp.client_carrier()
    sig.ClientRouter(third)
    assert third.connect(tcp.host, tcp.port) is False
    assert "2 connections" in logged.wait_for("refused")
    leave(first)
    eventually(lambda: third.connect(tcp.host, tcp.port))


def test_one_clients_names_are_bounded(tcp: Net) -> None:
    """Neither its senders nor its listeners may fill the server's memory."""
    tcp.limits = sig.Limits(max_names=3)
    tcp.server()
    client = tcp.client()
    for number in range(3):
        client.addRemoteSender(str(number), "e")
        client.addRemoteListener(print, str(number))
    with pytest.raises(sig.Busy, match="3 senders"):
        client.addRemoteSender("x", "e")
    with pytest.raises(sig.Busy, match="3 listeners"):
        client.addRemoteListener(print, "x")
    assert client.removeRemoteSender("0")
    assert client.removeRemoteListener(print, "0")
    client.addRemoteSender("x", "e")
    client.addRemoteListener(print, "x")


def test_a_peer_that_asks_and_does_not_read(tcp: Net) -> None:
    """What it is answered is bounded, too, whatever it asks for."""
    tcp.limits = sig.Limits(max_queue=100_000)
    server = tcp.server()
    greedy = raw_client(tcp.port, '{"id":1,"method":"hello","params":{"window":8}}')
    greedy.settimeout(WAIT_S)
    ping = b'{"id":"%s","method":"ping"}\n' % (b"x" * 30_000)
    with contextlib.suppress(OSError):
        for _ in range(2000):
            greedy.sendall(ping)
    carrier: Any = server.carrier
    eventually(lambda: carrier.connections == 0)
    greedy.close()


def test_answers_behind_one_that_fails(tcp: Net) -> None:
    """If what is done about one answer fails, the connection ends, and those that came with it are heard."""
    tcp.server()
    client = tcp.client()
    connection = client._connection
    assert connection is not None
    heard: list[Any] = []

    def fail(_answer: Any) -> None:
        raise RuntimeError("no room")

    with holding():
        connection.start_call("get_version", {}, done=fail)
        others = [connection.start_call("get_version", {}, done=heard.append) for _ in range(3)]
    eventually(lambda: len(heard) == len(others))
