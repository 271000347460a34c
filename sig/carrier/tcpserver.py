"""CarrierTCPServer: serves over TCP, TLS, or a Unix socket."""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sig.carrier.base import Channel
from sig.carrier.porch import Porch
from sig.carrier.room import Room
from sig.carrier.server import Listener, ServerCarrier
from sig.carrier.sockets import UNIX_PREFIX, SocketChannel, check_port, describe, is_loopback

if TYPE_CHECKING:
    import ssl

# Half a second of a flood of 2,000 connections a second: while this process waits for its turn, the system
# must not turn away who comes with it.
BACKLOG = 1024
# Only this user's programs may connect, as with a file that only they may read and write.
UNIX_MODE = 0o600


class CarrierTCPServer(ServerCarrier):
    """Listens on a port of this machine.

        CarrierTCPServer().start("localhost", 7300)                  this machine only
        CarrierTCPServer(token="…").start("0.0.0.0", 7300)           others too, if they know the token
        CarrierTCPServer(token="…", ssl_context=context).start("::", 7300)
        CarrierTCPServer().start("unix:/run/sig.sock")               programs of this user

    Port 0 takes a free one; `address` tells which. Beyond this machine it listens only with a token.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None, **options: Any) -> None:
        """`options`: `token`, `codec`, `limits`; see `Carrier`."""
        super().__init__(**options)
        self._ssl_context = ssl_context

    def listen(self, host: str, port: int) -> Listener:
        if host.startswith(UNIX_PREFIX):
            sock = _listen_unix(host.removeprefix(UNIX_PREFIX))
        else:
            sock = _listen_tcp(host, port, self.token is not None)
        hurried = self.token is not None or self._ssl_context is not None
        patience_s = self.limits.handshake_s if hurried else None
        return _SocketListener(sock, self._ssl_context, self.room, patience_s)


class _SocketListener(Listener):
    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext | None, room: Room, patience_s: float | None
    ) -> None:
        """The socket is the listener's from now on: closed too if there can be none."""
        self._sock = sock
        self._context = context
        self._closed = False
        try:
            sock.setblocking(False)
            self._porch = Porch(sock, room, patience_s)
            bound = sock.getsockname()
            self._is_unix = sock.family == socket.AF_UNIX
            self.address = (bound, 0) if self._is_unix else (bound[0], bound[1])
            self._inode = Path(bound).stat().st_ino if self._is_unix else 0
        except BaseException:
            sock.close()
            raise

    def accept(self, timeout_s: float) -> Channel | None:
        arrived = self._porch.next(timeout_s) if not self._closed else None
        if arrived is None:
            return None
        sock, address, origin = arrived
        try:
            if self._context is None:
                return SocketChannel(sock, address, origin)
            from sig.carrier.tls import TLSChannel

            return TLSChannel(sock, address, self._context, server_hostname=None, origin=origin)
        except OSError:
            # it went away before it was looked at
            sock.close()
            return None
        except BaseException:
            sock.close()
            raise

    def close(self) -> None:
        self._closed = True
        self._porch.close()
        if self._is_unix:
            with contextlib.suppress(OSError):
                # not the socket of another server that has taken the path meanwhile
                if Path(self.address[0]).stat().st_ino == self._inode:
                    Path(self.address[0]).unlink()
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


def _listen_tcp(host: str, port: int, has_token: bool) -> socket.socket:
    host = host.removeprefix("[").removesuffix("]")
    check_port(port)
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as err:
        raise OSError(f"cannot listen on {host!r}: this machine has no such address ({err})") from err
    # IPv4 first, as most clients try; a name such as localhost may have both
    family, kind, proto, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    if not has_token and not is_loopback(str(address[0])):
        raise ValueError(
            f"refusing to listen on {host or 'every address'} without a token, as any machine on the network "
            'could connect: write CarrierTCPServer(token="a long secret"), or listen on "localhost"'
        )
    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except BaseException as err:
        sock.close()
        if isinstance(err, OSError):
            raise _cannot_listen(describe(address), err) from err
        raise
    return sock


def _cannot_listen(where: str, err: OSError) -> OSError:
    what_to_do = {
        errno.EADDRINUSE: "another program holds it; stop that one, or choose another",
        errno.EADDRNOTAVAIL: "this machine has no such address; use one of its own, or localhost",
        errno.EACCES: "this user may not; choose a port above 1023, or another path",
    }.get(err.errno or 0, "")
    return OSError(err.errno or errno.EINVAL, f"cannot listen on {where}: {what_to_do or err}")


def _listen_unix(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        sock.bind(path)
        # before listen(): until then nobody can connect
        Path(path).chmod(UNIX_MODE)
        sock.listen(BACKLOG)
    except BaseException as err:
        sock.close()
        if isinstance(err, OSError):
            raise _cannot_listen(UNIX_PREFIX + path, err) from err
        raise
    return sock


def _remove_stale(path: str) -> None:
    """Remove a socket that nobody listens on, left behind by a server that was killed."""
    if not Path(path).is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
