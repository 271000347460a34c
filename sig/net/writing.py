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
from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat

from sig import log
from sig.errors import text_of
from sig.limits import Limits
from sig.net.channel import Channel
from sig.net.core import Core, Life
from sig.net.pending import Pending
from sig.net.sendorder import Kind

# After so many pieces a poster goes back to its own work and leaves the rest to the writer.
PIECES = range(4)
WRITABLE_WAIT_S = 1.0
# What follows so closely is taken for a flood, of which the writer sends many in one piece; unless who posts
# it says that no more is about to follow, as he goes on to wait, or to read.
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
            writing.flush()


def wait_patiently(
    wait: Callable[[float], bool], progress: Callable[[], object], each_s: float, most_s: float = 0.0
) -> bool:
    """`wait(seconds)` until it says True, or False: it took more than `each_s`. Up to `most_s`, if that is
    longer, it may, as long as `progress()` is another after each `each_s`."""
    end = time.monotonic() + max(each_s, most_s)
    while True:
        before, left = progress(), end - time.monotonic()
        if wait(max(0.0, min(each_s, left))):
            return True
        if left <= 0 or progress() == before:
            return False


def wait_for_crowded(crowded: list[Writing]) -> None:
    """Pause until those queues have room again, or are found not to be emptied."""
    for writing in crowded:
        writing.wait_until_relieved()
    crowded.clear()


class Writing:
    """The sending half of one connection, and its end. It owns the core, whose lock `lock` is."""

    def __init__(self, core: Core, channel: Channel, limits: Limits, name: str) -> None:
        self.core = core
        self.channel = channel
        self.limits = limits
        self.name = name
        # A bare lock is entered several times more quickly than a condition.
        self.lock = threading.Lock()
        # Once it sends no more: why, how many signals waited then, whether it is the peer's fault; and until
        # when what the peer has sent is read.
        self.closing = threading.Event()
        self.reason = ""
        self.lost = 0
        self.thrown_out = False
        self.until = 0.0
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
        # When something was posted last that more might have followed.
        self._posted = 0.0
        self._writer: threading.Thread | None = None

    # --- what is sent ---

    def post(
        self,
        kind: Kind,
        call_id: int | None,
        data: bytes,
        waiter: Pending | None = None,
        gathered: bool = False,
    ) -> bool:
        """Queue a message, and send it if that does not block. False if the connection sends no more.
        `gathered`: this thread is not about to post another."""
        core, crowded = self.core, False
        try:
            with self.lock:
                if not core.sends:
                    return False
                begun = self._begin()
                if not gathered:
                    before, self._posted = self._posted, time.monotonic()
                    if begun and (mode.later or self._posted - before < BUSY_S):
                        begun = False
                        self._hand_over()
                if core.add(kind, call_id, data, waiter, at_once=begun):
                    piece = data
                else:
                    crowded = core.size > self._half
                    if crowded and kind is Kind.SIGNAL and mode.crowded is not None and not self._stuck:
                        mode.crowded.append(self)
                    piece = self._take(time.monotonic()) if begun else b""
            if piece:
                self._send(piece)
            return not crowded or self._is_bounded()
        except BaseException as err:
            self._interrupted(err)
            raise

    def post_signals(self, signals: list[bytes]) -> bool:
        """Queue and send all there are of a piece of input; True if the queue is crowded now."""
        core = self.core
        try:
            with self.lock:
                if not core.sends:
                    return False
                core.add_signals(signals)
                crowded = core.size > self._half
                piece = self._take(time.monotonic()) if self._begin() else b""
            if piece:
                self._send(piece)
            if core.too_large:
                most, core.too_large = self.limits.max_message, 0
                log.get().warning(f"[{self.name}] signals larger than {most} bytes are dropped")
            return crowded and self._is_bounded() and not self._stuck
        except BaseException as err:
            self._interrupted(err)
            raise

    def flush(self) -> None:
        """Send what may be sent, as far as that does not block and nobody else is at it."""
        try:
            with self.lock:
                piece = self._take(time.monotonic()) if self.core.size and self._begin() else b""
                if self._handed_over and not self.core.pipelined:
                    self._given.notify()  # it may have been pausing for just this
            if piece:
                self._send(piece)
        except BaseException as err:
            self._interrupted(err)
            raise

    def _interrupted(self, error: BaseException) -> None:
        """Whoever sends has been stopped at any line, by Ctrl-C say, or for want of memory: what is queued
        and what is sent may not agree any more."""
        self.close(f"sending was interrupted: {text_of(error)}")

    def _is_bounded(self) -> bool:
        if self.core.size <= self.limits.max_queue:
            return True
        text = f"it reads too slowly: {self.limits.max_queue} bytes are waiting to be sent to it"
        self.close(text, thrown_out=True)
        return False

    def _begin(self) -> bool:
        """Become who sends, if nobody does. With the lock held."""
        if self._sending or not self.core.sends:
            return False
        if mode.held is not None:
            if self not in mode.held:
                mode.held.append(self)
            return False
        self._sending = True
        return True

    def _take(self, now: float) -> bytes:
        """What is to be sent next by who is at it; b"" if nothing may go, and nobody is, or the writer.
        With the lock held."""
        core = self.core
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

    def _send(self, piece: bytes, times: Iterable[object] = PIECES) -> None:
        """Send so many times, or until it would block; then it is the writer's turn."""
        core = self.core
        for _ in times:
            try:
                sent = self.channel.send(piece)
            except OSError as err:  # it takes nothing any more, but may have sent something
                sent = len(piece)
                self._stop(f"sending failed: {text_of(err)}", Life.LEAVING)
            except Exception:  # noqa: BLE001 - a fault of the carrier's, which must be known
                sent = len(piece)
                log.failure(f"[{self.name}] sending failed")
                self.close("sending failed")
            with self.lock:
                self._sent += sent
                if sent < len(piece):
                    piece = piece[sent:]
                    break
                if not core.size and not self._watchers:
                    self._sending = self._handed_over = False
                    return
                piece = self._take(0.0 if core.pipelined else time.monotonic())
            if not piece:
                return
        with self.lock:
            self._rest = piece
            self._hand_over()

    # --- the writer ---

    def _hand_over(self) -> None:
        """Leave sending to the writer. With the lock held."""
        if self._writer is None:
            writer = threading.Thread(target=self._write, name=f"{self.name}-writer", daemon=True)
            writer.start()
            self._writer = writer
        self._handed_over = True
        self._given.notify()

    def _write(self) -> None:
        """The writer thread, to the end of the connection; which ends if this fails, as nobody else sends."""
        try:
            while (piece := self._next()) is not None:
                if piece:
                    self._send(piece, repeat(None))
                if self._rest:
                    self.channel.wait_writable(WRITABLE_WAIT_S)
        except BaseException:  # noqa: BLE001 - as above
            log.failure(f"[{self.name}] the writer failed")
            self.close("the writer failed")

    def _next(self) -> bytes | None:
        """What was handed over, once there is something; or b"", after a pause. None at the end."""
        with self.lock:
            self._given.wait_for(lambda: self._handed_over or not self.core.sends)
            if not self.core.sends:
                return None
            if self._rest:
                piece, self._rest = self._rest, b""
                return piece
            now = time.monotonic()
            piece = self._take(now)
            pause_s = None if piece else self.core.pause(now)
            if pause_s is not None:
                self._given.wait(pause_s)
            return piece

    # --- who waits ---

    def _wait(self, holds: Callable[[], bool], each_s: float, most_s: float) -> bool:
        """Wait as `wait_patiently` does, for as long as something is sent. With the lock held."""
        self._watchers += 1
        try:
            return wait_patiently(partial(self._changed.wait_for, holds), lambda: self._sent, each_s, most_s)
        finally:
            self._watchers -= 1

    def wait_for_room(self) -> bool:
        """Wait while more than half the queue is used, for `full_wait_s` at most; False if in vain."""
        if self.core.size <= self._half:
            return True
        with self.lock:
            return self._wait(lambda: self.core.size <= self._half, self.limits.full_wait_s, 0.0)

    def wait_until_relieved(self) -> None:
        """Wait until a quarter of the queue is used, as long as it is being emptied.

        A queue that does not get there in `relief_s`, or that nothing leaves for `progress_s`, counts as
        stuck, and is not waited for again before it has got there by itself.
        """
        limits = self.limits
        with self.lock:
            if not self._wait(lambda: self._stuck or self._is_relieved(), limits.progress_s, limits.relief_s):
                self._stuck = True

    def _is_relieved(self) -> bool:
        return self.core.size <= self.limits.max_queue // 4

    def drain(self, timeout_s: float, most_s: float = 0.0) -> bool:
        """Wait until all is sent; False if it is not in time. Up to `most_s`, if that is longer, for as long
        as something is sent in each `timeout_s`. What is held back on this thread goes now."""
        if mode.held is not None:
            mode.held = None
            self.flush()
        with self.lock:
            return self._wait(self._is_empty, timeout_s, most_s)

    def _is_empty(self) -> bool:
        return (self.core.size == 0 and not self._sending) or not self.core.sends

    # --- the end ---

    def close(self, reason: str, thrown_out: bool = False) -> None:
        """End the connection, from any thread; what is queued is not sent. Does not wait. `thrown_out`: as
        the peer does not keep to what is asked of it, which the log warns of."""
        self.thrown_out = self.thrown_out or (thrown_out and self.core.sends)
        self._stop(reason, Life.ENDED)
        self._end(self.channel.shutdown)

    def finish(self, reason: str) -> None:
        """Send nothing any more, and go on to read until the peer ends it too, for `Limits.full_wait_s`.

        Were it closed at once, with something of the peer's unread, the system would break it off, and the
        peer lose what it has not read yet.
        """
        self._stop(reason, Life.LEAVING)
        self._end(self.channel.finish)

    def _stop(self, reason: str, life: Life) -> None:
        """Send no more, throw away what waits, and have the writer end."""
        self.reason = self.reason or reason
        with self.lock:
            if self.core.sends:
                self.lost = self.core.unsent()
                self.until = time.monotonic() + max(self.limits.drain_s, self.limits.full_wait_s)
            self.core.become(life)
            self._changed.notify_all()
            self._given.notify()
        self.closing.set()

    def _end(self, end: Callable[[], object]) -> None:
        try:
            end()
        except Exception:  # noqa: BLE001 - a carrier's; whoever ends a connection has more to do
            log.failure(f"[{self.name}] the channel could not be shut down")

    def join(self, timeout_s: float) -> None:
        """Wait for the writer to end, after `close`."""
        if self._writer is not None and self._writer is not threading.current_thread():
            self._writer.join(timeout_s)
