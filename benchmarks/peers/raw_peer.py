"""The limit: JSON lines over TCP, and a middle that passes lines on without looking into them.

What a listener's socket does not take at once is kept for it; no names, bounds, errors or reconnects.
The first byte of a connection says what it is: P publisher, L listener, Q requests, A answers.
"""

import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from benchmarks.peers import Data


def missing() -> str:
    return ""


class _Middle:
    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.roles: dict[str, list[socket.socket]] = {"P": [], "L": [], "Q": [], "A": []}
        self.left: dict[socket.socket, bytearray] = {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.selector.register(self.listener, selectors.EVENT_READ, "new")

    def run(self) -> None:
        print(self.listener.getsockname()[1], os.getpid(), flush=True)
        while True:
            for key, mask in self.selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if key.data == "new":
                    self._accept()
                elif mask & selectors.EVENT_WRITE:
                    self._send(connection, b"")
                else:
                    self._read(connection, key.data)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        role = connection.recv(1).decode()
        connection.setblocking(False)
        self.left[connection] = bytearray()
        self.roles[role].append(connection)
        self.selector.register(connection, selectors.EVENT_READ, role)

    def _read(self, connection: socket.socket, role: str) -> None:
        data = connection.recv(65536)
        if not data:
            self.selector.unregister(connection)
            self.roles[role].remove(connection)
            return
        for target in self.roles[{"P": "L", "Q": "A", "A": "Q"}.get(role, "P")]:
            self._send(target, data)

    def _send(self, target: socket.socket, data: bytes) -> None:
        left = self.left[target]
        waited = bool(left)
        left += data
        with suppress(BlockingIOError):
            del left[: target.send(left)]
        if bool(left) != waited:
            mask = selectors.EVENT_WRITE if left else 0
            self.selector.modify(target, selectors.EVENT_READ | mask, self.selector.get_key(target).data)


def serve() -> None:
    _Middle().run()


class Peer:
    def __init__(self, port: int) -> None:
        self._port = port
        self._opened: dict[str, socket.socket] = {}

    def _connection(self, role: str) -> socket.socket:
        if role not in self._opened:
            self._opened[role] = socket.create_connection(("127.0.0.1", self._port))
            self._opened[role].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._opened[role].sendall(role.encode())
        return self._opened[role]

    def publish(self, events: Iterable[Data]) -> None:
        connection = self._connection("P")
        for data in events:
            connection.sendall(json.dumps(data).encode() + b"\n")

    def listen(self, callback: Callable[[Data], None]) -> None:
        connection = self._connection("L")

        def run() -> None:
            for line in _lines(connection):
                callback(json.loads(line))

        threading.Thread(target=run, daemon=True).start()

    def request(self, count: int) -> list[float]:
        connection = self._connection("Q")
        answers = _lines(connection)
        took = []
        for number in range(count):
            start = time.perf_counter()
            connection.sendall(json.dumps({"n": number}).encode() + b"\n")
            answer = json.loads(next(answers))
            took.append(time.perf_counter() - start)
            assert answer["n"] == number
        return took

    def respond(self) -> None:
        connection = self._connection("A")

        def run() -> None:
            for line in _lines(connection):
                connection.sendall(json.dumps(json.loads(line)).encode() + b"\n")

        threading.Thread(target=run, daemon=True).start()


def _lines(connection: socket.socket) -> Iterator[bytes]:
    rest = b""
    while data := connection.recv(65536):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
