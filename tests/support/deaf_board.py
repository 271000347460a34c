"""A board that talks and does not listen: what is written to its port stays there until nothing more fits."""

import contextlib
import os
import pty
import select
import threading
import time
import tty
from pathlib import Path
from typing import Self

from firmware_sim.line import LineReader, encode
from tests.support.waiting import until


class DeafBoard:
    """It answers requests until `deafen`, and reports `temp` every 50 ms all the time."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._ended = threading.Event()
        self._deaf = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="deaf-board")
        self._seq = 0
        self._clock_ms = 0

    def __enter__(self) -> Self:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        os.set_blocking(self._slave, False)
        self.link.symlink_to(os.ttyname(self._slave))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.link.unlink()
        os.close(self._master)
        os.close(self._slave)

    @property
    def readings(self) -> int:
        """How many it has reported."""
        return self._seq

    def deafen(self) -> None:
        """Read nothing any more, and leave no room in the port for what is written to it."""
        self._deaf.set()
        until(self._is_full, what="a port without room")

    def _is_full(self) -> bool:
        """Whether it takes no byte for a tenth of a second: the kernel moves what it has once more."""
        written = 0
        deadline = time.monotonic() + 0.1
        for size in (4096, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    written += os.write(self._slave, b"\0" * size)
        select.select([], [self._slave], [], max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(BlockingIOError):
            written += os.write(self._slave, b"\0")
        return written == 0

    def _serve(self) -> None:
        reader = LineReader()
        while not self._ended.wait(0.05):
            self._clock_ms += 50
            self._say(f"R temp {self._number()} {self._clock_ms} 21.5")
            if self._deaf.is_set():
                continue
            with contextlib.suppress(BlockingIOError):
                for body in reader.feed(os.read(self._master, 4096)):
                    self._answer(body.split(" ")[1:])

    def _answer(self, fields: list[str]) -> None:
        request_id, verb, *_ = fields
        if verb == "hello":
            self._say(f"H {request_id} 1 deaf-board DEAF 3 1.0 1 {self._clock_ms}")
            self._say(f"C {request_id} 0 temp temperature C 0.01 -40 85 50")
        elif verb == "read":
            self._say(f"A {request_id} temp {self._number()} {self._clock_ms} 21.5")

    def _number(self) -> int:
        self._seq += 1
        return self._seq

    def _say(self, body: str) -> None:
        with contextlib.suppress(BlockingIOError):  # nobody reads
            os.write(self._master, encode(body))
