"""The board of the benchmarks: a pty, a hello, and as many readings as wanted, paced or flat out."""

import os
import re
import select
import time
import tty
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_REQUEST = re.compile(rb"\$Q ([0-9]+) ([a-z]+)")


def line(body: str) -> bytes:
    """A sensorline line."""
    return b"$%s*%08X\n" % (body.encode(), zlib.crc32(body.encode()))


def reading(number: int) -> bytes:
    """A reading of the channel `temp`, measured now, of another value than the one before."""
    return line(f"R temp {number} {_uptime_ms()} {20 + number % 100 / 10:g}")


def _uptime_ms() -> int:
    return int(time.monotonic() * 1000) % (1 << 32)


class Board:
    """The board's end of a pty; `port` is the path of the other."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.sent = 0

    def answer_until(self, ready: int) -> None:
        """Answer hellos and reads, at once, until the descriptor `ready` can be read."""
        while True:
            readable, _, _ = select.select((self._master, ready), (), (), 20)
            if ready in readable:
                return
            if not readable:
                raise TimeoutError("the program under test has neither asked nor finished for 20 s")
            self._hear(os.read(self._master, 65536))

    def send(self, count: int, per_second: float | None) -> None:
        """Send `count` readings, evenly spaced or, with None, as fast as they are taken."""
        if per_second is not None:
            send_paced([self], count, per_second)
            return
        lines = [self._next() for _ in range(count)]
        for start in range(0, count, 40):
            self._write(b"".join(lines[start : start + 40]))

    def send_one(self) -> None:
        """Send a reading."""
        self._write(self._next())

    def close(self) -> None:
        """Unplug."""
        os.close(self._master)
        os.close(self._slave)

    def _next(self) -> bytes:
        self.sent += 1
        return reading(self.sent)

    def _hear(self, data: bytes) -> None:
        for number, verb in _REQUEST.findall(data):
            self._answer(int(number), verb)

    def _answer(self, number: int, verb: bytes) -> None:
        if verb == b"hello":
            self._write(line(f"H {number} 1 bench BENCH 1 1.0 1 0"))
            self._write(line(f"C {number} 0 temp temperature C 0.1 -40 85 600000"))
        elif verb == b"read":
            self.sent += 1
            self._write(line(f"A {number} temp {self.sent} {_uptime_ms()} 19.5"))

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._master, data) :]


def send_paced(boards: Sequence[Board], count: int, per_second: float) -> None:
    """Have each board send `count` readings, evenly spaced, one board after the other."""
    due = time.monotonic()
    for _ in range(count):
        for board in boards:
            due += 1 / per_second / len(boards)
            time.sleep(max(0.0, due - time.monotonic()))
            board.send_one()


@contextmanager
def plugged_board() -> Iterator[Board]:
    """A board for the length of a with block."""
    board = Board()
    try:
        yield board
    finally:
        board.close()
