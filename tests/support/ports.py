"""Ports that nobody else takes meanwhile: neither another run of the tests nor an outgoing connection."""

import itertools
import os
import socket
from contextlib import suppress

# Below the ports that Linux gives to outgoing connections, each process's from another place on.
FIRST, COUNT = 10_000, 20_000
_numbers = itertools.count(os.getpid() * 101)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that this process has not had before."""
    while True:
        port = FIRST + next(_numbers) % COUNT
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
