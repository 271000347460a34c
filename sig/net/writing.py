"""Who sends what waits to be sent over one connection.

Strategy: a hand-over to another thread costs more than a send. So whoever posts to an idle connection sends,
as far as that does not block; the writer's thread exists only once something has to wait. Where more is about
to follow, it is left to the writer, which sends all that has gathered at once.

Rules:
 - Posting never blocks and sends nothing under the lock. What waits is bounded: a connection whose queue is
   full is broken off.
 - Whoever passes on signals from another connection pauses while a queue that they go to is more than half
   full and is being emptied: so a flood runs at the pace of those who receive it, and nothing is lost. A
   queue that is not being emptied holds up nobody, and is soon full.
 - How what is posted is sent (`mode`) is a matter of the thread that posts: a listener, say, knows nothing of
   the work that it is part of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sig import log
from sig.errors import text_of
from sig.limits import Limits
from sig.net.channel import Channel
from sig.net.core import Core, Life
from sig.net.pending import Pending
from sig.net.sendorder import Kind

# After so many pieces a poster goes back to its own work and leaves the rest to the writer.
PIECES_BY_POSTER = range(4)
WRITABLE_WAIT_S = 1.0
# Two messages that follow each other so closely are taken for a flood, in which the writer sends many in one
# piece. A request and its answer take longer.
BUSY_S = 0.00005


class Mode(threading.local):
    """How what the thread that looks at it posts is sent."""

    held: list[Writing] | None = None
    """Where not before the end of `holding`: where something waits for that."""
    later = False
    """Whether by the writers, as more is about to follow."""
    crowded: list[Writing] | None = None
    """Where to note the queues that a signal finds crowded."""


mode = Mode()


class holding:  # noqa: N801 - used as a function
    """On this thread, send nothing before the end of the `with` block. Only where no user code runs."""

    def __enter__(self) -> None:
        self._held = mode.held = []

    def __exit__(self, *_exc: object) -> None:
        mode.held = None
        for writing in self._held:
            writing.flush(gathered=True)


def wait_for_crowded(crowded: list[Writing]) -> None:
    """Pause until those queues have room again, or are found not to be emptied."""
    for writing in crowded:
        writing.wait_until_relieved()
    crowded.clear()


class Writing:
    """The sending half of one connection; its `lock` is that of the core, which it is the owner of."""

    def __init__(
        self,
        core: Core,
        channel: Channel,
        limits: Limits,
        name: str,
        broken: Callable[[str], None],
        too_slow: Callable[[str], None],
        gone: Callable[[str], None],
    ) -> None:
        """`broken(reason)` is called, on any thread, when the connection has to be given up, and in its place
        `too_slow(reason)` where the peer is to blame, and `gone(reason)` where it takes nothing any more, but
        may have sent something."""
        # A bare lock is entered several times more quickly than a condition.
        self.lock = threading.Lock()
        self.lost = 0
        """Signals that waited when it was closed."""
        self._core = core
        self._channel = channel
        self._limits = limits
        self._name = name
        self._broken, self._too_slow, self._gone = broken, too_slow, gone
        self._changed = threading.Condition(self.lock)
        # What the writer waits for: by itself, as it would be woken for nothing by each piece that is sent.
        self._given = threading.Condition(self.lock)
        # How many threads wait for `_changed`.
        self._watchers = 0
        # What is left of a piece that was sent in part; how many bytes were sent in all.
        self._rest = b""
        self._sent = 0
        self._half = limits.max_queue // 2
        self._stuck = False
        # Whether somebody is at it: a poster, or the writer, to whom it was handed over.
        self._sending = False
        self._handed_over = False
        self._began = 0.0
        self._writer: threading.Thread | None = None

    def post(self, kind: Kind, call_id: int | None, data: bytes, waiter: Pending | None = None) -> bool:
        """Queue a message, and send it if that does not block. False if the connection sends no more."""
        try:
            with self.lock:
                if not self._core.sends:
                    return False
                self._core.add(kind, call_id, data, waiter)
                crowded = self._core.size > self._half
                if crowded and kind is Kind.SIGNAL and mode.crowded is not None and not self._stuck:
                    mode.crowded.append(self)
                piece = self._begin(gathered=False)
            if piece:
                self._send(piece)
            return not crowded or self._is_bounded()
        except BaseException as err:
            self._interrupted(err)
            raise

    def post_signals(self, signals: list[bytes]) -> bool:
        """Queue and send all there are of a piece of input; True if the queue is crowded now."""
        try:
            with self.lock:
                if not self._core.sends:
                    return False
                self._core.add_signals(signals)
                crowded = self._core.size > self._half
                piece = self._begin(gathered=True)
            if piece:
                self._send(piece)
            if self._core.too_large:
                self._tell_too_large()
            return crowded and self._is_bounded() and not self._stuck
        except BaseException as err:
            self._interrupted(err)
            raise

    def flush(self, gathered: bool = False, at_once: bool = False) -> None:
        """Send what may be sent, as far as that does not block and nobody else is at it.

        `gathered`: all that was about to follow is there already, so there is nothing to wait for. `at_once`:
        in the middle of `holding`, too.
        """
        if at_once:
            mode.held = None
        try:
            with self.lock:
                piece = self._begin(gathered)
                if self._handed_over and not self._core.pipelined:
                    self._given.notify()  # it may have been pausing for just this
            if piece:
                self._send(piece)
        except BaseException as err:
            self._interrupted(err)
            raise

    def _tell_too_large(self) -> None:
        most, self._core.too_large = self._limits.max_message, 0
        log.get().warning(f"[{self._name}] signals larger than {most} bytes are dropped")

    def _interrupted(self, error: BaseException) -> None:
        """Whoever sends has been stopped at any line, by Ctrl-C say, or for want of memory: what is queued
        and what is sent may not agree any more."""
        self._broken(f"sending was interrupted: {text_of(error)}")

    def _is_bounded(self) -> bool:
        if self._core.size <= self._limits.max_queue:
            return True
        self._too_slow(f"it reads too slowly: {self._limits.max_queue} bytes are waiting to be sent to it")
        return False

    def _begin(self, gathered: bool) -> bytes:
        """Become the one who sends, if there is none; returns what first, or b"". With the lock held."""
        if self._sending or not self._core.sends:
            return b""
        if mode.held is not None:
            if self not in mode.held:
                mode.held.append(self)
            return b""
        self._sending = True
        now = time.monotonic()
        busy = now - self._began < BUSY_S
        self._began = now
        if (mode.later or busy) and not gathered:
            self._hand_over()
            return b""
        return self._take(now)

    def _take(self, now: float) -> bytes:
        """What is to be sent next by who is at it; b"" if nothing may go, and nobody is, or the writer.
        With the lock held."""
        core = self._core
        piece = core.take(now) if core.size else b""
        if not piece:
            if not core.size or core.pause(now) is None:
                self._sending = self._handed_over = False
            elif not self._handed_over:
                self._hand_over()
        if core.size <= self._half and (self._watchers or self._stuck):
            self._stuck = self._stuck and not self._is_relieved()
            self._changed.notify_all()  # somebody may wait for room, or for all to be sent
        return piece

    def _send(self, piece: bytes) -> None:
        """Send on this thread until it would block, or it is a fair share."""
        for _ in PIECES_BY_POSTER:
            try:
                sent = self._channel.send(piece)
            except Exception as err:  # noqa: BLE001 - whatever it is
                sent = self._failed(piece, err)
            with self.lock:
                self._sent += sent
                if sent < len(piece):
                    piece = piece[sent:]
                    break
                if not self._core.size and not self._watchers:
                    self._sending = False
                    return
                piece = self._take(0.0 if self._core.pipelined else time.monotonic())
            if not piece:
                return
        with self.lock:
            self._rest = piece
            self._hand_over()

    def _failed(self, piece: bytes, err: Exception) -> int:
        """A carrier could not send, and the connection ends: as if all were sent."""
        if isinstance(err, OSError):
            self._gone(f"sending failed: {text_of(err)}")
        else:  # a fault of the carrier's, which must be known
            log.failure(f"[{self._name}] sending failed")
            self._broken("sending failed")
        return len(piece)

    # --- the writer ---

    def _hand_over(self) -> None:
        """Leave sending to the writer. With the lock held."""
        if self._writer is None:
            writer = threading.Thread(target=self._write, name=f"{self._name}-writer", daemon=True)
            writer.start()
            self._writer = writer
        self._handed_over = True
        self._given.notify()

    def _write(self) -> None:
        """The writer thread, to the end of the connection; which ends if this fails, as nobody else sends."""
        try:
            while (piece := self._next()) is not None:
                while piece and self._core.sends:
                    try:
                        sent = self._channel.send(piece)
                    except Exception as err:  # noqa: BLE001 - as in `_send`
                        sent = self._failed(piece, err)
                    with self.lock:
                        self._sent += sent
                    piece = piece[sent:]
                    if piece:
                        self._channel.wait_writable(WRITABLE_WAIT_S)
        except BaseException:  # noqa: BLE001 - as above
            log.failure(f"[{self._name}] the writer failed")
            self._broken("the writer failed")

    def _next(self) -> bytes | None:
        """What was handed over, once there is something; or b"", after a pause. None at the end."""
        with self.lock:
            self._given.wait_for(lambda: self._handed_over or not self._core.sends)
            if not self._core.sends:
                return None
            if self._rest:
                piece, self._rest = self._rest, b""
                return piece
            now = time.monotonic()
            piece = self._take(now)
            pause_s = None if piece else self._core.pause(now)
            if pause_s is not None:
                self._given.wait(pause_s)
            return piece

    # --- who waits ---

    def _wait(self, predicate: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait for a change. With the lock held."""
        self._watchers += 1
        try:
            return self._changed.wait_for(predicate, timeout_s)
        finally:
            self._watchers -= 1

    def wait_for_room(self) -> bool:
        """Wait while more than half the queue is used, for `full_wait_s` at most; False if in vain."""
        if self._core.size <= self._half:
            return True
        with self.lock:
            return self._wait(lambda: self._core.size <= self._half, self._limits.full_wait_s)

    def wait_until_relieved(self) -> None:
        """Wait until a quarter of the queue is used, as long as it is being emptied.

        A queue that does not get there in `relief_s`, or that nothing leaves for `progress_s`, counts as
        stuck, and is not waited for again before it has got there by itself.
        """
        deadline = time.monotonic() + self._limits.relief_s
        with self.lock:
            while not self._stuck and not self._is_relieved():
                before = self._sent
                self._wait(self._is_relieved, self._limits.progress_s)
                self._stuck = not self._is_relieved() and (
                    self._sent == before or time.monotonic() > deadline
                )

    def _is_relieved(self) -> bool:
        return self._core.size <= self._limits.max_queue // 4

    def drain(self, timeout_s: float, most_s: float = 0.0) -> bool:
        """Wait until all is sent; False if it is not in time. Up to `most_s`, if that is longer, for as long
        as something is sent in each `timeout_s`."""
        end = time.monotonic() + max(timeout_s, most_s)
        with self.lock:
            while not self._is_empty():
                before, left = self._sent, end - time.monotonic()
                in_time = self._wait(self._is_empty, min(timeout_s, left)) if left > 0 else False
                if not in_time and (self._sent == before or not most_s):
                    return False
            return True

    def _is_empty(self) -> bool:
        return (self._core.size == 0 and not self._sending) or not self._core.sends

    def close(self, life: Life) -> None:
        """Send no more, throw away what waits, and have the writer end."""
        with self.lock:
            if self._core.sends:
                self.lost = self._core.unsent()
            self._core.become(life)
            self._changed.notify_all()
            self._given.notify()

    def join(self, timeout_s: float) -> None:
        """Wait for the writer to end, after `close` and the channel's shutdown."""
        if self._writer is not None and self._writer is not threading.current_thread():
            self._writer.join(timeout_s)
