"""What is queued when somebody leaves: sent, within a bound; else counted, logged, and told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import sig
from sig.carrier.local import LocalCarrier
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer
from tests.sig.netkit import WAIT_S, Logged, Net, eventually, leave, signal_of

MANY = 5000
ROOT = Path(__file__).parents[2]


def _counting(server: sig.ServerRouter) -> list[int]:
    heard: list[int] = []
    server.addListener(lambda _info, data: heard.append(data), "script", "e")
    return heard


def test_disconnect_sends_what_waits(net: Net) -> None:
    """More than the window, in order."""
    heard = _counting(net.server())
    client = net.client()
    signal = signal_of(client.addRemoteSender("script", ["e"]), "e")
    for number in range(MANY):
        signal.trigger(number)
    leave(client)
    eventually(lambda: len(heard) == MANY)
    assert heard == list(range(MANY))
    assert client.dropped_signals == 0


@pytest.mark.parametrize("last", ["", "sys.exit(3)", "raise KeyboardInterrupt"])
def test_a_script_that_ends_without_it(tcp: Net, last: str) -> None:
    """However it ends, what it has triggered is heard."""
    heard = _counting(tcp.server())
    script = (
        "import sys, sig\n"
        "from sig.carrier.tcpclient import CarrierTCPClient\n"
        "carrier = CarrierTCPClient()\n"
        "client = sig.ClientRouter(carrier)\n"
        f"assert carrier.connect('localhost', {tcp.port})\n"
        "signal = client.addRemoteSender('script', ['e']).getSignal('e')\n"
        f"for number in range({MANY}):\n"
        "    signal.trigger(number)\n"
        f"{last}\n"
    )
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], env=environ, timeout=60, capture_output=True, check=False)
    eventually(lambda: len(heard) == MANY)
    assert heard == list(range(MANY))


def test_one_that_fails_at_the_end(tcp: Net) -> None:
    """A carrier of somebody's that raises then does not keep another from sending what waits."""
    heard = _counting(tcp.server())
    script = (
        "import sig\n"
        "from sig.carrier.tcpclient import CarrierTCPClient\n"
        "class Broken(CarrierTCPClient):\n"
        "    def drain(self, timeout_s):\n"
        "        raise ZeroDivisionError\n"
        "broken = [Broken() for _ in range(20)]\n"
        "carrier = CarrierTCPClient()\n"
        "client = sig.ClientRouter(carrier)\n"
        f"assert carrier.connect('localhost', {tcp.port})\n"
        "signal = client.addRemoteSender('script', ['e']).getSignal('e')\n"
        f"for number in range({MANY}):\n"
        "    signal.trigger(number)\n"
    )
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], env=environ, timeout=60, capture_output=True, check=False)
    eventually(lambda: len(heard) == MANY)


def test_what_the_peer_does_not_take(logged: Logged) -> None:
    """It is logged with its number, and counted."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        first = threading.Event()
        threads = threading.Thread(target=_greet_and_stop_reading, args=(deaf,), kwargs={"first": first})
        threads.start()
        limits = sig.Limits(drain_s=0.05, full_wait_s=0.05)
        with CarrierTCPClient(limits=limits) as carrier:
            client = sig.ClientRouter(carrier)
            assert carrier.connect("127.0.0.1", deaf.getsockname()[1])
            signal = signal_of(client.addRemoteSender("script", ["e"]), "e")
            for number in range(10):
                signal.trigger(number)
            assert first.wait(WAIT_S)
        threads.join()
    logged.wait_for("; 9 signals were not sent")  # one was within the window
    assert client.dropped_signals == 9


def _greet_and_stop_reading(
    deaf: socket.socket, signals: int | None = None, first: threading.Event | None = None
) -> None:
    """A server of ours with a window of one signal, which it never works off; it goes after so many.

    `first` is set when the first has come.
    """
    connection, _ = deaf.accept()
    with connection, connection.makefile("rb") as lines:
        for response in (b'{"protocol":"sig 1","window":1}', b"null"):
            call = json.loads(next(lines))["id"]
            connection.sendall(b'{"id":%d,"status":0,"response":%b}\n' % (call, response))
        for _ in lines if signals is None else range(signals):
            if signals is not None:
                lines.readline()
            elif first is not None:
                first.set()


def test_carriers_are_context_managers() -> None:
    """At the end of the block a server has stopped, and a client has disconnected."""
    with CarrierTCPServer() as serving:
        sig.ServerRouter(serving)
        serving.start("localhost", 0)
        with CarrierTCPClient() as carrier:
            sig.ClientRouter(carrier)
            assert carrier.connect("localhost", serving.address[1])
        assert not carrier.isConnected()
        assert serving.isConnected()
    assert not serving.isConnected()


def test_a_local_carrier_is_one_in_both_roles() -> None:
    """Whichever it was used in."""
    with LocalCarrier() as serving:
        sig.ServerRouter(serving)
        serving.start("localhost", 0)
        with LocalCarrier() as carrier:
            sig.ClientRouter(carrier)
            assert carrier.connect("localhost", serving.address[1])
        assert not carrier.isConnected()
    assert not serving.isConnected()


def test_a_peer_that_dies_meanwhile() -> None:
    """What was queued for it is counted as well."""
    with socket.create_server(("127.0.0.1", 0)) as dying:
        thread = threading.Thread(target=_greet_and_stop_reading, args=(dying, 1))
        thread.start()
        with CarrierTCPClient() as carrier:
            carrier.auto_reconnect = False
            client = sig.ClientRouter(carrier)
            assert carrier.connect("127.0.0.1", dying.getsockname()[1])
            signal = signal_of(client.addRemoteSender("script", ["e"]), "e")
            for number in range(10):
                signal.trigger(number)
            thread.join()
            eventually(lambda: client.dropped_signals > 0)
        assert client.dropped_signals == 9


def test_a_server_is_stopped_once() -> None:
    """`on_disconnected` is called by the stop that ends it, also where it had ceased to listen before."""
    carrier = CarrierTCPServer()
    sig.ServerRouter(carrier)
    told: list[str] = []
    carrier.on_disconnected = lambda: told.append("stopped")
    carrier.start("localhost", 0)
    carrier.stop_listening()
    carrier.stop()
    carrier.stop()
    assert told == ["stopped"]
