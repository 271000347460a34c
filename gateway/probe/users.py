"""Who has a port open, before it is opened for a look."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from drivers.errors import PortError
from drivers.stream import proc

LOCKS = Path("/var/lock")
"""Where terminal programs (minicom, cu, …) put `LCK..ttyUSB0` with their number in it, for all to read, by
the Filesystem Hierarchy Standard 3.0, 5.9."""

LONGEST_S = 10.0
"""To look through /proc: a port is not to be touched only because the machine is busy."""


def users(device: str) -> list[str]:
    """The other programs that have it open, as `minicom (pid 812)`: those that /proc shows, and, as it shows
    those of other users to root alone, those that have a lock file. Of a URL's port nobody is known."""
    if "://" in device:
        return []
    return proc.holders(device, LONGEST_S) or _locker(os.path.realpath(device))


def refuse_used(device: str) -> None:
    """Raise `PortError` where another program has it open."""
    others = users(device)
    if others:
        raise PortError(f"{device} is in use by {', '.join(others)}: not touched")


def _locker(device: str) -> list[str]:
    """The number is in ASCII, or, by older programs, an int."""
    try:
        data = (LOCKS / f"LCK..{Path(device).name}").read_bytes()[:32]
        old = len(data) == 4 and not data.strip().isdigit()
        pid = int.from_bytes(data, sys.byteorder) if old else int(data.split()[0])
        if pid <= 0 or pid == os.getpid():
            return []
        with suppress(PermissionError):  # another user's: it is there
            os.kill(pid, 0)
    except (
        OSError,
        ValueError,
        IndexError,
        OverflowError,
    ):  # no such file, nonsense in it, or its program has gone
        return []
    return [f"a program with a lock file (pid {pid})"]
