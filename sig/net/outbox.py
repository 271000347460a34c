"""What waits to be sent over one connection, and who sends it.

Rules:
 - Posting never blocks and sends nothing under a lock. What waits is bounded: a connection whose queue is
   full is broken off.
 - What goes next is the matter of `sig.net.sendorder`.
 - Whoever passes on signals from another connection pauses (`sig.net.sendmode`) while a queue that they go to
   is more than half full and is being emptied: so a flood runs at the pace of those who receive it, and
   nothing is lost. A queue that is not being emptied holds up nobody, and is soon full.

Strategy: a hand-over to another thread costs more than a send. So whoever posts to an idle connection
sends, as far as that does not block; the writer thread exists only once something has to wait. Where more
is about to follow (see `sendmode`), it is left to the writer, which sends all that has gathered at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sig import log
from sig.errors import text_of
from sig.limits import Limits
from sig.net.channel import Channel
from sig.net.sendmode import mode
from sig.net.sendorder import Kind, OneAtATime, Pipelined, SendOrder

# After so many pieces a poster goes back to its own work and leaves the rest to the writer.
PIECES_BY_POSTER = 4
WRITABLE_WAIT_S = 1.0
# Two messages that follow each other so closely are taken for a flood, in which the writer sends many in one
# piece. A request and its answer take longer.
BUSY_S = 0.00005


class Outbox:
    """The bounded queue of one connection; see the top of this file."""

    def __init__(
        self,
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
        # Whether any number of messages may be on their way; see `pipeline`.
        self.pipelined = False
        self._order: SendOrder = OneAtATime(limits)
        self._channel = channel
        self._limits = limits
        self._name = name
        self._broken = broken
        self._too_slow = too_slow
        self._gone = gone
        # A bare lock is entered several times more quickly than a condition.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        # How many threads wait for `_changed`.
        self._watchers = 0
        self._rest = b""
        self._size = 0
        self._sent = 0
        self._stuck = False
        self._sending = False
        self._flushed = 0.0
        self._closed = False
        self.lost = 0
        """Signals that waited when it was closed."""
        self._writer: threading.Thread | None = None
        self._handed_over = False

    def post(self, data: bytes, kind: Kind, call_id: int | None = None) -> bool:
        """Queue a message, and send it if that does not block. False if the connection is closed.

        `call_id`: that of a call, so that `answered` can tell when the next one may go.
        """
        try:
            with self._lock:
                if self._closed:
                    return False
                self._order.add(kind, data, call_id)
                self._size += len(data)
                if kind is Kind.SIGNAL and mode.crowded is not None and self._is_crowded():
                    mode.crowded.append(self)
                piece = self._begin_or_hold()
            return self._finish_post(piece)
        except BaseException as err:
            self._interrupted(err)
            raise

    def post_signals(self, signals: list[bytes]) -> bool:
        """`post` many at once; True if the queue is crowded now. For pipelined connections."""
        size = sum(map(len, signals))
        try:
            with self._lock:
                if self._closed:
                    return False
                self._order.add_signals(signals)
                self._size += size
                crowded = self._is_crowded()
                piece = self._begin_or_hold()
            return self._finish_post(piece) and crowded
        except BaseException as err:
            self._interrupted(err)
            raise

    def _interrupted(self, error: BaseException) -> None:
        """Whoever sends has been stopped at any line, by Ctrl-C say, or for want of memory: what is queued
        and what is sent may not agree any more."""
        self._broken(f"sending was interrupted: {text_of(error)}")

    def _finish_post(self, piece: bytes) -> bool:
        if self._size > self._limits.max_queue:
            self._too_slow(
                f"it reads too slowly: {self._limits.max_queue} bytes are waiting to be sent to it"
            )
            return False
        if piece:
            self._send_pieces(piece)
        return True

    def _begin_or_hold(self) -> bytes:
        """What this thread is to send, if it is to send now. With the lock held."""
        held = mode.held
        if held is None:
            return self._begin(gathered=False)
        if not self._sending and self not in held:
            held.append(self)
        return b""

    def wait_for_room(self) -> bool:
        """Wait while more than half the queue is used, for `full_wait_s` at most; False if in vain."""
        half = self._limits.max_queue // 2
        if self._size <= half:
            return True
        with self._lock:
            self._wait(lambda: self._size <= half or self._closed, self._limits.full_wait_s)
            return self._size <= half

    def _wait(self, predicate: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait for a change. With the lock held."""
        self._watchers += 1
        try:
            return self._changed.wait_for(predicate, timeout_s)
        finally:
            self._watchers -= 1

    def _wake(self) -> None:
        """Something has changed. With the lock held."""
        if self._watchers:
            self._changed.notify_all()

    def _is_crowded(self) -> bool:
        return self._size > self._limits.max_queue // 2 and not self._stuck

    def wait_until_relieved(self) -> None:
        """Wait until a quarter of the queue is used, as long as it is being emptied.

        A queue that does not get there in `relief_s`, or that nothing leaves for `progress_s`, counts as
        stuck, and is not waited for again before it has got there by itself.
        """
        deadline = time.monotonic() + self._limits.relief_s
        with self._lock:
            while not self._stuck and not self._closed and self._size > self._limits.max_queue // 4:
                before = self._sent
                self._wait(self._is_relieved, self._limits.progress_s)
                self._stuck = self._sent == before or time.monotonic() > deadline

    def _is_relieved(self) -> bool:
        return self._closed or self._size <= self._limits.max_queue // 4

    def flush(self, gathered: bool = False) -> None:
        """Send what may be sent, as far as that does not block and nobody else is at it.

        `gathered`: all that was about to follow is there already, so there is nothing to wait for.
        """
        try:
            with self._lock:
                piece = self._begin(gathered)
            if piece:
                self._send_pieces(piece)
        except BaseException as err:
            self._interrupted(err)
            raise

    def _begin(self, gathered: bool) -> bytes:
        """Become the one who sends, if there is none; returns what first, or b"". With the lock held."""
        if self._sending or self._closed:
            return b""
        self._sending = True
        now = time.monotonic()
        busy = now - self._flushed < BUSY_S
        self._flushed = now
        if (mode.later or busy) and not gathered:
            self._hand_over()
            return b""
        piece = self._next_piece(now)
        if not piece:
            self._pause_or_rest(now)
        return piece

    def pipeline(self, window: int) -> None:
        """The peer is one of ours: any number of messages, but no more signals at once than that."""
        with self._lock:
            order = Pipelined(window)
            for waiting in self._order.rest():
                order.add(*waiting)
            self._order = order
            self.pipelined = True

    def grant(self, signals: int) -> None:
        """The peer has worked off so many signals: as many more may go."""
        with self._lock:
            self._order.grant(signals)
        self.flush()

    def answered(self, call_id: int, given_up: bool) -> None:
        """The peer has answered that call, or is not waited for any longer."""
        with self._lock:
            self._order.answered(call_id, time.monotonic(), given_up)
            self._wake()
        self.flush()

    def heard_call(self) -> None:
        """The peer has made a call that is to be replied to."""
        with self._lock:
            self._order.heard_call()
            # the writer may have been pausing for just this
            self._wake()

    def drain(self, timeout_s: float, most_s: float = 0.0) -> bool:
        """Wait until all is sent; False if it is not in time. Up to `most_s`, if that is longer, for as long
        as something is sent in each `timeout_s`."""
        end = time.monotonic() + max(timeout_s, most_s)
        with self._lock:
            while not self._is_empty():
                before, left = self._sent, end - time.monotonic()
                in_time = self._wait(self._is_empty, min(timeout_s, left)) if left > 0 else False
                if not in_time and (self._sent == before or not most_s):
                    return False
            return True

    def _is_empty(self) -> bool:
        return self._size == 0 or self._closed

    def close(self) -> None:
        """Throw away what waits, and have the writer end."""
        with self._lock:
            if not self._closed:
                self.lost = self._order.signals()
            self._closed = True
            self._order.rest()
            self._size = 0
            self._wake()

    def join(self, timeout_s: float) -> None:
        """Wait for the writer to end, after `close` and the channel's shutdown."""
        if self._writer is not None and self._writer is not threading.current_thread():
            self._writer.join(timeout_s)

    def _hand_over(self) -> None:
        """Leave sending to the writer. With the lock held and `_sending` set."""
        if self._writer is None:
            writer = threading.Thread(target=self._write, name=f"{self._name}-writer", daemon=True)
            writer.start()
            self._writer = writer
        self._handed_over = True
        self._wake()

    def _pause_or_rest(self, now: float) -> None:
        """Nothing may go out now: leave it to the writer, if it has to wait. With the lock held."""
        if self._order.pause(now) is None:
            self._sending = False
        else:
            self._hand_over()

    def _send_pieces(self, piece: bytes) -> None:
        """Send on this thread until it would block, or it is a fair share. `_sending` is set."""
        for _ in range(PIECES_BY_POSTER):
            sent = self._try_to_send(piece)
            with self._lock:
                self._note_sent(piece, sent)
                if self._rest:
                    break
                now = time.monotonic()
                piece = self._next_piece(now)
                if not piece:
                    self._pause_or_rest(now)
                    return
        with self._lock:
            self._rest = self._rest or piece
            self._hand_over()

    def _next_piece(self, now: float) -> bytes:
        """What may go out now, taken off the queue; b"" if nothing may. With the lock held."""
        if self._closed:
            return b""
        if self._rest:
            piece, self._rest = self._rest, b""
            return piece
        return self._order.take(now)

    def _try_to_send(self, piece: bytes) -> int:
        """Send what can be sent of it without blocking; returns how much."""
        try:
            return self._channel.send(piece)
        except OSError as err:
            self._gone(f"sending failed: {text_of(err)}")
        except Exception:  # noqa: BLE001 - a fault of a carrier must end this connection only, and be known
            log.failure(f"[{self._name}] sending failed")
            self._broken("sending failed")
        return len(piece)

    def _note_sent(self, piece: bytes, sent: int) -> None:
        """So much of it is sent, the rest is next. With the lock held."""
        if not self._closed:
            self._size -= sent
            self._sent += sent
            self._rest = piece[sent:]
        if self._size <= self._limits.max_queue // 2:
            # somebody may wait for room, or for all to be sent
            self._stuck = self._stuck and not self._is_relieved()
            self._wake()

    def _write(self) -> None:
        """The writer thread, to the end of the connection; which ends if this fails, as nobody else sends."""
        try:
            self._write_on()
        except BaseException:  # noqa: BLE001 - as above
            log.failure(f"[{self._name}] the writer failed")
            self._broken("the writer failed")

    def _write_on(self) -> None:
        """Send what was handed over, waiting where that is needed."""
        while True:
            with self._lock:
                self._wait(lambda: self._handed_over or self._closed, None)
                if self._closed:
                    return
                now = time.monotonic()
                piece = self._next_piece(now)
                pause_s = None if piece else self._order.pause(now)
                if pause_s is not None:
                    self._watchers += 1
                    self._changed.wait(pause_s)
                    self._watchers -= 1
                    continue
                if not piece:
                    self._handed_over = False
                    self._sending = False
                    continue
            while piece:
                sent = self._try_to_send(piece)
                with self._lock:
                    self._note_sent(piece, sent)
                    piece = self._next_piece(0.0) if self._rest else b""
                if piece:
                    self._channel.wait_writable(WRITABLE_WAIT_S)
