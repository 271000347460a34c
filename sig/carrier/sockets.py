"""Channels over sockets: TCP (IPv4, IPv6), Unix. TLS on top of it is in `sig.carrier.tls`."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import struct
from functools import lru_cache
from typing import Any

from sig.carrier.base import Channel

UNIX_PREFIX = "unix:"
RECEIVE_SIZE = 64 * 1024
MAX_PORT = 65_535
# struct ucred: process, user, group
UCRED = struct.Struct("@iII")
# What one host has of IPv6's addresses at the least, and may use each of.
HOST_BITS = 64

# A peer that vanished without a word is found after 10 + 3 * 5 = 25 s of silence, or, when something is on
# its way to it, 25 s after that was sent.
KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 25_000))


class SocketChannel(Channel):
    """One connected socket, which never blocks but in `poll`."""

    def __init__(self, sock: socket.socket, address: str, origin: str = "?") -> None:
        self.address = address
        self.origin = origin
        self._down = False
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE:
                if hasattr(socket, name):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._sock = sock
        self._writable = select.poll()
        self._writable.register(sock, select.POLLOUT)
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)

    def receive(self, timeout_s: float) -> bytes | None:
        if not self._readable.poll(timeout_s * 1000):
            return None
        try:
            return self._sock.recv(RECEIVE_SIZE)
        except BlockingIOError:
            return None
        except OSError:
            raise
        except BaseException:  # Ctrl-C, in a caller who reads: what was received is lost
            self.shutdown()
            raise

    def send(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0

    def wait_writable(self, timeout_s: float) -> None:
        if not self._down:
            self._writable.poll(timeout_s * 1000)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_WR)

    def shutdown(self) -> None:
        self._down = True
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


def origin(sock: socket.socket, address: Any) -> str:
    """Whom a peer counts as: its host, or of IPv6 its host's network; at a Unix socket its process."""
    if sock.family == socket.AF_UNIX:
        if not hasattr(socket, "SO_PEERCRED"):
            return "a local process"
        pid, uid, _ = UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
        return f"process {pid} of user {uid}"
    return _network_of(address[0])


@lru_cache(1024)
def _network_of(address: str) -> str:
    host = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(host, ipaddress.IPv4Address):
        return str(host)
    if host.ipv4_mapped is not None:
        return str(host.ipv4_mapped)
    return str(ipaddress.ip_network((host, HOST_BITS), strict=False))
