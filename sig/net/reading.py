"""Who reads one connection: its reader's thread, and the guests who read in its place.

Who reads parses, completes calls that wait for an answer, does what needs no user code at once, and queues
the rest: signals for the dispatcher, in order, and requests for the pool. It runs no user code.

Strategy: to hand something over to another thread costs two wake-ups (its own, and its wait for the
interpreter), more than all else that a request needs. So in a run of requests nobody hands over: the caller
who waits for an answer reads the connection itself, and a worker that has run a handler goes on to read the
next request. Both are guests; the reader lends them its turn.

Rules:
 - Who has the turn reads, and nobody else. A worker leaves the turn before it runs a handler, and a caller
   never runs one.
 - While the turn is lent, the reader stands by. It takes the turn back at once if the guest who leaves it
   says so, and else once it has been free for FREE_S, or twice that at most.
 - So the turn is left free only where somebody is about to take it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from sig import log
from sig.errors import Busy, text_of
from sig.net.core import Called, Event, Life, Signals
from sig.net.dispatch import Job, Pool
from sig.net.pending import Call, Pending
from sig.net.sendorder import Kind
from sig.net.writing import Writing, holding, mode

# How long the turn may be free: as long as a hand-over takes, on a busy machine.
FREE_S = 0.001
# So soon a caller has to call again, and a handler to be done, for the turn to stay free meanwhile.
QUICK_S = 0.0005
# Who has sent a signal lately may send another, which the turn must not be free for.
CALM_S = 0.01

NOBODY = 0
# Whichever thread that will be.
READER = -1

Request = tuple[Call, Callable[[], Any]]


class Turn:
    """Whose turn it is to read. Made by its reader, who has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # What the reader waits for: released, rather than a condition, which costs it ten calls.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._owner = READER
        self._recalled = False
        self._changes = 0
        self.asleep = False
        """Whether the reader waits without a limit, as a guest has been reading for long."""

    def take(self) -> bool:
        """On a guest's thread: have it, if it is free. Does not wait."""
        with self._lock:
            if self._owner != NOBODY:
                return False
            self._changes += 1
            self._owner = threading.get_ident()
            return True

    def leave(self, at_once: bool) -> None:
        """On a guest's thread: have it no more, if it had it. `at_once`: nobody is about to take it."""
        with self._lock:
            if self._owner not in (NOBODY, threading.get_ident()):
                return
            self._owner = NOBODY
            self._changes += 1
            self._recalled = at_once
            if (at_once or self.asleep) and self._bell.locked():
                self._bell.release()

    def lend(self) -> None:
        """On the reader, which has it: let guests have it; returns when the reader has it again."""
        with self._lock:
            self._bell.acquire(blocking=False)
            self._owner = NOBODY
            self._recalled = False
            seen = self._changes
        while True:
            self._bell.acquire(timeout=-1 if self.asleep else FREE_S)
            with self._lock:
                is_free = self._owner == NOBODY
                if is_free and (self._recalled or self._changes == seen):
                    self.asleep = False
                    self._owner = READER
                    return
                self.asleep = not is_free and self._changes == seen
                seen = self._changes


class Handler(Protocol):
    """What is done about what is read; runs no user code."""

    jobs: list[Job]
    """What this has left for the dispatcher."""

    def signals(self, signals: Signals) -> None:
        """Signals of one of our own peers."""

    def called(self, called: Called) -> None:
        """The peer calls."""

    def finish_piece(self) -> None:
        """That was all of a piece of input: hand over `jobs`, and see that signals are reported."""


class Reading:
    """The receiving half of one connection; see the top of this file."""

    def __init__(self, writing: Writing, pool: Pool, handler: Handler, ended: Callable[[str], None]) -> None:
        """`ended(reason)` is called, twice, on the reader's thread, when there is no more to read."""
        self.thread = threading.Thread(target=self._run, name=f"{writing.name}-reader", daemon=True)
        self._writing = writing
        self._core, self._channel, self._limits = writing.core, writing.channel, writing.limits
        self._name = writing.name
        self._pool = pool
        self._handler = handler
        self._ended = ended
        self._reason = ""
        # Requests that the last piece of input has brought: the call, and what it runs.
        self._requests: list[Request] = []
        # Whether handlers have been quick, and callers have called again at once, of late; see `_may_lend`.
        self._handlers_quick = False
        self._callers_quick = False
        self._answered = self._signalled = self._next_tick = 0.0
        self._turn = Turn()

    def queue_request(self, call: Call, handler: Callable[[], Any]) -> None:
        """Have a request's handler run once the piece of input is read. By whoever reads."""
        self._requests.append((call, handler))

    # --- the reader's own thread ---

    def _run(self) -> None:
        try:
            try:
                self._read()
            finally:
                self._ended(self._reason or "the reader failed")
        finally:
            # Nobody would learn of the end otherwise: it goes on where a fault has stopped it.
            self._ended(self._reason or "the reader failed")

    def _read(self) -> None:
        try:
            self._channel.prepare(self._limits.handshake_s)
            while not self._reason:
                before = self._answered
                self._read_piece()
                if self._requests or self._answered != before:
                    lend = self._may_lend()
                    self._hand_out()
                    if lend:
                        self._turn.lend()
        except OSError as err:
            self._reason = self._reason or text_of(err)
        except BaseException:  # noqa: BLE001 - as in `_read_piece`
            log.failure(f"[{self._name}] the reader failed")

    def _may_lend(self) -> bool:
        """Whether somebody is about to take the turn: a worker, or a caller who was answered."""
        if self._reason or not self._is_calm():
            return False
        if self._requests:
            return self._handlers_quick and len(self._requests) == 1
        return self._callers_quick and not self._core.pending

    def _hand_out(self) -> None:
        try:
            for call, handler in self._requests:
                if not self._pool.post(partial(self._work, (call, handler))):
                    call.fail(Busy(f"{self._limits.max_requests} requests wait already: try again later"))
            self._requests.clear()
        except BaseException:
            # Ctrl-C, in a caller: how many are handed out nobody knows, and none may be run twice.
            self._requests = []
            self._reason = "handing out requests was interrupted"
            raise

    # --- guests ---

    def wait_for(self, pending: Pending) -> None:
        """On a caller's thread: read until its answer has come, if the turn is free."""
        try:
            now = time.monotonic()
            self._callers_quick = now - self._answered < QUICK_S
            latest = pending.deadline - self._limits.tick_s
            if not pending.is_sent or now > latest or not self._turn.take():
                return
            while pending.answer is None and not self._reason and now < latest:
                self._read_piece()
                if self._requests:
                    self._hand_out()
                now = time.monotonic()
            self._turn.leave(at_once=pending.answer is None or not self._may_lend())
        except BaseException:  # Ctrl-C, at any line
            mode.held = None
            self._turn.leave(at_once=True)
            raise

    def _is_calm(self) -> bool:
        return self._core.heard - self._signalled > CALM_S

    def _work(self, request: Request | None) -> None:
        """On a worker: run a handler; then, as long as handlers are quick, read until the next request."""
        try:
            while request is not None:
                began = time.monotonic()
                call, handler = request
                call.run(handler)
                request = None
                self._handlers_quick = time.monotonic() - began < QUICK_S
                if not self._handlers_quick or self._pool.is_behind() or not self._turn.take():
                    return
                while request is None and not self._reason and self._is_calm() and self._read_piece():
                    if self._requests:
                        request = self._requests.pop(0)
                        self._hand_out()
                self._turn.leave(at_once=request is None or not self._is_calm())
        except BaseException:
            self._turn.leave(at_once=True)
            raise

    # --- whoever has the turn ---

    def _read_piece(self) -> bool:
        """Read once, and do all that needs no user code; False if nothing came in time, or at the end."""
        core = self._core
        data: bytes | None = None
        try:
            data = self._channel.receive(self._limits.tick_s)
            now = time.monotonic()
            if data:
                self._feed(data, now)
            elif data is not None:
                self._reason = "the peer closed the connection"
            if not data or now >= self._next_tick:
                self._tick(now)
            if not core.sends and not (data and core.life is Life.LEAVING and now < self._writing.until):
                self._reason = "closed"
        except OSError as err:
            self._reason = text_of(err)
        except Exception:  # noqa: BLE001 - a fault of ours must end this connection only, and be known
            log.failure(f"[{self._name}] reading failed")
            self._reason = "reading failed"
        except BaseException:
            # KeyboardInterrupt, in a caller. It does no harm while that waits, but what was read is lost.
            if data is not None:
                self._reason = "a caller was interrupted while it read"
            raise
        return bool(data)

    def _feed(self, data: bytes, now: float) -> None:
        core = self._core
        messages = core.decode(data)
        events: list[Event] = []
        try:
            if core.pipelined:
                events = core.sort(messages, now)
            else:
                with self._writing.lock:
                    events = core.sort(messages, now)
            if len(messages) == 1:
                self._handle(events, now)
            else:
                with holding():
                    self._handle(events, now)
        except BaseException:
            # Somebody waits for each answer: if what is done about one fails, no other may be lost.
            for event in events:
                if isinstance(event, tuple):
                    with suppress(Exception):
                        event[0].complete(event[1])
            raise
        if self._handler.jobs or core.unreported >= core.report_every:
            self._handler.finish_piece()
        if core.size and not core.pipelined:
            self._writing.flush()  # an answer, say, lets the next call go
        if core.fault:
            self._reason = core.fault

    def _handle(self, events: Sequence[Event], now: float) -> None:
        for event in events:
            if isinstance(event, tuple):
                waiter, answer = event
                if waiter.has_caller:
                    self._answered = now
                waiter.complete(answer)
            elif isinstance(event, list):
                self._signalled = now
                self._handler.signals(event)
            else:
                if event.get("method") == "signal":
                    self._signalled = now
                self._handler.called(event)

    def _tick(self, now: float) -> None:
        """What is to be done at a time: calls to be given up, a silent peer to be asked."""
        core = self._core
        with self._writing.lock:
            expired = core.expire(now)
            shall_ping = core.shall_ping(now)
            self._next_tick = min(now + self._limits.tick_s, core.next_deadline())
        if shall_ping:
            self._writing.post(Kind.CALL, *core.pack_call("ping", {}))
        self._handle(expired, now)
        log.repeated.tell()
        if core.size:
            self._writing.flush()
        self._reason = self._reason or core.fault
