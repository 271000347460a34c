"""zenoh's sockets are not to hold up others when they are closed.

zenoh (1.10) has each socket linger (SO_LINGER) for ten seconds: `close` then waits until the other end has
acknowledged all. Where the line is cut nobody does, and the thread that waits is one of the two that read for
all links of the process. A router that loses a site of 500 gateways would so read from nobody else for forty
minutes, and events of all others come late. Without it the system does the same, and nobody waits for it.

A gateway has one link at a time: while one thread waits for the old one, the other reads from the new.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

from gateway.fleet.sockets import lent, opened

ZENOHS_S = 10
"""By which its sockets are known: nobody else in this process has one linger."""
_LINGER = struct.Struct("ii")  # onoff, seconds: socket(7)


class Sockets:
    """All that this process has open. Of one thread, and none of zenoh's: it takes 2 ms for a thousand."""

    def __init__(self) -> None:
        self.zenohs: dict[int, int] = {}
        """By descriptor, which inode: they linger no more. Another may be zenoh's, and linger from now on."""

    def unlinger(self) -> None:
        """Have none of zenoh's linger that are there now."""
        found = {}
        for descriptor, inode in opened():
            with suppress(OSError):  # it has just been closed
                if self.zenohs.get(descriptor) == inode or _unlinger(descriptor):
                    found[descriptor] = inode
        self.zenohs = found


def _unlinger(descriptor: int) -> bool:
    """Whether it is zenoh's."""
    with lent(descriptor) as its:
        if its.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.size) != _LINGER.pack(1, ZENOHS_S):
            return False
        its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(0, 0))
        return True
