"""Reading one connection: the reader's thread, and the guests who read in its place.

Who reads parses, completes calls that wait for an answer, does what needs no user code at once, and queues
the rest: signals for the dispatcher, in order, and requests for the pool. It runs no user code. Whose turn it
is to read: see `sig.net.turn`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sig import log
from sig.errors import Busy, text_of
from sig.net.calls import Call, Pending
from sig.net.channel import Channel
from sig.net.dispatch import Pool
from sig.net.turn import Turn
from sig.wire import Message, WireError

if TYPE_CHECKING:
    from sig.net.connection import Connection

# So soon a caller has to call again, and a handler to be done, for the turn to stay free meanwhile.
QUICK_S = 0.0005
# Who has sent a signal lately may send another, which the turn must not be free for.
CALM_S = 0.01


Request = tuple[Call, Callable[[], Any]]


class Reader:
    """Reads the channel of one connection, by turns; `start`ed and joined by the connection."""

    def __init__(
        self, connection: Connection, channel: Channel, pool: Pool, ended: Callable[[str], None]
    ) -> None:
        """`ended(reason)` is called, once, on the reader's thread, when there is no more to read."""
        self.thread = threading.Thread(target=self._run, name=f"{connection.name}-reader", daemon=True)
        self.decoder = connection.codec.decoder(connection.limits.max_message)
        self._connection = connection
        self._limits = connection.limits
        self._channel = channel
        self._pool = pool
        self._ended = ended
        self._reason = ""
        self._turn = Turn()
        # Requests that the last piece of input has brought: the call, and what it runs.
        self._requests: list[Request] = []
        # Whether handlers have been quick, and callers have called again at once, of late; see `_may_lend`.
        self._handlers_quick = False
        self._callers_quick = False
        self._answered = 0.0
        self._signalled = 0.0
        self._since = self._heard = self._pinged = self._next_tick = 0.0

    def start(self) -> None:
        """Begin to read."""
        self._since = self._heard = self._pinged = self._next_tick = time.monotonic()
        self.thread.start()

    def queue_request(self, call: Call, handler: Callable[[], Any]) -> None:
        """Have a request's handler run once the piece of input is read. By whoever reads."""
        self._requests.append((call, handler))

    def note_signal(self) -> None:
        """A signal has come. By whoever reads."""
        self._signalled = self._heard

    def note_answer(self) -> None:
        """A caller has got its answer. By whoever reads."""
        self._answered = self._heard

    # --- the reader's own thread ---

    def _run(self) -> None:
        try:
            self._prepare()
            while not self._reason:
                before = self._answered
                self._read_piece()
                lend = self._may_lend(before)
                self._hand_out()
                if lend:
                    self._turn.lend()
        except BaseException:  # noqa: BLE001 - as in `_read_piece`: nobody would learn of the end otherwise
            log.failure(f"[{self._connection.name}] the reader failed")
        finally:
            self._ended(self._reason or "the reader failed")

    def _prepare(self) -> None:
        try:
            self._channel.prepare(self._limits.handshake_s)
        except OSError as err:
            self._reason = text_of(err)
        except Exception:  # noqa: BLE001 - a fault of a carrier must end this connection only, and be known
            log.failure(f"[{self._connection.name}] the channel failed")
            self._reason = "the channel failed"

    def _may_lend(self, answered_before: float) -> bool:
        """Whether somebody is about to take the turn: a caller who calls again, or a worker."""
        if self._reason or not self._is_calm():
            return False
        if self._requests:
            return self._handlers_quick and len(self._requests) == 1
        return (
            self._answered != answered_before
            and self._callers_quick
            and not self._connection.awaits_answers()
        )

    def _is_calm(self) -> bool:
        return self._heard - self._signalled > CALM_S

    def _hand_out(self) -> None:
        for call, handler in self._requests:
            if not self._pool.post(partial(self._work, call, handler)):
                call.fail(Busy(f"{self._limits.max_requests} requests wait already: try again later"))
        self._requests.clear()

    # --- guests ---

    def wait_for(self, pending: Pending) -> None:
        """On a caller's thread: read until its answer has come, if the turn is free."""
        try:
            self._read_for(pending)
        except BaseException:  # Ctrl-C, at any line
            self._turn.abandon()
            raise

    def _read_for(self, pending: Pending) -> None:
        now = time.monotonic()
        self._callers_quick = now - self._answered < QUICK_S
        latest = pending.deadline - self._limits.tick_s
        if now > latest or not self._turn.take():
            return
        done = False
        try:
            while not self._reason and not pending.is_done() and now < latest:
                self._read_piece()
                self._hand_out()
                now = time.monotonic()
            done = pending.is_done()
        finally:
            again = done and not self._reason and self._callers_quick and self._is_calm()
            self._turn.leave(at_once=not again or self._connection.awaits_answers())

    def _work(self, call: Call, handler: Callable[[], Any]) -> None:
        """On a worker: run a handler; then read on, as long as handlers are quick."""
        request: Request | None = (call, handler)
        while request is not None:
            began = time.monotonic()
            call, handler = request
            call.run(handler)
            self._handlers_quick = time.monotonic() - began < QUICK_S
            request = None
            if self._handlers_quick and not self._pool.is_behind() and self._turn.take():
                request = self._next_request()

    def _next_request(self) -> Request | None:
        """On a worker that has the turn: read until a request comes; None if it does not."""
        request = None
        try:
            while request is None and not self._reason and self._is_calm() and self._read_piece():
                if self._requests:
                    request = self._requests.pop(0)
                    self._hand_out()
        finally:
            self._turn.leave(at_once=request is None or not self._is_calm())
        return request

    # --- whoever has the turn ---

    def _read_piece(self) -> bool:
        """Read once, and do all that needs no user code; False if nothing came in time, or at the end."""
        data: bytes | None = None
        try:
            data = self._channel.receive(self._limits.tick_s)
            if data:
                self._heard = time.monotonic()
                self._feed(data)
            elif data is not None:
                self._reason = "the peer closed the connection"
            if not data or self._heard >= self._next_tick:
                self._tick()
            if not self._connection.is_open() and not (data and self._heard < self._connection.reads_until):
                self._reason = self._connection.reason or "closed"
        except WireError as err:
            self._reason = f"it sent what is no message: {err}"
        except OSError as err:
            self._reason = text_of(err)
        except Exception:  # noqa: BLE001 - a fault of ours must end this connection only, and be known
            log.failure(f"[{self._connection.name}] reading failed")
            self._reason = "reading failed"
        except BaseException:
            # KeyboardInterrupt, in a caller. It does no harm while that waits, but what was read is lost.
            if data is not None:
                self._reason = "a caller was interrupted while it read"
            raise
        return bool(data)

    def _feed(self, data: bytes) -> None:
        fault: WireError | None = None
        try:
            messages: list[Message] = self.decoder.feed(data)
        except WireError as err:
            fault, messages = err, err.before
        self._connection.handle(messages)
        if fault is not None:
            raise fault

    def _tick(self) -> None:
        """Expire calls, ping a silent peer, give up a dead one."""
        now = time.monotonic()
        self._next_tick = now + self._limits.tick_s
        self._connection.expire_calls(now)
        log.repeated.tell()
        limits = self._limits
        if self._connection.refusal is not None and now - self._since > limits.handshake_s:
            self._reason = f"it did not authorize within {limits.handshake_s:g} s"
        # A peer that we cannot ping (pysig) is left to TCP's own keep-alive.
        if self._connection.outbox.pipelined:
            if now - self._heard > limits.dead_s:
                self._reason = f"nothing was heard of it for {limits.dead_s:g} s"
            elif now - max(self._heard, self._pinged) > limits.ping_s:
                self._pinged = now
                self._connection.start_call("ping", {})
