"""The carrier of `connect`: what it blocks for can be ended from outside."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from sig.aio.address import Address
from sig.carrier.base import Channel
from sig.carrier.tcpclient import CarrierTCPClient
from sig.errors import Busy, RequestError
from sig.net.connection import Connection

if TYPE_CHECKING:
    import ssl


class AioCarrier(CarrierTCPClient):
    """Connects to one address, until it is told, from any thread, to give up. All that blocks is for threads
    of `sig.aio`."""

    def __init__(self, address: Address, **options: Any) -> None:
        super().__init__(**options)
        self._address = address
        self._lock = threading.Lock()
        self._given_up = False
        self._is_made = False
        self._failure: BaseException | None = None
        # What ends the attempt that is being made, and the connection that was made last.
        self._end_attempt: Callable[[], object] | None = None
        self._end_connection: Callable[[], object] | None = None

    def make(self) -> None:
        """Connect. Raises Unauthorized, Busy, or OSError with the reason. Given up meanwhile, it ends what it
        has made."""
        if self._address.tls and self._ssl_context is None:
            self._ssl_context = _default_context()
        try:
            connected = self.connect(self._address.host, self._address.port)
        finally:
            with self._lock:
                self._is_made = not self._given_up
            if not self._is_made:
                self.disconnect()
        if connected:
            return
        if isinstance(self._failure, Busy):
            raise self._failure
        raise ConnectionError(f"cannot connect to {self._address}: {self.last_error}") from self._failure

    def give_up(self, *, at_once: bool = False) -> bool:
        """Make no connection any more; one that stands is ended only if `at_once`. True if `make` has ended,
        and has left to disconnect to others."""
        with self._lock:
            self._given_up = True
            for end in (self._end_attempt, self._end_connection if at_once else None):
                if end is not None:
                    end()
            return self._is_made

    def dial(self, host: str, port: int) -> socket.socket:
        """As `socket.create_connection`, but that it can be ended."""
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                return self._dial(socket.socket(family, kind, protocol), address)
            except OSError as err:
                failure = err
        raise failure

    def _dial(self, sock: socket.socket, address: Any) -> socket.socket:
        sock.setblocking(False)
        try:
            problem = sock.connect_ex(address)
            # Not sooner: what is not being connected yet cannot be shut down.
            self._attempt(partial(_shut_down, sock))
            _wait_connected(sock, problem, self.limits.handshake_s)
            return sock
        except BaseException:
            with self._lock:
                self._end_attempt = None
            sock.close()
            raise

    def open(self, host: str, port: int) -> Channel:
        try:
            channel = super().open(host, port)
        except OSError as err:
            self._failure = err
            raise
        try:
            self._attempt(channel.shutdown)
        except OSError:
            channel.shutdown()
            channel.close()
            raise
        return channel

    def greet(self, connection: Connection) -> None:
        try:
            super().greet(connection)
        except RequestError as err:
            self._failure = err
            raise
        with self._lock:
            self._end_connection, self._end_attempt = self._end_attempt, None

    def _attempt(self, end: Callable[[], object]) -> None:
        """What ends the attempt from now on. Raises OSError if it has been given up."""
        with self._lock:
            if self._given_up:
                raise ConnectionAbortedError("this side has given up")
            self._end_attempt = end


def _wait_connected(sock: socket.socket, problem: int, timeout_s: float) -> None:
    """`problem`: what `connect_ex` said. Raises OSError."""
    if problem == errno.EINPROGRESS:
        writable = select.poll()
        writable.register(sock, select.POLLOUT)
        ready = writable.poll(timeout_s * 1000)
        problem = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if ready else errno.ETIMEDOUT
    if problem:
        raise OSError(problem, os.strerror(problem))


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _default_context() -> ssl.SSLContext:
    import ssl  # 3 MB, for who needs it

    return ssl.create_default_context()
