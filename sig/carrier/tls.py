"""Channels over TLS. Imported when there is one: OpenSSL costs 3 MB."""

from __future__ import annotations

import socket
import ssl
import threading

from sig.carrier.sockets import RECEIVE_SIZE, SocketChannel


class TLSChannel(SocketChannel):
    """TLS over a connected socket.

    It must not be read and written at the same time, so its operations, which never block, take turns by a
    lock; waiting is done outside of it. Not a byte goes out in the clear: before the handshake, nothing.
    """

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        context: ssl.SSLContext,
        server_hostname: str | None,
        origin: str = "?",
    ) -> None:
        """`server_hostname`: the name that the server's certificate must have; None at the server itself."""
        super().__init__(sock, address, origin)
        self._lock = threading.Lock()
        self._prepared = threading.Event()
        self._may_send = False
        try:
            self._tls = context.wrap_socket(
                sock,
                server_side=server_hostname is None,
                server_hostname=server_hostname,
                do_handshake_on_connect=False,
            )
        except ValueError as err:
            raise OSError(f"TLS failed: {err}") from err
        self._sock = self._tls

    def prepare(self, timeout_s: float) -> None:
        self._tls.settimeout(timeout_s)
        try:
            self._tls.do_handshake()
        except (OSError, ValueError) as err:
            raise OSError(f"TLS handshake failed: {err}") from err
        self._tls.setblocking(False)
        self._may_send = True
        self._prepared.set()

    def receive(self, timeout_s: float) -> bytes | None:
        while not self._down:
            try:
                with self._lock:
                    pending = self._tls.pending()
                if not pending and not self._readable.poll(timeout_s * 1000):
                    return None
                with self._lock:
                    return self._tls.recv(RECEIVE_SIZE)
            except ssl.SSLWantReadError:
                pass  # part of a record: go on
            except ssl.SSLWantWriteError:
                self.wait_writable(timeout_s)
            except ssl.SSLEOFError:
                break
        return b""

    def send(self, data: bytes) -> int:
        if not self._may_send:
            return 0
        try:
            with self._lock:
                return self._tls.send(data)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def wait_writable(self, timeout_s: float) -> None:
        if self._prepared.wait(timeout_s):
            super().wait_writable(timeout_s)

    def shutdown(self) -> None:
        super().shutdown()
        self._prepared.set()
