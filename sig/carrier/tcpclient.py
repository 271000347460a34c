"""CarrierTCPClient: connects over TCP, TLS, or a Unix socket."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from sig.carrier.base import Channel
from sig.carrier.client import ClientCarrier
from sig.carrier.sockets import UNIX_PREFIX, SocketChannel, TLSChannel, check_port, describe


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
        if host.startswith(UNIX_PREFIX):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(self.limits.handshake_s)
            try:
                sock.connect(host.removeprefix(UNIX_PREFIX))
            except BaseException:
                sock.close()
                raise
            address = host
        else:
            check_port(port)
            sock = socket.create_connection((host, port), timeout=self.limits.handshake_s)
            address = describe(sock.getpeername())
        hostname = self._server_hostname or host
        if self._ssl_context is None:
            return SocketChannel(sock, address)
        try:
            return TLSChannel(sock, address, self._ssl_context, hostname)
        except BaseException:
            sock.close()
            raise
