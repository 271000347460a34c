"""Rigs for the contract: a sketch on a pty that prints a line every now and then, or when it is asked."""

import contextlib
import os
import pty
import select
import threading
import tty
from pathlib import Path
from typing import Self

from drivers.kinds import new_source
from drivers.source import Source

EVERY_S = 0.1


class SketchRig:
    """Prints `temp: 21.5` every `EVERY_S`, and when it is to `measure`. With `asked` only for each line that
    comes, `R` say, and then."""

    channel = "temp"

    def __init__(self, folder: Path, *, asked: bool = False) -> None:
        self._link = folder / "sketch"
        self._asked = asked
        self._master = self._guard = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        keys = {"ask": "R"} if self._asked else {}
        return new_source("text", {"port": str(self._link), "format": "pairs", **keys})

    def measure(self) -> None:
        """See `Rig`."""
        with contextlib.suppress(BlockingIOError):  # nobody reads: it has enough to read
            os.write(self._master, b"temp: 21.5\r\n")

    def plug(self) -> None:
        """See `Rig`."""
        self._master, self._guard = pty.openpty()
        tty.setraw(self._guard)
        os.set_blocking(self._master, False)
        self._ended, self._end = os.pipe()
        self._link.symlink_to(os.ttyname(self._guard))
        self._thread = threading.Thread(target=self._print, name="sketch")
        self._thread.start()

    def unplug(self) -> None:
        """See `Rig`."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._link.unlink()
        os.write(self._end, b"x")
        thread.join()
        for descriptor in (self._master, self._guard, self._ended, self._end):
            os.close(descriptor)

    def _print(self) -> None:
        while True:
            ready = select.select([self._master, self._ended], [], [], None if self._asked else EVERY_S)[0]
            if self._ended in ready:
                return
            lines = os.read(self._master, 4096).count(b"\n") if self._master in ready else 1
            for _ in range(lines):
                self.measure()
