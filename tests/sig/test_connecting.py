"""Two threads that connect, or start, at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sig
from sig.carrier.base import Channel
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer
from tests.sig.netkit import Net, eventually


class SlowClient(CarrierTCPClient):
    """Opens its channels only when two threads are at it, or one is known to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = 0
        self.go_on = threading.Event()

    def open(self, host: str, port: int) -> Channel:
        self.opened += 1
        self.go_on.wait(10)
        return super().open(host, port)


class SlowServer(CarrierTCPServer):
    """As above."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.go_on = threading.Event()

    def listen(self, host: str, port: int) -> Any:
        self.begun += 1
        self.go_on.wait(10)
        return super().listen(host, port)


def _both(action: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=action) for _ in range(2)]
    for thread in threads:
        thread.start()
    return threads


def test_two_connects(tcp: Net) -> None:
    """One after the other: there is one connection in the end, and it stays."""
    tcp.server()
    serving: Any = tcp.carriers[0]
    carrier = SlowClient()
    sig.ClientRouter(carrier)
    tcp.carriers.append(carrier)
    told: list[str] = []
    carrier.on_connected = lambda: told.append("connected")
    carrier.on_disconnected = lambda: told.append("disconnected")
    threads = _both(lambda: carrier.connect(tcp.host, tcp.port))
    eventually(lambda: carrier.opened == 1)
    carrier.go_on.set()
    for thread in threads:
        thread.join()
    eventually(lambda: serving.connections == 1)
    assert carrier.isConnected()
    assert carrier.opened == 2
    assert sorted(told) == ["connected", "connected", "disconnected"]


def test_connecting_again_from_a_callback(tcp: Net) -> None:
    """No lock is held while it runs."""
    tcp.server()
    carrier = CarrierTCPClient()
    sig.ClientRouter(carrier)
    tcp.carriers.append(carrier)
    again: list[bool] = []

    def once_more() -> None:
        carrier.on_disconnected = None
        again.append(carrier.connect(tcp.host, tcp.port))

    carrier.on_disconnected = once_more
    assert carrier.connect(tcp.host, tcp.port)
    assert carrier.connect(tcp.host, tcp.port)
    assert again == [True]
    assert carrier.isConnected()


def test_two_starts() -> None:
    """The second is told that it listens already."""
    carrier = SlowServer()
    sig.ServerRouter(carrier)
    said: list[object] = []

    def start() -> None:
        try:
            said.append(carrier.start("localhost", 0))
        except ValueError as err:
            said.append(str(err).partition("(")[0])

    threads = _both(start)
    eventually(lambda: carrier.begun == 1)
    carrier.go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(said, key=str) == [True, "it listens on "]
    assert carrier.begun == 1
    carrier.stop()
