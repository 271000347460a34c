"""Bytes at the pace of a serial line: what a UART sends takes its time, a pseudo-terminal takes none."""

from collections import deque
from collections.abc import Callable

from firmware_sim.sensors import NS

BITS = 11
"""Of a byte on the line, as Modbus counts: start, 8 of data, parity or a second stop bit, stop."""
MAX_WAITING = 65_536
"""Bytes that wait to go out: a minute at 9,600 baud. What comes on top is lost."""


def byte_ns(baud: int) -> int:
    """How long a byte takes; 0 for 0 baud: no time at all."""
    return BITS * NS // baud if baud else 0


class Pace:
    """`write` takes bytes and says how many it took; they reach it one after the other, `byte_ns` apart."""

    def __init__(self, write: Callable[[bytes], int], byte_ns: int, clock: Callable[[], int]) -> None:
        self._write = write
        self._byte_ns = byte_ns
        self._clock = clock
        self._waiting: deque[int] = deque()
        self._next_ns = 0
        self.dropped = 0
        """Bytes that the port had no room for, since they were taken."""

    def write(self, data: bytes) -> int:
        """How many of the bytes are taken."""
        if not self._byte_ns:
            return self._write(data)
        if not self._waiting:
            self._next_ns = max(self._next_ns, self._clock() + self._byte_ns)
        taken = data[: MAX_WAITING - len(self._waiting)]
        self._waiting += taken
        return len(taken)

    def release(self, now_ns: int) -> None:
        """Let go out what has had its time."""
        due = bytearray()
        while self._waiting and self._next_ns <= now_ns:
            due.append(self._waiting.popleft())
            self._next_ns += self._byte_ns
        if due:
            self.dropped += len(due) - self._write(bytes(due))

    def next_ns(self) -> int | None:
        """When `release` has something to do; None: when something is written."""
        return self._next_ns if self._waiting else None

    def clear(self) -> None:
        """Lose what waits."""
        self._waiting.clear()
