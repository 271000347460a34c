"""A small board on a bare pty, for tests that want to say what it says and when.

It has one thread, which answers requests as docs/protocol.md has it, unless a test's `script` answers them.
Its lines come from the simulator's encoder, which shares no code with the drivers.
"""

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from firmware_sim.line import LineReader, encode
from tests.support.waiting import DEADLINE_S

TEMP = "temp temperature C 0.01 -40 85 1000"
HUM = "hum humidity % 0.1 0 100 1000"
LUX = "lux light lx 1 0 65535 0"

Script = Callable[[list[str]], Sequence[str | bytes] | None]


class ScriptedBoard:
    """Plugged in at `link`, a symlink to its pty; each of `channels` is the end of a `C` line.

    `script` is asked first what to answer to a request's fields; None: what a healthy board would. `values`
    are what a `read` finds. `requests` are all that came, in order.
    """

    def __init__(
        self, link: Path, channels: Sequence[str] = (TEMP, HUM, LUX), *, identity: str = "24A16057F685"
    ) -> None:
        self.link = link
        self._own_channels = list(channels)
        self.channels = list(channels)
        self.identity = identity
        self.boot = 7
        self.script: Script = lambda fields: None
        self.values = {"temp": "21.5", "hum": "40.5", "lux": "320"}
        self.requests: list[list[str]] = []
        self.seq = 0
        self._started = time.monotonic()
        self._measured_ms = 0
        self._news = threading.Condition()  # guards all that the board's thread and the test's share
        self._master = -1
        self._guard = -1
        self._thread: threading.Thread | None = None
        self._wake_reader, self._wake_writer = os.pipe()

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    @property
    def device(self) -> str:
        """The pty's name, such as /dev/pts/4."""
        return os.ttyname(self._guard)

    def plug(self, link: Path | None = None) -> None:
        """Make the port; the board starts anew, with its next boot number."""
        self.link = link or self.link
        self._master, self._guard = pty.openpty()
        tty.setraw(self._guard)
        os.set_blocking(self._master, False)
        self.restart()
        self.link.symlink_to(self.device)
        self._thread = threading.Thread(target=self._serve, name="scripted-board", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable: the symlink goes, the port hangs up."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self.link.unlink()
        os.write(self._wake_writer, b"x")
        thread.join()
        os.close(self._master)
        os.close(self._guard)

    def restart(self, *, silently: bool = True) -> None:
        """Start the board anew, with its own intervals, while the port stays."""
        with self._news:
            self.boot += 1
            self.channels = list(self._own_channels)
            self.seq = 0
            self._started = time.monotonic()
            self._measured_ms = 0
        if not silently:
            self.say(*self.hello(0))

    def hello(self, request_id: int) -> list[str]:
        """The bodies of a hello."""
        now = self.now_ms()
        count = len(self.channels)
        head = f"H {request_id} 1 test-board {self.identity} {self.boot} 1.0 {count} {now}"
        return [head, *(f"C {request_id} {i} {channel}" for i, channel in enumerate(self.channels))]

    def now_ms(self) -> int:
        """The board's clock."""
        return int((time.monotonic() - self._started) * 1000)

    def _measure_ms(self, ahead_ms: int) -> int:
        """When a value is measured: never before the one before."""
        self._measured_ms = max(self._measured_ms, self.now_ms() + ahead_ms)
        return self._measured_ms

    def reading(self, channel: str, value: str, *, seq: int | None = None) -> str:
        """The body of the next reading."""
        with self._news:
            self.seq = self.seq + 1 if seq is None else seq
            return f"R {channel} {self.seq} {self._measure_ms(0)} {value}"

    def report(self, channel: str, value: str) -> None:
        """Send a reading."""
        with self._news:  # numbered and sent in one go, as a board with one thread does
            self.say(self.reading(channel, value))

    def say(self, *bodies: str | bytes) -> None:
        """Send lines (text: a body to be framed; bytes: as they are)."""
        data = b"".join(encode(body) if isinstance(body, str) else body for body in bodies)
        deadline = time.monotonic() + DEADLINE_S
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                assert time.monotonic() < deadline, "nobody reads what the board says"
                select.select([], [self._master], [], 0.05)

    def wait_for(self, verb: str, count: int = 1) -> list[str]:
        """Wait until `count` requests of that verb have come; returns the last of them."""

        def found() -> list[list[str]]:
            return [request for request in self.requests if request[1] == verb]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, DEADLINE_S), self.requests
            return found()[count - 1]

    def count(self, verb: str) -> int:
        """How many requests of that verb have come."""
        with self._news:
            return sum(request[1] == verb for request in self.requests)

    def _serve(self) -> None:
        reader = LineReader()
        while True:
            ready = select.select([self._master, self._wake_reader], [], [])[0]
            if self._wake_reader in ready:
                os.read(self._wake_reader, 1)
                return
            for body in reader.feed(os.read(self._master, 4096)):
                fields = body.split(" ")[1:]
                with self._news:
                    self.requests.append(fields)
                    self._news.notify_all()
                with self._news:
                    answer = self.script(fields)
                    self.say(*(self.healthy(fields) if answer is None else answer))

    def healthy(self, fields: list[str]) -> list[str]:
        """What a healthy board answers."""
        request_id, verb, *arguments = fields
        if verb == "hello":
            return self.hello(int(request_id))
        if verb == "ping":
            return [f"A {request_id} {self.boot} {self.now_ms()}"]
        index = next((i for i, c in enumerate(self.channels) if c.split()[0] == arguments[0]), None)
        if index is None:
            return [f"E {request_id} unknown_channel no such channel"]
        if verb == "interval":
            self.channels[index] = f"{self.channels[index].rsplit(' ', 1)[0]} {arguments[1]}"
            return [f"A {request_id} {arguments[0]} {arguments[1]}"]
        # Measured in the millisecond after the request's arrival, never before it.
        with self._news:
            self.seq += 1
            return [
                f"A {request_id} {arguments[0]} {self.seq} {self._measure_ms(1)} {self.values[arguments[0]]}"
            ]
