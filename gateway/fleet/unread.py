"""A link that nobody reads is ended, and zenoh makes another.

zenoh (1.10) gives a link two seconds to be made (`gateway.fleet.session.OPEN_MS`). Where they are over after
it has begun what sends, and before it has begun what reads (`init_new_transport_unicast`, read in its
source), it leaves the first at work, and believes that it is linked. Such a session speaks, and its events
get through; it hears nothing, so that nobody gets an answer of it and nothing is confirmed, until its router
is gone or gives it up. It happens where a router answers just within these two seconds: one that hung and
goes on. A router may so hear nothing of a gateway.

Its socket shows it. The other end says something twice a second at least, a sign of life, and nobody takes
it. Shut down, it can send no more, at which zenoh makes another link. It has to notice at once, so something
is sent: the router sees the end as well, and lets in anew who tries all the while; zenoh would take that link
for the old one's second, and declare nothing on it.
"""

from __future__ import annotations

import array
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gateway.fleet.declaring import direct, zenoh_error
from gateway.fleet.keys import EVERY, UP
from gateway.fleet.sockets import lent, opened

if TYPE_CHECKING:
    import zenoh

LOOK_S = 2.0
"""Between two looks. A process that was stopped meanwhile has had as few of them."""
LOOKS = 3
"""So many times nothing was read, with something there: a link that works is read at once."""
_ANSWER_S = 0.1
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_RECEIVED = struct.Struct("=Q")
_RECEIVED_AT, _TCP_INFO = 128, 136  # tcpi_bytes_received of struct tcp_info, linux/tcp.h; since Linux 4.1


class _Seen(NamedTuple):
    inode: int
    read: int
    times: int


class Unread:
    """`find`: zenoh's sockets, by descriptor and inode. `send`: anything, by what they belong to. Of one
    thread, and none of zenoh's."""

    def __init__(
        self, find: Callable[[], Iterable[tuple[int, int]]], send: Callable[[], object] = lambda: None
    ) -> None:
        self._find = find
        self._send = send
        self._seen: dict[int, _Seen] = {}

    def look(self, say: Callable[[str], object]) -> None:
        """To be called every LOOK_S. Ends those that nobody reads, and says so."""
        seen = {}
        for descriptor, inode in self._find():
            with suppress(OSError, struct.error):  # just closed, not connected, or of an older kernel
                read = _left_unread(descriptor)
                if read is None:
                    continue
                before = self._seen.get(descriptor)
                same = before is not None and before[:2] == (inode, read)
                now = _Seen(inode, read, before.times + 1 if before and same else 0)
                if now.times < LOOKS:
                    seen[descriptor] = now
                elif (where := _end(descriptor, inode)) is not None:
                    self._send()
                    say(f"zenoh has not begun to read from its link with {where}: it is ended, for another")
        self._seen = seen


def of_session(session: zenoh.Session) -> Unread:
    """Of a client's links."""
    return Unread(partial(_sockets_of, session), partial(_ask, session))


def _sockets_of(session: zenoh.Session) -> Iterator[tuple[int, int]]:
    """Known by the ports at both ends."""
    try:
        links = {(_port(str(link.src)), _port(str(link.dst))) for link in session.info.links()}
    except zenoh_error():
        return
    for descriptor, inode in opened():
        with suppress(OSError), lent(descriptor) as its:
            if its.family in _FAMILIES and (its.getsockname()[1], its.getpeername()[1]) in links:
                yield descriptor, inode


def _ask(session: zenoh.Session) -> None:
    with suppress(zenoh_error()):
        session.liveliness().get(EVERY.key(UP), direct(lambda _reply: None), timeout=_ANSWER_S)


def _end(descriptor: int, inode: int) -> str | None:
    """Of a copy, as zenoh may close it now, and who knows what has its number then; the address of its other
    end."""
    copy = socket.socket(fileno=os.dup(descriptor))
    try:
        if os.fstat(copy.fileno()).st_ino != inode:
            return None
        host, port = copy.getpeername()[:2]
        copy.shutdown(socket.SHUT_RDWR)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    finally:
        copy.close()


def _left_unread(descriptor: int) -> int | None:
    """How many bytes have been read from it, where some wait to be; else None."""
    with lent(descriptor) as its:
        waiting = array.array("i", [0])
        fcntl.ioctl(its, termios.FIONREAD, waiting)
        if not waiting[0]:
            return None
        info = its.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO)
    (received,) = _RECEIVED.unpack_from(info, _RECEIVED_AT)
    return int(received) - waiting[0]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
