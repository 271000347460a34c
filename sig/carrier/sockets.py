"""Channels over sockets: TCP (IPv4, IPv6), TLS on top of it, Unix.

All sockets are non-blocking. A TLS socket must not be read and written at the same time, so its
operations, which never block, take turns by a lock; waiting is done outside of it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
from typing import Any

from sig.carrier.base import Channel

UNIX_PREFIX = "unix:"
RECEIVE_SIZE = 64 * 1024
MAX_PORT = 65_535

# A peer that vanished without a word is found after 10 + 3 * 5 = 25 s of silence, or, when something is on
# its way to it, 25 s after that was sent.
KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 25_000))


class SocketChannel(Channel):
    """One connected socket; with `context`, TLS over it."""

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        context: ssl.SSLContext | None = None,
        server_side: bool = False,
        server_hostname: str | None = None,
    ) -> None:
        self.address = address
        self._context = context
        self._server_side = server_side
        self._server_hostname = server_hostname
        self._down = False
        # Not a byte may go out in the clear while the handshake is not done.
        self._may_send = context is None
        self._prepared = threading.Event()
        if self._may_send:
            self._prepared.set()
        self._lock: Any = contextlib.nullcontext()
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE:
                if hasattr(socket, name):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._sock = sock
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sock, select.POLLOUT)

    def prepare(self, timeout_s: float) -> None:
        if self._context is None:
            return
        self._sock.settimeout(timeout_s)
        try:
            self._sock = self._context.wrap_socket(
                self._sock,
                server_side=self._server_side,
                server_hostname=self._server_hostname,
                # first let `shutdown` know the new socket
                do_handshake_on_connect=False,
            )
            self._sock.do_handshake()
        except ValueError as err:
            raise OSError(f"TLS failed: {err}") from err
        except OSError as err:
            raise OSError(f"TLS handshake failed: {err}") from err
        self._sock.setblocking(False)
        self._lock = threading.Lock()
        self._may_send = True
        self._prepared.set()

    def receive(self, timeout_s: float) -> bytes | None:
        while True:
            try:
                with self._lock:
                    pending = isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()
                if not pending and not self._readable.poll(timeout_s * 1000):
                    return None
                with self._lock:
                    return self._sock.recv(RECEIVE_SIZE)
            except (BlockingIOError, ssl.SSLWantReadError):
                if self._down:
                    return b""
            except ssl.SSLWantWriteError:
                self.wait_writable(timeout_s)
            except ssl.SSLEOFError:
                return b""

    def send(self, data: bytes) -> int:
        if not self._may_send:
            return 0
        try:
            with self._lock:
                return self._sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def wait_writable(self, timeout_s: float) -> None:
        if self._prepared.wait(timeout_s) and not self._down:
            self._writable.poll(timeout_s * 1000)

    def shutdown(self) -> None:
        self._down = True
        self._prepared.set()
        with contextlib.suppress(OSError):
            # not through ssl: it would wait its turn
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        self._sock.close()


def check_port(port: int) -> None:
    """Raise OSError unless it is one; the system would take 70000 for 4464."""
    if not 0 <= port <= MAX_PORT:
        raise OSError(f"cannot listen on or connect to port {port}: a port is a number from 0 to {MAX_PORT}")


def is_loopback(host: str) -> bool:
    """Whether an address, as the system resolved it, is reachable from this machine only."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def describe(address: Any) -> str:
    """A peer's address for the log."""
    if isinstance(address, tuple) and len(address) >= 2:
        host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
        return f"{host}:{address[1]}"
    return "a local process"
