"""Ours: ServerRouter in the middle, ClientRouters around it, all as they come."""

import os
import threading
import time
from collections.abc import Callable, Iterable

import sig
from benchmarks.peers import EVENT, SENDER, Data
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer


def missing() -> str:
    return ""


def serve() -> None:
    carrier = CarrierTCPServer()
    sig.ServerRouter(carrier)
    carrier.start("127.0.0.1", 0)
    assert carrier.address is not None
    print(carrier.address[1], os.getpid(), flush=True)
    threading.Event().wait()


class Peer:
    def __init__(self, port: int) -> None:
        carrier = CarrierTCPClient()
        self._router = sig.ClientRouter(carrier)
        assert carrier.connect("127.0.0.1", port)
        self._signal: sig.Signal | None = None

    def publish(self, events: Iterable[Data]) -> None:
        if self._signal is None:
            self._signal = self._router.addRemoteSender(SENDER, [EVENT]).getSignal(EVENT)
        assert self._signal is not None
        for data in events:
            self._signal.trigger(data)

    def listen(self, callback: Callable[[Data], None]) -> None:
        self._router.addRemoteListener(lambda _info, data: callback(data), event=EVENT)

    def request(self, count: int) -> list[float]:
        took = []
        for number in range(count):
            start = time.perf_counter()
            answer = self._router.remoteRequest(SENDER, "echo", {"n": number})
            took.append(time.perf_counter() - start)
            assert answer["n"] == number
        return took

    def respond(self) -> None:
        self._router.addRemoteSender(SENDER, [], {"echo": lambda params: params})
