"""The sockets that this process has open, zenoh's among them, which it tells nobody of. Where there is no
/proc none is found."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OPEN = "/proc/self/fd"


def opened() -> Iterator[tuple[int, int]]:
    """A descriptor of each, and its inode, as a descriptor is used again."""
    with suppress(OSError), os.scandir(OPEN) as entries:
        for descriptor in (int(each.name) for each in entries):
            with suppress(OSError):  # it has just been closed
                status = os.fstat(descriptor)
                if stat.S_ISSOCK(status.st_mode):
                    yield descriptor, status.st_ino


@contextmanager
def lent(descriptor: int) -> Iterator[socket.socket]:
    """A socket to look at, which stays open. Raises OSError where there is none any more."""
    its = socket.socket(fileno=descriptor)
    try:
        yield its
    finally:
        its.detach()
