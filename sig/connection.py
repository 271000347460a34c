"""One connection between two routers: calls in both directions, over one channel.

Threads: the reader is the connection's own thread. It parses, completes calls that wait for an answer, does
what needs no user code at once, and queues the rest: signals for the dispatcher, in order, and requests
for the pool. When the connection ends, by whatever cause, the reader fails the calls that wait, joins
the connection's other threads and frees the channel; whoever called `start` joins the reader.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from sig import log
from sig.calls import LATER, Call, Method, Pending
from sig.carrier.base import Channel
from sig.dispatch import Dispatcher, Job, Pool, runs_for
from sig.errors import (
    STATUS_NO_METHOD,
    STATUS_NO_NAME,
    BadParams,
    Busy,
    NotConnected,
    RequestTimeout,
    Unauthorized,
    UnknownMethod,
    to_wire,
)
from sig.limits import Limits
from sig.outbox import Outbox, holding
from sig.sendorder import Kind
from sig.wire import Codec, Message, WireError

# How often, within a window of signals, the peer is told what was worked off.
REPORTS_PER_WINDOW = 8


class Connection:
    """See the top of this file. Made by a router for a carrier's channel; does nothing before `start`."""

    def __init__(
        self, channel: Channel, codec: Codec, limits: Limits, name: str, dispatcher: Dispatcher | None = None
    ) -> None:
        """`dispatcher`: one that outlives the connection; without it the connection has its own."""
        self.limits = limits
        self.codec = codec
        self.name = name
        self.address = channel.address
        self.authorized = True
        self.methods = self.own_methods()
        self.outbox = Outbox(channel, limits, name, self.close)
        self.owns_dispatcher = dispatcher is None
        self.dispatcher = dispatcher or Dispatcher(f"{name}-dispatcher", limits.max_jobs, self)
        self.pool = Pool(f"{name}-worker", limits.workers, limits.max_requests, self)
        # Set when it is decided that the connection ends.
        self.closing = threading.Event()
        # Set once the connection has ended, and its waiting calls have failed.
        self.lost = threading.Event()
        self.reason = ""
        # Called on the reader: when the connection is lost, and when the last of its threads has ended.
        self.on_lost: Callable[[], None] = lambda: None
        self.on_finished: Callable[[], None] = lambda: None
        self._channel = channel
        self._closed = False
        self._ids = count(1)
        self._pending: dict[int, Pending] = {}
        # Set by the router: takes the params of a `signal` of the peer, returns what the dispatcher is to do
        # about it, if anything; and what to do when all messages of a piece of input are handled. They run
        # on the reader, so they must not run user code.
        self.sort_signal: Callable[[Message], Job | None] | None = None
        self.after_input: Callable[[], None] = lambda: None
        # Signals received, but not reported as worked off; and how many to report at once.
        self._unreported = 0
        self._report_every = 0
        # What a piece of input has brought for the dispatcher. Used by the reader only.
        self._arrived: list[Job] = []
        self._decoder = codec.decoder(limits.max_message)
        self._reader = threading.Thread(target=self._run, name=f"{name}-reader", daemon=True)
        self._since = self._heard = self._pinged = self._next_tick = 0.0

    def own_methods(self) -> dict[str, Method]:
        """What the peer may call that concerns the connection itself."""
        return {"ping": lambda _params, _call: None, "credit": self._credit}

    def start(self) -> None:
        """Begin to read."""
        self._since = self._heard = self._pinged = self._next_tick = time.monotonic()
        self._reader.start()

    def is_open(self) -> bool:
        """Whether it has not been closed, by either side."""
        return not self._closed

    def close(self, reason: str) -> None:
        """End the connection, from any thread; what is queued is not sent. Does not wait."""
        if not self.reason:
            self.reason = reason
        self._closed = True
        self.closing.set()
        self.outbox.close()
        self._channel.shutdown()

    def join(self, timeout_s: float) -> bool:
        """Wait for all its threads to end, after `close`; False if user code still runs on one.

        On one of those threads itself it does not wait.
        """
        if runs_for(self) or threading.current_thread() is self._reader:
            return False
        self._reader.join(timeout_s)
        return not self._reader.is_alive()

    def limit_until_authorized(self) -> None:
        """Take small messages only, until `authorize`."""
        self.authorized = False
        self._decoder.max_bytes = self.limits.max_message_unauthorized

    def authorize(self) -> None:
        """The peer has shown its token: treat it as any other from now on."""
        self.authorized = True
        self._decoder.max_bytes = self.limits.max_message

    def pipeline(self, window: Any) -> None:
        """The peer is one of ours: that many signals may be on their way, or ours if that is fewer."""
        if not isinstance(window, int) or window < 1:
            window = 1
        window = min(window, self.limits.window)
        self._report_every = max(1, window // REPORTS_PER_WINDOW)
        self.outbox.pipeline(window)

    # --- calls and signals to the peer ---

    def call(self, method: str, params: Message, timeout_s: float | None = None) -> Any:
        """Call the peer and wait for its answer; raises what `Pending.wait` raises."""
        return self.start_call(method, params, timeout_s).wait()

    def start_call(
        self,
        method: str,
        params: Message,
        timeout_s: float | None = None,
        done: Callable[[Message], object] | None = None,
        kind: Kind = Kind.CALL,
    ) -> Pending:
        """Call the peer without waiting. `done(answer)` runs on the reader, and must not run user code.

        Whatever becomes of the call, it is answered: by the peer, when time is up, when the connection ends.
        Raises TypeError or ValueError if `params` cannot be written.
        """
        timeout_s = self.limits.timeout_s if timeout_s is None else min(timeout_s, self.limits.max_timeout_s)
        call_id = next(self._ids)
        data = self.codec.pack({"id": call_id, "method": method, "params": params})
        pending = Pending(call_id, f"'{method}' to {self.address}", timeout_s, done, self._give_up)
        self._check_size(data)
        if len(self._pending) >= self.limits.max_pending:
            pending.complete(to_wire(Busy(f"{len(self._pending)} calls to {self.address} wait already")))
            return pending
        self._pending[call_id] = pending
        if not self.outbox.post(data, kind, call_id) or self._closed:
            self._answer(call_id, to_wire(NotConnected(f"{self.address} is not connected: {self.reason}")))
        return pending

    def signal(self, event: Any, listener_id: int) -> None:
        """Send an event, packed by the codec's `pack_event`, to the peer's listener. Does not wait."""
        call_id = self._signal_id()
        self._post_signal(self.codec.pack_signal(event, listener_id, call_id), call_id)

    def send_signals(self, signals: list[bytes]) -> bool:
        """Send packed ones to a pipelined peer; True if its queue is crowded now. Does not wait."""
        if max(map(len, signals)) > self.limits.max_message:
            signals = [each for each in signals if len(each) <= self.limits.max_message]
            log.get().warning(
                f"[{self.name}] signals larger than {self.limits.max_message} bytes are dropped"
            )
        return self.outbox.post_signals(signals)

    def signal_to_server(self, info: dict[str, Any], data: Any) -> bool:
        """Send an event of a sender of ours, waiting a while if the queue is full; False if that did not do.

        Raises TypeError or ValueError if `data` cannot be written.
        """
        call_id = self._signal_id()
        message: Message = {"method": "signal", "params": {"info": info, "data": data}}
        if call_id is not None:
            message["id"] = call_id
        packed = self.codec.pack(message)
        return self.outbox.wait_for_room() and self._post_signal(packed, call_id)

    def _signal_id(self) -> int | None:
        """A signal's id: our own peers report what they worked off, others answer each signal."""
        if self.outbox.pipelined:
            return None
        call_id = next(self._ids)
        self._pending[call_id] = Pending(call_id, "signal", self.limits.timeout_s, None, self._give_up)
        return call_id

    def _post_signal(self, packed: bytes, call_id: int | None) -> bool:
        try:
            self._check_size(packed)
        except ValueError as err:
            log.get().warning(f"[{self.name}] a signal is dropped: {err}")
            if call_id is not None:
                self._pending.pop(call_id, None)
            return False
        return self.outbox.post(packed, Kind.SIGNAL, call_id)

    def _check_size(self, data: bytes) -> None:
        most = self.limits.max_message if self.outbox.pipelined else self.limits.plain_max_message
        if len(data) > most:
            raise BadParams(f"a message of {len(data)} bytes is larger than {self.address} takes ({most})")

    def reply(self, call_id: Any, answer: Message) -> None:
        """Answer a call of the peer."""
        if call_id is None:
            return
        try:
            data = self.codec.pack({"id": call_id, **answer})
            self._check_size(data)
        except (TypeError, ValueError, RecursionError) as err:
            data = self.codec.pack({"id": call_id, **to_wire(BadParams(f"the answer cannot be sent: {err}"))})
        self.outbox.post(data, Kind.REPLY)

    # --- what the peer sends ---

    def run_in_order(self, job: Job) -> None:
        """Have the dispatcher run `job` after all that came before it. Called on the reader."""
        self._arrived.append(job)

    def is_worked_off(self) -> bool:
        """Whether the dispatcher has done all that the peer's messages so far have led to. On the reader."""
        return not self._arrived and self.dispatcher.is_idle()

    def _take_signal(self, params: Any) -> None:
        """A signal without an id: one of our own peers sent it, and wants to know when it is worked off."""
        sort = self.sort_signal
        if sort is None:
            return
        try:
            job = sort(params)
            if job is not None:
                self._arrived.append(job)
        except Exception as err:  # noqa: BLE001 - whatever is wrong with it concerns the peer alone
            log.get().debug(f"[{self.name}] a signal is dropped: {err}")
        self._unreported += 1
        if self._unreported >= self._report_every > 0:
            report = partial(self._report, self._unreported)
            self._unreported = 0
            if self.is_worked_off():
                report()
            else:
                self._arrived.append(report)

    def _report(self, signals: int) -> None:
        """Let the peer know that so many of its signals are worked off."""
        message = {"method": "credit", "params": {"signals": signals}}
        self.outbox.post(self.codec.pack(message), Kind.REPLY)

    def _take_answered_signal(self, params: Message, call: Call) -> Any:
        """A signal that is to be answered.

        On receipt; but while there are many jobs only when it is worked off: that is what keeps a peer that
        waits for each answer from sending more than we can take.
        """
        assert self.sort_signal is not None
        job = self.sort_signal(params)
        if self.dispatcher.waiting() + len(self._arrived) < self.limits.max_jobs // 2:
            call.reply(None)
        else:
            job = partial(_run_and_reply, job, call)
        if job is not None:
            self._arrived.append(job)
        return LATER

    def run_request(self, handler: Callable[[], Any], call: Call) -> None:
        """Have the pool run a request's handler and answer with what it returns or raises."""
        if not self.pool.post(partial(call.run, handler)):
            call.fail(Busy(f"{self.limits.max_requests} requests wait already: try again later"))

    def _credit(self, params: Message, _call: Call) -> None:
        signals = params.get("signals")
        if not isinstance(signals, int) or signals < 0:
            raise BadParams(f"signals: expected a count, got {signals!r}")
        self.outbox.grant(signals)

    def _handle(self, message: Message) -> None:
        if "status" in message:
            call_id = message.get("id")
            if isinstance(call_id, int):
                self._answer(call_id, message)
            return
        call = Call(self, message.get("id"))
        if not self.outbox.pipelined and message.get("id") is not None:
            self.outbox.heard_call()
        name = message.get("method")
        method = self.methods.get(name) if isinstance(name, str) else None
        if name == "signal" and self.sort_signal is not None:
            method = self._take_answered_signal
        params = message.get("params")
        try:
            if method is not None and (params is None or isinstance(params, dict)):
                value = method(params or {}, call)
                if value is not LATER:
                    call.reply(value)
            elif not self.authorized:
                call.fail(Unauthorized('this server wants a token first: call auth with {"token": …}'))
            elif name is None:
                call.fail(BadParams("a call needs a method"), STATUS_NO_NAME)
            elif method is None:
                call.fail(UnknownMethod(f"there is no method {name!r:.100}"), STATUS_NO_METHOD)
            else:
                call.fail(BadParams(f"params: expected an object, got {type(params).__name__}"))
        except Exception as err:  # noqa: BLE001 - whatever a peer's message leads to is the peer's to know
            call.fail(err)

    def _answer(self, call_id: int, answer: Message, given_up: bool = False) -> None:
        pending = self._pending.pop(call_id, None)
        if not self.outbox.pipelined:
            self.outbox.answered(call_id, given_up)
        if pending is not None:
            pending.complete(answer)

    def _give_up(self, pending: Pending) -> None:
        """Time is up for that call; an answer that comes later is dropped."""
        answer = to_wire(RequestTimeout(f"no answer to {pending.what} in time"))
        self._answer(pending.call_id, answer, given_up=True)

    # --- the reader thread ---

    def _run(self) -> None:
        try:
            reason = self._read()
        except Exception:  # noqa: BLE001 - a fault of ours must end this connection only, and be known
            log.failure(f"[{self.name}] the reader failed")
            reason = "the reader failed"
        self.close(reason)
        for call_id in list(self._pending):
            text = f"the connection to {self.address} ended: {self.reason}"
            self._answer(call_id, to_wire(NotConnected(text)))
        log.get().info(f"[{self.name}] disconnected from {self.address}: {self.reason}")
        self.on_lost()
        self.lost.set()
        self.pool.close()
        if self.owns_dispatcher:
            self.dispatcher.close()
            self.dispatcher.join(threading.TIMEOUT_MAX)
        self.pool.join(threading.TIMEOUT_MAX)
        self.outbox.join(threading.TIMEOUT_MAX)
        self._channel.close()
        self.on_finished()

    def _read(self) -> str:
        """Read until the connection ends; returns why."""
        try:
            self._channel.prepare(self.limits.handshake_s)
            while not self._closed:
                data = self._channel.receive(self.limits.tick_s)
                if data == b"":
                    return "the peer closed the connection"
                if data:
                    self._heard = time.monotonic()
                    self._feed(data)
                reason = self._tick()
                if reason:
                    return reason
        except WireError as err:
            return f"it sent what is no message: {err}"
        except OSError as err:
            return f"{err}"
        return self.reason

    def _feed(self, data: bytes) -> None:
        fault: WireError | None = None
        try:
            messages = self._decoder.feed(data)
        except WireError as err:
            fault, messages = err, err.before
        with holding():
            for message in messages:
                if message.get("method") == "signal" and "id" not in message:
                    self._take_signal(message.get("params"))
                else:
                    self._handle(message)
            self.after_input()
        if self._arrived:
            # all at once: a hand-over between threads costs more than most jobs
            if not self.dispatcher.post(*self._arrived):
                self.close(f"more than {self.limits.max_jobs} signals wait: it does not keep to the window")
            self._arrived.clear()
        if fault is not None:
            raise fault

    def _tick(self) -> str:
        """Expire calls, ping a silent peer; returns why the peer is given up, or ""."""
        now = time.monotonic()
        if now < self._next_tick:
            return ""
        self._next_tick = now + self.limits.tick_s
        for pending in list(self._pending.values()):
            if pending.deadline < now:
                self._give_up(pending)
        if not self.authorized and now - self._since > self.limits.handshake_s:
            return f"it did not authorize within {self.limits.handshake_s:g} s"
        # A peer that we cannot ping (pysig) is left to TCP's own keep-alive.
        if self.outbox.pipelined:
            if now - self._heard > self.limits.dead_s:
                return f"nothing was heard of it for {self.limits.dead_s:g} s"
            if now - max(self._heard, self._pinged) > self.limits.ping_s:
                self._pinged = now
                self.start_call("ping", {})
        return ""


def _run_and_reply(job: Job | None, call: Call) -> None:
    try:
        if job is not None:
            job()
    finally:
        call.reply(None)
