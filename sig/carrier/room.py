"""How many connections this process has room for: one needs a file descriptor, and others need some too."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from sig.limits import Limits

# Fewer would throw each other out while they greet: who does not wait takes some milliseconds.
LEAST_STRANGERS = 4
# A Python with a listening socket has some ten; where it cannot be counted, twice that is assumed.
OPEN_IF_UNKNOWN = 20


class Room(NamedTuple):
    """So many clients; so many strangers who have said something, and as many who have not."""

    clients: int
    strangers: int
    strangers_of_address: int


def room_for(limits: Limits, allowed: int | None, in_use: int) -> Room:
    """With so many file descriptors `allowed` (None: any number) and `in_use`.

    `Limits.spare_files` of the rest are left to the process, but half of it at most; a quarter of what
    remains is for strangers of each kind.
    """
    strangers, clients = limits.max_strangers, limits.max_clients
    if allowed is not None:
        free = max(0, allowed - in_use)
        free -= min(limits.spare_files, free // 2)
        strangers = min(strangers, max(LEAST_STRANGERS, free // 4))
        clients = min(clients, max(1, free - 2 * strangers))
    return Room(clients, strangers, min(strangers, limits.max_strangers_of_address))


def files_allowed() -> int | None:
    """How many file descriptors this process may have; None if there is no bound, or nobody knows."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # there is none on some systems

        soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        return None if soft == resource.RLIM_INFINITY else soft
    return None


def files_in_use() -> int:
    """How many it has now."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return len(os.listdir(folder))  # noqa: PTH208 - names alone, as there may be thousands
    return OPEN_IF_UNKNOWN
