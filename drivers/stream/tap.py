"""Listening in on a port: what is read and written there, as it goes by.

A tap belongs to a source, and outlives its openings. While nobody listens it costs the look at an empty
tuple. Whoever listens is called by the thread that has read or written, which may be any: it does not block,
and runs no user code.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

READ = "<"
WRITTEN = ">"
NOTE = "#"

Listener = Callable[[float, str, bytes], None]
"""When (monotonic; of what is written, before the writing), what it is, and the bytes: `READ`, `WRITTEN`; or
`NOTE`, then they are words for a person, in UTF-8: the port was opened, closed."""

# 22 s of the usual 115,200 baud, and 1 s of the fastest port; a fetch is due every fraction of a second.
MOST_BYTES = 256 * 1024
# As much memory again, at 100 bytes each: readings that come one by one.
MOST_PIECES = 4096
# A recording whose last fetch is so long ago was forgotten: its program has ended, or its machine is gone.
FORGOTTEN_S = 10.0


class Tap:
    """`listeners` are those who listen now. `add` and `remove` are for any thread."""

    __slots__ = ("_lock", "listeners")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> None:
        """Have it called from now on."""
        with self._lock:
            self.listeners = (*self.listeners, listener)

    def remove(self, listener: Listener) -> None:
        """The opposite; nothing happens if it does not listen. A call that has begun still comes."""
        with self._lock:
            self.listeners = tuple(other for other in self.listeners if other != listener)

    def told(self, at: float, way: str, data: bytes) -> None:
        """Bytes have gone by."""
        for listener in self.listeners:
            listener(at, way, data)


class Piece(NamedTuple):
    """What a listener is told; see `Listener`."""

    at: float
    way: str
    data: bytes


class Recorder:
    """Keeps what goes by until it is taken, and no more than there is room for: what comes when it is full is
    missed, counted, and noted. One that nobody takes from any more stops to listen by itself.

    `began` and all times are monotonic seconds.
    """

    def __init__(self, tap: Tap, began: float) -> None:
        self._tap = tap
        self._lock = threading.Lock()  # guards all below; for a few assignments
        self._pieces: deque[Piece] = deque()
        self._bytes = 0
        self._missed = 0
        self._missed_from = 0.0
        self._taken = began
        self._stopped = False
        tap.add(self._heard)

    def forgotten(self, now: float) -> bool:
        """Whether nobody has taken anything for `FORGOTTEN_S`."""
        return now - self._taken > FORGOTTEN_S

    @property
    def stopped(self) -> bool:
        """Whether it listens no more."""
        return self._stopped

    def take(self, now: float) -> list[Piece]:
        """What has gone by since the last time, in order."""
        with self._lock:
            pieces = list(self._pieces)
            self._pieces.clear()
            self._bytes = 0
            if self._missed:
                pieces.append(self._gap())
            self._taken = now
        return pieces

    def stop(self) -> None:
        """Listen no more; what is there can still be taken. Twice is as good as once."""
        self._stopped = True
        self._tap.remove(self._heard)

    def _heard(self, at: float, way: str, data: bytes) -> None:
        if self.forgotten(at):
            self.stop()
            return
        with self._lock:
            if self._bytes + len(data) > MOST_BYTES or len(self._pieces) >= MOST_PIECES - 1:
                if not self._missed:
                    self._missed_from = at
                self._missed += len(data)
                return
            if self._missed:
                self._pieces.append(self._gap())
            self._bytes += len(data)
            self._put(Piece(at, way, data))

    def _put(self, piece: Piece) -> None:
        """In order of time: an answer may have been read before its request is told of."""
        later: list[Piece] = []
        while self._pieces and self._pieces[-1].at > piece.at:
            later.append(self._pieces.pop())
        self._pieces.append(piece)
        self._pieces.extend(reversed(later))

    def _gap(self) -> Piece:
        missed, self._missed = self._missed, 0
        return Piece(self._missed_from, NOTE, b"%d bytes left out: they were not fetched in time" % missed)
