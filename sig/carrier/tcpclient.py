"""CarrierTCPClient: connects over TCP, TLS, or a Unix socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from sig.carrier.base import Channel
from sig.carrier.client import ClientCarrier
from sig.carrier.sockets import UNIX_PREFIX, SocketChannel, check_port, describe

if TYPE_CHECKING:
    import ssl


class CarrierTCPClient(ClientCarrier):
    """Connects to a CarrierTCPServer (or to a pysig server).

    CarrierTCPClient().connect("localhost", 7300)
    CarrierTCPClient(token="…", ssl_context=context).connect("greenhouse.local", 7300)
    CarrierTCPClient().connect("unix:/run/sig.sock")
    """

    def __init__(
        self,
        ssl_context: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> None:
        """`server_hostname`: the name in the server's certificate, if it is not the host connected to.

        `options`: `token`, `codec`, `limits`; see `Carrier`.
        """
        super().__init__(**options)
        self._ssl_context = ssl_context
        self._server_hostname = server_hostname

    def open(self, host: str, port: int) -> Channel:
        host = host.removeprefix("[").removesuffix("]")
        is_unix = host.startswith(UNIX_PREFIX)
        if is_unix:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            check_port(port)
            sock = self.dial(host, port)
        try:
            if is_unix:
                sock.settimeout(self.limits.handshake_s)
                sock.connect(host.removeprefix(UNIX_PREFIX))
            address = host if is_unix else describe(sock.getpeername())
            if self._ssl_context is None:
                return SocketChannel(sock, address)
            from sig.carrier.tls import TLSChannel

            return TLSChannel(sock, address, self._ssl_context, self._server_hostname or host)
        except BaseException:
            sock.close()
            raise

    def dial(self, host: str, port: int) -> socket.socket:
        """A connected socket. Raises OSError."""
        return socket.create_connection((host, port), timeout=self.limits.handshake_s)
