"""A board that the opening of its port resets, as DTR does to an Uno, and that takes its time to start."""

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


class DtrBoard:
    """Its boot loader swallows what comes in the `start_s` after each opening; then it says hello by itself,
    answers, and reports `temp` every 100 ms. `opens`: how often its port was opened, which is how often it
    started."""

    def __init__(self, link: Path, start_s: float) -> None:
        self.link = link
        self.opens = 0
        self._start_s = start_s
        self._started = 0.0
        self._said_hello = False
        self._seq = 0
        self._due = 0.0
        self._reader = LineReader()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="dtr-board")

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)  # so that the kernel tells whether somebody has it open
        self._hangups = select.poll()
        self._hangups.register(self._master, 0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.link.unlink()
        os.close(self._master)

    def _serve(self) -> None:
        is_open = False
        while not self._ended.wait(0.01):
            was_open, is_open = is_open, not self._hangups.poll(0)
            if not is_open:
                continue
            if not was_open:
                self._reset()
            with contextlib.suppress(OSError):  # nothing came, or whoever had it open has left just now
                self._run(time.monotonic() - self._started)

    def _reset(self) -> None:
        self.opens += 1
        self._started = time.monotonic()
        self._said_hello = False
        self._seq = 0
        self._reader = LineReader()

    def _run(self, age_s: float) -> None:
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._master, 4096)
        if age_s < self._start_s:
            return
        if not self._said_hello:
            self._said_hello = True
            self._hello("0", age_s)
        for body in self._reader.feed(data):
            request_id, verb, *_ = body.split(" ")[1:]
            if verb == "hello":
                self._hello(request_id, age_s)
            elif verb == "read":
                self._say(f"A {request_id} temp {self._number()} {round(age_s * 1000)} 21.5")
        if age_s - self._due >= 0.1 or age_s < self._due:
            self._due = age_s
            self._say(f"R temp {self._number()} {round(age_s * 1000)} 21.5")

    def _hello(self, request_id: str, age_s: float) -> None:
        self._say(f"H {request_id} 1 dtr-board DTR {self.opens} 1.0 1 {round(age_s * 1000)}")
        self._say(f"C {request_id} 0 temp temperature C 0.01 -40 85 100")

    def _number(self) -> int:
        self._seq += 1
        return self._seq

    def _say(self, body: str) -> None:
        os.write(self._master, encode(body))
