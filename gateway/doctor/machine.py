"""Where things of this machine are looked up, and its programs: looks, and changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SBIN = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
"""Where programs are that a user's PATH may lack."""
MOST_OUTPUT = 4_000_000
"""Characters of a program's output that are kept: its end."""


class Output(NamedTuple):
    """Of a program: its exit status and what it printed."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Machine:
    """`root`: the folder in which /sys, /proc, /run and /etc are; another one for tests of hardware that is
    not there."""

    root: Path = Path("/")

    def place(self, path: str) -> Path:
        """`/sys/class` below the root."""
        return self.root / path.lstrip("/")

    def read(self, path: str) -> str | None:
        """The text of a small file without white space around it; None if it cannot be had."""
        with suppress(OSError, ValueError), self.place(path).open("rb") as file:
            return file.read(65536).decode(errors="replace").strip("\n\0 \t")
        return None

    def number(self, path: str, base: int = 10) -> int | None:
        """The number that a file holds; None if it holds none."""
        with suppress(ValueError):
            return int(self.read(path) or "", base)
        return None

    def glob(self, pattern: str) -> list[Path]:
        """The paths below the root, in order."""
        with suppress(OSError):
            return sorted(self.root.glob(pattern.lstrip("/")))
        return []

    def run(self, command: Sequence[str], within_s: float) -> Output | None:
        """A program's answer; None if it is not there, cannot be started or does not end in time."""
        program = shutil.which(command[0], path=os.pathsep.join((os.environ.get("PATH", ""), *SBIN)))
        if program is None:
            return None
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=within_s,
                env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
            )
            return Output(done.returncode, done.stdout.decode(errors="replace")[-MOST_OUTPUT:])
        return None
