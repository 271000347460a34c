"""What waits to be sent over one connection, and who sends it.

Rules:
 - Posting never blocks and sends nothing under a lock. What waits is bounded: a connection whose queue is
   full is broken off.
 - Replies and calls go first; signals follow in order, as many as the peer's window has room for. A call
   that must not overtake the signals before it (remove_sender) queues up with them.
 - Whoever passes on signals from another connection pauses (`wait_for_crowded`) while a queue that they go to
   is more than half full and is being emptied: so a flood runs at the pace of those who receive it, and
   nothing is lost. A queue that is not being emptied holds up nobody, and is soon full.
 - A peer that takes one object a read (pysig: `pipelined` is False) gets one call at a time, signals
   included, the next only after its answer; and between any two objects a pause, unless an answer shows
   that the first was read.

Strategy: a hand-over to another thread costs more than a send. So whoever posts to an idle connection
sends, as far as that does not block; the writer thread exists only once something has to wait. Where more is
about to follow (`sending_later`), it is left to the writer, which sends all that has gathered in one piece.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from sig.carrier.base import Channel
from sig.limits import Limits

# Enough to make the system call's cost small, and a small part of a socket's buffer.
PIECE = 64 * 1024
# After so many pieces a poster goes back to its own work and leaves the rest to the writer.
PIECES_BY_POSTER = 4
WRITABLE_WAIT_S = 1.0


class Kind(Enum):
    """What a message is, which decides when it goes out."""

    REPLY = 0
    CALL = 1
    SIGNAL = 2
    CALL_IN_ORDER = 3


class _Mode(threading.local):
    held: list[Outbox] | None = None
    later = False
    crowded: list[Outbox] | None = None


_mode = _Mode()


@contextmanager
def holding() -> Iterator[None]:
    """On this thread, send nothing before the end of the block. Only where no user code runs."""
    held: list[Outbox] = []
    _mode.held = held
    try:
        yield
    finally:
        _mode.held = None
        for outbox in held:
            outbox.flush()


def sending_later(later: bool) -> None:
    """On this thread, from now on, leave sending to the writer, as more is about to follow; or do not."""
    _mode.later = later


def wait_for_crowded(outboxes: list[Outbox]) -> None:
    """Pause until those queues have room again, or are found not to be emptied."""
    for outbox in outboxes:
        outbox.wait_until_relieved()
    outboxes.clear()


def note_crowded() -> list[Outbox]:
    """On this thread, from now on, note in the list returned the queues that a signal finds crowded."""
    _mode.crowded = []
    return _mode.crowded


class Outbox:
    """The bounded queue of one connection; see the top of this file."""

    def __init__(self, channel: Channel, limits: Limits, name: str, broken: Callable[[str], None]) -> None:
        """`broken(reason)` is called, on any thread, when the connection has to be given up."""
        self.pipelined = False
        self._channel = channel
        self._limits = limits
        self._name = name
        self._broken = broken
        self._changed = threading.Condition(threading.Lock())
        self._urgent: deque[bytes] = deque()
        self._ordered: deque[tuple[Kind, bytes, int | None]] = deque()
        self._rest = b""
        self._size = 0
        self._sent = 0
        self._stuck = False
        self._credit = limits.window
        # Of a peer that takes one object a read: the call that it has not answered, and what went out last.
        self._unanswered: int | None = None
        self._last: int | None = None
        self._not_before = 0.0
        self._sending = False
        self._closed = False
        self._writer: threading.Thread | None = None
        self._handed_over = False

    def post(self, data: bytes, kind: Kind, call_id: int | None = None) -> bool:
        """Queue a message, and send it if that does not block. False if the connection is closed.

        `call_id`: that of a call, so that `answered` can tell when the next one may go.
        """
        with self._changed:
            if self._closed:
                return False
            if kind is Kind.REPLY or (kind is Kind.CALL and self.pipelined):
                self._urgent.append(data)
            else:
                self._ordered.append((kind, data, call_id))
            self._size += len(data)
            full = self._size > self._limits.max_queue
            if kind is Kind.SIGNAL and _mode.crowded is not None and self._is_crowded():
                _mode.crowded.append(self)
            if self._sending and not full:
                return True
        if full:
            self._broken(f"it reads too slowly: {self._limits.max_queue} bytes are waiting to be sent to it")
            return False
        held = _mode.held
        if held is None:
            self.flush()
        elif self not in held:
            held.append(self)
        return True

    def wait_for_room(self) -> bool:
        """Wait while more than half the queue is used, for `full_wait_s` at most; False if in vain."""
        half = self._limits.max_queue // 2
        if self._size <= half:
            return True
        with self._changed:
            self._changed.wait_for(lambda: self._size <= half or self._closed, self._limits.full_wait_s)
            return self._size <= half

    def _is_crowded(self) -> bool:
        return self._size > self._limits.max_queue // 2 and not self._stuck

    def wait_until_relieved(self) -> None:
        """Wait until a quarter of the queue is used, as long as it is being emptied.

        A queue that does not get there in `relief_s`, or that nothing leaves for `progress_s`, counts as
        stuck, and is not waited for again before it has got there by itself.
        """
        deadline = time.monotonic() + self._limits.relief_s
        with self._changed:
            while not self._stuck and not self._closed and self._size > self._limits.max_queue // 4:
                before = self._sent
                self._changed.wait_for(self._is_relieved, self._limits.progress_s)
                self._stuck = self._sent == before or time.monotonic() > deadline

    def _is_relieved(self) -> bool:
        return self._closed or self._size <= self._limits.max_queue // 4

    def flush(self) -> None:
        """Send what may be sent, as far as that does not block and nobody else is at it."""
        with self._changed:
            if self._sending or self._closed:
                return
            self._sending = True
            if _mode.later:
                self._hand_over()
                return
        self._send_pieces()

    def grant(self, signals: int) -> None:
        """The peer has worked off so many signals: as many more may go."""
        with self._changed:
            self._credit = min(self._credit + signals, self._limits.window)
        self.flush()

    def answered(self, call_id: int) -> None:
        """The peer has answered that call, or is not waited for any longer."""
        with self._changed:
            if self._unanswered != call_id:
                return
            self._unanswered = None
            if self._last == call_id:
                # it has read what went out last, so there is nothing that the next could run into
                self._not_before = 0.0
                self._changed.notify_all()
        self.flush()

    def drain(self, timeout_s: float) -> bool:
        """Wait until all is sent; False if it is not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._size == 0 or self._closed, timeout_s)

    def close(self) -> None:
        """Throw away what waits, and have the writer end."""
        with self._changed:
            self._closed = True
            self._urgent.clear()
            self._ordered.clear()
            self._size = 0
            self._changed.notify_all()

    def join(self, timeout_s: float) -> None:
        """Wait for the writer to end, after `close` and the channel's shutdown."""
        if self._writer is not None and self._writer is not threading.current_thread():
            self._writer.join(timeout_s)

    def _hand_over(self) -> None:
        """Leave sending to the writer. With the lock held and `_sending` set."""
        self._handed_over = True
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name=f"{self._name}-writer", daemon=True)
            self._writer.start()
        self._changed.notify_all()

    def _send_pieces(self) -> None:
        """Send on this thread until it would block, or it is a fair share. `_sending` is set."""
        for _ in range(PIECES_BY_POSTER):
            with self._changed:
                piece = self._next_piece()
                if not piece and not self._is_pausing():
                    self._sending = False
                    return
            if not piece or not self._send(piece):
                break
        with self._changed:
            self._hand_over()

    def _next_piece(self) -> bytes:
        """What may go out now, taken off the queue; b"" if nothing may. With the lock held."""
        if self._closed:
            return b""
        if self._rest:
            piece, self._rest = self._rest, b""
            return piece
        return self._next_pipelined() if self.pipelined else self._next_single()

    def _next_pipelined(self) -> bytes:
        parts = []
        size = 0
        while self._urgent and size < PIECE:
            parts.append(self._urgent.popleft())
            size += len(parts[-1])
        while self._ordered and size < PIECE:
            if self._ordered[0][0] is Kind.SIGNAL:
                if not self._credit:
                    break
                self._credit -= 1
            parts.append(self._ordered.popleft()[1])
            size += len(parts[-1])
        return b"".join(parts)

    def _next_single(self) -> bytes:
        if time.monotonic() < self._not_before:
            return b""
        if self._urgent:
            piece = self._urgent.popleft()
            self._last = None
        elif self._ordered and self._unanswered is None:
            _, piece, self._last = self._ordered.popleft()
            self._unanswered = self._last
        else:
            return b""
        self._not_before = time.monotonic() + self._limits.plain_gap_s
        return piece

    def _is_pausing(self) -> bool:
        """Whether something could go out but for the pause after what went out last. With the lock held."""
        waits = bool(self._urgent) or (bool(self._ordered) and self._unanswered is None)
        return not self.pipelined and not self._closed and waits

    def _send(self, piece: bytes) -> bool:
        """Send a piece without blocking; False if some of it is left."""
        try:
            sent = self._channel.send(piece)
        except OSError as err:
            self._broken(f"sending failed: {err}")
            sent = len(piece)
        with self._changed:
            if not self._closed:
                self._size -= sent
                self._sent += sent
                self._rest = piece[sent:]
            if self._size <= self._limits.max_queue // 2:
                # somebody may wait for room, or for all to be sent
                self._stuck = self._stuck and not self._is_relieved()
                self._changed.notify_all()
            return not self._rest

    def _write(self) -> None:
        """The writer thread: sends what was handed over, waiting where that is needed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._handed_over or self._closed)
                if self._closed:
                    return
                piece = self._next_piece()
                if not piece and self._is_pausing():
                    self._changed.wait(max(0.0, self._not_before - time.monotonic()))
                    continue
                if not piece:
                    self._handed_over = False
                    self._sending = False
                    continue
            while not self._send(piece):
                with self._changed:
                    piece = self._next_piece()
                if not piece:
                    break
                self._channel.wait_writable(WRITABLE_WAIT_S)
