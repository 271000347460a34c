"""A broker that is far away: a proxy in between delays all that goes either way."""

import os
import select
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, Self


class FarAway:
    """Hands connections at `port` on to the port `to` of this machine; every byte takes `delay_s`."""

    def __init__(self, to: int, delay_s: float) -> None:
        self._to = to
        self._delay_s = delay_s
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._peers: dict[socket.socket, socket.socket] = {}
        self._talking: set[socket.socket] = set()
        self._on_the_way: deque[tuple[float, socket.socket, bytes]] = deque()
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._run, name="far-away")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._end, b"x")
        self._thread.join()
        for opened in (self._listening, *self._peers):
            opened.close()
        os.close(self._ended)
        os.close(self._end)

    def cut(self) -> None:
        """End all connections, at once."""
        os.write(self._end, b"c")

    def _cut(self) -> None:
        for opened in self._peers:
            opened.close()
        self._peers.clear()
        self._talking.clear()
        self._on_the_way.clear()

    def _run(self) -> None:
        while True:
            wait_s = max(0.0, self._on_the_way[0][0] - time.monotonic()) if self._on_the_way else None
            waited_for: list[Any] = [self._ended, self._listening, *self._talking]
            for ready in select.select(waited_for, [], [], wait_s)[0]:
                if ready == self._ended:
                    if os.read(self._ended, 1) == b"x":
                        return
                    self._cut()
                    break
                if ready is self._listening:
                    self._accept()
                else:
                    self._receive(ready)
            while self._on_the_way and self._on_the_way[0][0] <= time.monotonic():
                _, target, data = self._on_the_way.popleft()
                self._deliver(target, data)

    def _accept(self) -> None:
        near, _ = self._listening.accept()
        far = socket.create_connection(("127.0.0.1", self._to))
        self._peers |= {near: far, far: near}
        self._talking |= {near, far}

    def _receive(self, ready: socket.socket) -> None:
        data = b""
        with suppress(OSError):
            data = ready.recv(65536)
        self._on_the_way.append((time.monotonic() + self._delay_s, self._peers[ready], data))
        if not data:
            self._talking.discard(ready)

    def _deliver(self, target: socket.socket, data: bytes) -> None:
        """An empty piece is the end of the connection."""
        if target not in self._peers:
            return
        with suppress(OSError):
            target.sendall(data)
            if data:
                return
        for ended in (target, self._peers[target]):
            del self._peers[ended]
            self._talking.discard(ended)
            ended.close()
