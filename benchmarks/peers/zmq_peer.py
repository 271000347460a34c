"""ZeroMQ: an XSUB/XPUB proxy and a ROUTER/DEALER proxy in the middle, without high-water marks."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.peers import Data, external
from benchmarks.report import load

zmq: Any = load("zmq")
# One port is told; the other three follow from it.
FRONT_EVENTS, BACK_EVENTS, FRONT_REQUESTS, BACK_REQUESTS = range(4)


def missing() -> str:
    return "" if zmq else "pyzmq"


def _socket(kind: Any) -> Any:
    made = zmq.Context.instance().socket(kind)
    made.set_hwm(0)
    made.linger = 0
    return made


def serve() -> None:
    sockets = [_socket(kind) for kind in (zmq.XSUB, zmq.XPUB, zmq.ROUTER, zmq.DEALER)]
    while True:
        port = external.free_port()
        try:
            for offset, each in enumerate(sockets):
                each.bind(f"tcp://127.0.0.1:{port + offset}")
            break
        except zmq.ZMQError:
            sockets = [_socket(kind) for kind in (zmq.XSUB, zmq.XPUB, zmq.ROUTER, zmq.DEALER)]
    threading.Thread(target=zmq.proxy, args=sockets[2:], daemon=True).start()
    print(port, os.getpid(), flush=True)
    zmq.proxy(*sockets[:2])


class Peer:
    def __init__(self, port: int) -> None:
        self._port = port
        self._opened: dict[int, Any] = {}

    def _connection(self, kind: Any, offset: int) -> Any:
        if offset not in self._opened:
            self._opened[offset] = _socket(kind)
            self._opened[offset].connect(f"tcp://127.0.0.1:{self._port + offset}")
        return self._opened[offset]

    def publish(self, events: Iterable[Data]) -> None:
        connection = self._connection(zmq.PUB, FRONT_EVENTS)
        for data in events:
            connection.send(b"temp " + json.dumps(data).encode())

    def listen(self, callback: Callable[[Data], None]) -> None:
        connection = self._connection(zmq.SUB, BACK_EVENTS)
        connection.subscribe(b"temp ")

        def run() -> None:
            while True:
                callback(json.loads(connection.recv()[5:]))

        threading.Thread(target=run, daemon=True).start()

    def request(self, count: int) -> list[float]:
        connection = self._connection(zmq.REQ, FRONT_REQUESTS)
        took = []
        for number in range(count):
            start = time.perf_counter()
            connection.send(json.dumps({"n": number}).encode())
            answer = json.loads(connection.recv())
            took.append(time.perf_counter() - start)
            assert answer["n"] == number
        return took

    def respond(self) -> None:
        connection = self._connection(zmq.REP, BACK_REQUESTS)

        def run() -> None:
            while True:
                connection.send(json.dumps(json.loads(connection.recv())).encode())

        threading.Thread(target=run, daemon=True).start()
