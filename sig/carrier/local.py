"""LocalCarrier: server and clients in one process, with no port. For tests, and for parts that may move out.

It has the calls of both TCP carriers, host and port included, so that a script can change over:

    server = sig.ServerRouter(server_carrier := LocalCarrier()); server_carrier.start("localhost", 7300)
    client = sig.ClientRouter(client_carrier := LocalCarrier()); client_carrier.connect("localhost", 7300)
"""

from __future__ import annotations

import queue
import socket
import threading
from itertools import count
from typing import overload

from sig.carrier.base import Channel
from sig.carrier.client import ClientCarrier
from sig.carrier.server import Listener, ServerCarrier
from sig.carrier.sockets import SocketChannel

_lock = threading.Lock()
_listeners: dict[tuple[str, int], _LocalListener] = {}
_free_ports = count(1)


class LocalCarrier(ServerCarrier, ClientCarrier):
    """Either a server's carrier (`start`, `stop`) or a client's (`connect`, `disconnect`)."""

    @overload
    def connect(self, host: LocalCarrier, port: int = 0) -> bool: ...
    @overload
    def connect(self, host: str = "localhost", port: int = 0) -> bool: ...
    def connect(self, host: str | LocalCarrier = "localhost", port: int = 0) -> bool:
        """As every client's carrier; or, as with pysig, to that carrier of a server itself, which is started
        if it was not, on a port of its own choice."""
        if isinstance(host, LocalCarrier):
            if not ServerCarrier.isConnected(host):
                host.start()
            host, port = host.address
        return super().connect(host, port)

    def listen(self, host: str, port: int) -> Listener:
        return _LocalListener(host, port)

    def open(self, host: str, port: int) -> Channel:
        with _lock:
            listener = _listeners.get((host, port))
        if listener is None:
            raise ConnectionRefusedError(f"no LocalCarrier of this process was started on {host}:{port}")
        return listener.connect()

    def __exit__(self, *exc: object) -> None:
        ClientCarrier.__exit__(self, *exc)
        ServerCarrier.__exit__(self, *exc)

    def drain(self, timeout_s: float) -> None:
        ClientCarrier.drain(self, timeout_s)
        ServerCarrier.drain(self, timeout_s)

    def isConnected(self) -> bool:
        return ServerCarrier.isConnected(self) or ClientCarrier.isConnected(self)


class _LocalListener(Listener):
    def __init__(self, host: str, port: int) -> None:
        with _lock:
            self.address = (host, port or next(_free_ports))
            if self.address in _listeners:
                raise OSError(f"a LocalCarrier of this process listens on {host}:{port} already")
            _listeners[self.address] = self
        self._waiting: queue.SimpleQueue[Channel | None] = queue.SimpleQueue()
        self._closed = False

    def connect(self) -> Channel:
        """The client's end of a new connection; the server's is accepted soon."""
        ours, theirs = socket.socketpair()
        with _lock:
            if self._closed:
                ours.close()
                theirs.close()
                raise ConnectionRefusedError("the server has stopped")
            self._waiting.put(SocketChannel(theirs, "a local client"))
        return SocketChannel(ours, "the local server")

    def accept(self, timeout_s: float) -> Channel | None:
        try:
            return self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        with _lock:
            self._closed = True
            _listeners.pop(self.address, None)
        while not self._waiting.empty():
            channel = self._waiting.get()
            if channel is not None:
                channel.shutdown()
                channel.close()
        self._waiting.put(None)
