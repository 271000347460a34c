"""Who listens at a TCP port, as /proc shows it: of other users' programs only root sees the files."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from gateway.doctor.machine import Machine

LISTENS = "0A"
LONGEST_S = 5.0
"""For all programs: a busy small machine needs some seconds, and the other checks go on meanwhile."""


def who_listens(machine: Machine, port: int) -> str:
    """`nginx (pid 812)`; empty if it cannot be told."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (machine.read(table) or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    until = time.monotonic() + LONGEST_S
    for folder in Path("/proc").glob("[0-9]*/fd") if inodes else ():
        if time.monotonic() > until:
            break
        with suppress(OSError):
            for number in os.listdir(folder):  # noqa: PTH208 - hundreds of names
                if os.readlink(folder / number) in inodes:  # noqa: PTH115 - a text
                    return f"{(folder.parent / 'comm').read_text().strip()} (pid {folder.parent.name})"
    return ""
