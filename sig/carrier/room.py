"""How many connections this process has room for: one needs a file descriptor, and others need some too."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from sig.limits import Limits

# With fewer, strangers would drive each other out before they can say who they are.
LEAST_STRANGERS = 4
# A Python with a listening socket has some ten; where it cannot be counted, twice that is assumed.
OPEN_IF_UNKNOWN = 20


class Bound(NamedTuple):
    """So many strangers, and so many of one address."""

    most: int
    of_address: int


class Room(NamedTuple):
    """How many there may be: clients, connections that have said nothing; and strangers that have, once those
    that wait to be let in, and once those that have been and show who they are."""

    clients: int
    silent: Bound
    strangers: Bound


def room_for(limits: Limits, allowed: int | None, in_use: int) -> Room:
    """With so many file descriptors `allowed` (None: any number) and `in_use`.

    `Limits.spare_files` of the rest are left to the process, but half of it at most. Of what
    remains the silent have a third, and strangers of both kinds an eighth, unless the limits say less.
    """
    silent, strangers, clients = limits.max_silent, limits.max_strangers, limits.max_clients
    if allowed is not None:
        free = max(0, allowed - in_use)
        free -= min(limits.spare_files, free // 2)
        silent = min(silent, max(LEAST_STRANGERS, free // 3))
        strangers = min(strangers, max(LEAST_STRANGERS, free // 8))
        clients = min(clients, max(1, free - silent - 2 * strangers))
    return Room(
        clients,
        Bound(silent, min(silent, limits.max_silent_of_address)),
        Bound(strangers, min(strangers, limits.max_strangers_of_address)),
    )


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
