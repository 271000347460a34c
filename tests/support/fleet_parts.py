"""Programs that a test or a benchmark tells what to do, kills, and hangs; and what their logs say."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_S = 60.0


class Part:
    """A module that is run as a program, with its options as JSON; it takes commands and answers in lines."""

    def __init__(self, module: str, options: dict[str, Any], *words: str, within: Sequence[str] = ()) -> None:
        command = [*within, sys.executable, "-m", module, *words, json.dumps(options)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.pid = self._process.pid
        self._rest = b""
        self._lines: list[str] = []

    def tell(self, command: str) -> None:
        """A line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())

    def hear(self, patience_s: float = PATIENCE_S) -> str:
        """A line. Raises RuntimeError if there is none, or no more."""
        deadline = time.monotonic() + patience_s
        pipe = self._process.stdout
        assert pipe is not None
        while not self._lines:
            left = deadline - time.monotonic()
            if left < 0 or not select.select([pipe], [], [], left)[0]:
                raise RuntimeError(f"{self._process.args!r} has said nothing for {patience_s:g} s")
            data = os.read(pipe.fileno(), 65536)
            if not data:
                raise RuntimeError(f"{self._process.args!r} has ended")
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += [line.decode() for line in lines]
        return self._lines.pop(0)

    def figures(self) -> dict[str, float]:
        """What it counts of itself."""
        self.tell("figures")
        found: dict[str, float] = json.loads(self.hear())
        return found

    def kill(self) -> None:
        """As kill -9 does."""
        self._process.kill()
        self._reap()

    def hang(self) -> None:
        """It stands still."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `hang`."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """As it ends by itself; by force if it does not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE_S / 4)
        self.kill()

    def _reap(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class Got(NamedTuple):
    """An event as a consumer's log has it; times are monotonic seconds."""

    gateway: str
    epoch: int
    seq: int
    number: int
    said: float
    got: float


class Heard(NamedTuple):
    """What a consumer has: the events, in their order, and how many of each gateway are told as lost."""

    events: list[Got]
    lost: dict[str, int]

    @classmethod
    def of(cls, log: Path) -> Heard:
        """By its log, if there is one yet."""
        return cls(read_log(log), read_losses(log)) if log.exists() else cls([], {})


def read_log(log: Path) -> list[Got]:
    """The events, in their order. A line that a kill cut off is left out."""
    found = []
    for line in log.read_text().split("\n")[:-1]:
        words = line.split()
        if words[0] == "event":
            gateway = words[1].rpartition("/")[0]
            found.append(Got(gateway, int(words[2]), int(words[3]), int(words[4]), *map(float, words[5:])))
    return found


def read_losses(log: Path) -> dict[str, int]:
    """How many events of each gateway are told as lost."""
    found: dict[str, int] = {}
    for line in log.read_text().splitlines():
        words = line.split()
        if words[0] == "lost":
            gateway = words[1].rpartition("/")[0]
            found[gateway] = found.get(gateway, 0) + int(words[2])
    return found


def cpu_s(pid: int) -> float:
    """Of all the threads that it ever had, in nanoseconds rather than in ticks."""
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


_CPUCLOCK_SCHED = 2
"""Of a clock's identifier: clock_getcpuclockid(3) makes it so."""


def rss_mb(pid: int) -> float:
    """Memory that is its own, or shared, and there."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1024**2
