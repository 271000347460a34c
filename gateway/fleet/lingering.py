"""zenoh's sockets are not to hold up others when they are closed.

zenoh (1.10) has each socket linger (SO_LINGER) for ten seconds: `close` then waits until the other end has
acknowledged all. Where the line is cut nobody does, and the thread that waits is one of the two that read for
all links of the process. A router that loses a site of 500 gateways would so read from nobody else for forty
minutes, and events of all others come late. Without it the system does the same, and nobody waits for it.

A gateway has one link at a time: while one thread waits for the old one, the other reads from the new.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import suppress

OPEN = "/proc/self/fd"
ZENOHS_S = 10
"""By which its sockets are known: nobody else in this process has one linger."""
_LINGER = struct.Struct("ii")  # onoff, seconds: socket(7)


class Sockets:
    """All that this process has open. Of one thread, and none of zenoh's: it takes 2 ms for a thousand."""

    def __init__(self) -> None:
        self._done: dict[int, int] = {}
        """By descriptor, which inode: it lingers no more. Another may be zenoh's, and linger from now on."""

    def unlinger(self) -> None:
        """Have none of zenoh's linger that are there now. Without /proc nothing is done."""
        done = {}
        with suppress(OSError), os.scandir(OPEN) as entries:
            for descriptor in (int(each.name) for each in entries):
                with suppress(OSError):  # it has just been closed
                    status = os.fstat(descriptor)
                    is_done = self._done.get(descriptor) == status.st_ino
                    if is_done or (stat.S_ISSOCK(status.st_mode) and _unlinger(descriptor)):
                        done[descriptor] = status.st_ino
            self._done = done


def _unlinger(descriptor: int) -> bool:
    """Whether it is zenoh's."""
    its = socket.socket(fileno=descriptor)
    try:
        if its.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.size) != _LINGER.pack(1, ZENOHS_S):
            return False
        its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(0, 0))
        return True
    finally:
        its.detach()  # it stays zenoh's
