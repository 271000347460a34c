"""The socket that browsers connect to."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.config.address import Address

BACKLOG = 64
UNIX_MODE = 0o660
"""A proxy in the user's group may connect."""


@contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """Bound: who connects waits until somebody accepts. Raises OSError."""
    if not address.unix:
        with _tcp(address) as found:
            yield found
        return
    path = Path(address.host)
    _remove_stale(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as found:
        found.bind(address.host)
        inode = path.stat().st_ino
        try:
            path.chmod(UNIX_MODE)  # before it listens: until then nobody can connect
            found.listen(BACKLOG)
            yield found
        finally:
            with suppress(OSError):
                if path.stat().st_ino == inode:  # not that of another one which has taken the path meanwhile
                    path.unlink()


def _tcp(address: Address) -> socket.socket:
    resolved = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # IPv4 first, as most clients try; a name such as localhost may have both
    family, *_, where = min(resolved, key=lambda each: each[0] != socket.AF_INET)
    found = socket.create_server(where, family=family, backlog=BACKLOG)  # with the zone of a link-local one
    # What is accepted inherits it; asyncio sets it only where the protocol's number is said. An answer's head
    # and body are two writes: the second would wait for the first one's acknowledgement, which takes 40 ms.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on, left behind by a gateway that was killed."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
