"""zenoh's sockets are not to hold up others when they are closed.

zenoh (1.10) has each socket linger (SO_LINGER) for ten seconds: `close` then waits until the other end has
acknowledged all. Where the line is cut nobody does, and the thread that waits is one of the two that read for
all links of the process. A router that loses a site of 500 gateways would so read from nobody else for forty
minutes, and events of all others come late. Without it the system does the same, and nobody waits for it.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
from contextlib import suppress

OPEN = "/proc/self/fd"
ZENOHS_S = 10
"""By which its sockets are known: nobody else in this process has one linger."""
_LINGER = struct.Struct("ii")  # onoff, seconds: socket(7)


class Sockets:
    """All that this process has open. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[int, int] = {}
        """By descriptor, which inode: one that was looked at is not again."""

    def unlinger(self) -> None:
        """Have none of zenoh's linger that are there now. Without /proc nothing is done."""
        found = {}
        with self._lock, suppress(OSError), os.scandir(OPEN) as entries:
            for descriptor in (int(each.name) for each in entries):
                with suppress(OSError):  # it has just been closed
                    status = os.fstat(descriptor)
                    found[descriptor] = status.st_ino
                    if stat.S_ISSOCK(status.st_mode) and self._seen.get(descriptor) != status.st_ino:
                        _unlinger(descriptor)
            self._seen = found


def _unlinger(descriptor: int) -> None:
    its = socket.socket(fileno=descriptor)
    try:
        value = its.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.size)
        if value == _LINGER.pack(1, ZENOHS_S):
            its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(0, 0))
    finally:
        its.detach()  # it stays zenoh's
