"""One connection between two routers: calls in both directions, over one channel.

Threads: the reader is the connection's own thread; others may read in its place (see `reader`). Who reads
parses, completes calls that wait for an answer, does what needs no user code at once, and queues the rest:
signals for the dispatcher, in order, and requests for the pool. When the connection ends, by whatever cause,
the reader fails the calls that wait, joins the connection's other threads and frees the channel; whoever
called `start` joins the reader.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from sig import log
from sig.errors import (
    STATUS_NO_METHOD,
    STATUS_NO_NAME,
    BadParams,
    Busy,
    NotConnected,
    RequestError,
    RequestTimeout,
    UnknownMethod,
    text_of,
    to_wire,
)
from sig.limits import Limits
from sig.net.arrivals import Arrivals
from sig.net.calls import LATER, Call, Method, Pending
from sig.net.channel import Channel
from sig.net.dispatch import Dispatcher, Pool, runs_for
from sig.net.outbox import Outbox
from sig.net.reader import Reader
from sig.net.sendmode import holding
from sig.net.sendorder import Kind
from sig.wire import Codec, Message


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
        self.origin = channel.origin
        # What a peer is told that may not come in (yet); None for one that may.
        self.refusal: RequestError | None = None
        self.methods = self.own_methods()
        self.outbox = Outbox(channel, limits, name, self.close, self.throw_out, self._stop_sending)
        self.owns_dispatcher = dispatcher is None
        self.dispatcher = dispatcher or Dispatcher(f"{name}-dispatcher", limits.max_jobs, self)
        self.pool = Pool(f"{name}-worker", limits.workers, limits.max_requests, self)
        # Set when it is decided that the connection ends.
        self.closing = threading.Event()
        # Set once the connection has ended, and its waiting calls have failed.
        self.lost = threading.Event()
        self.reason = ""
        # While it is closed, what comes is read until then, as the peer has gone first.
        self.reads_until = 0.0
        # Called on the reader at the end, with the number of signals that were not sent.
        self.on_unsent: Callable[[int], None] = lambda _signals: None
        # Called on the reader: when the connection is lost, and when the last of its threads has ended.
        self.on_lost: Callable[[], None] = lambda: None
        self.on_finished: Callable[[], None] = lambda: None
        # The router's: called once, on the reader, with the peer's first words, before they are handled.
        self.on_first: Callable[[], None] | None = None
        # The carrier's: the peer has shown that it may come in; False if there is no room for it.
        self.on_known: Callable[[], bool] = lambda: True
        self._channel = channel
        self._closed = False
        self._thrown_out = False
        # Whether its coming and going is worth a line of the log: not if anybody can have it written.
        self._is_stranger = False
        self._ids = count(1)
        self._pending: dict[int, Pending] = {}
        self.arrivals = Arrivals(self.dispatcher, limits.max_jobs, self._report)
        self.reader = Reader(self, channel, self.pool, self._end)

    def own_methods(self) -> dict[str, Method]:
        """What the peer may call that concerns the connection itself."""
        return {"ping": lambda _params, _call: None, "credit": self._credit}

    def start(self) -> None:
        """Begin to read."""
        self.reader.start()

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
        try:
            self._channel.shutdown()
        except Exception:  # noqa: BLE001 - a carrier's; whoever ends a connection has more to do
            log.failure(f"[{self.name}] the channel could not be shut down")

    def leave(self, reason: str, timeout_s: float, most_s: float = 0.0) -> None:
        """`close` once what is queued is sent, or time is up, as `drain` says."""
        self.outbox.drain(timeout_s, most_s)
        self.finish(reason)
        self.wait_finished(timeout_s)
        self.close(reason)

    def finish(self, reason: str) -> None:
        """Send nothing any more, and go on to read until the peer ends it too, for `Limits.drain_s` at most.

        Were it closed at once, with something of the peer's unread, the system would break it off, and the
        peer lose what it has not read yet.
        """
        self._stop_sending(reason)
        try:
            self._channel.finish()
        except Exception:  # noqa: BLE001 - as in `close`
            log.failure(f"[{self.name}] the channel could not be finished")

    def drain(self, timeout_s: float, most_s: float = 0.0) -> None:
        """Wait until what is queued is sent, and log it if it is not by then; see `Outbox.drain`."""
        if not self.outbox.drain(timeout_s, most_s):
            log.get().warning(f"[{self.name}] {self.address} does not take what waits to be sent to it")

    def wait_finished(self, timeout_s: float) -> None:
        """After `finish`: wait for a peer of ours to end it. Another may not do so by itself."""
        if self.outbox.pipelined:
            self.lost.wait(timeout_s)

    def _stop_sending(self, reason: str) -> None:
        """`close`, but for what the peer has sent before it went, which is read yet."""
        if not self._closed:
            self.reads_until = time.monotonic() + self.limits.drain_s
        if not self.reason:
            self.reason = reason
        self._closed = True
        self.closing.set()
        self.outbox.close()

    def throw_out(self, reason: str) -> None:
        """`close`, as the peer does not keep to what is asked of it: the log warns of that."""
        self._thrown_out = self._thrown_out or not self._closed
        self.close(reason)

    def abort(self, reason: str) -> None:
        """End one that could not be started: what its reader would do at the end."""
        self._end(reason)

    def join(self, timeout_s: float) -> bool:
        """Wait for all its threads to end, after `close`; False if user code still runs on one.

        On one of those threads itself it does not wait.
        """
        if runs_for(self) or threading.current_thread() is self.reader.thread:
            return False
        self.reader.thread.join(timeout_s)
        return not self.reader.thread.is_alive()

    def take_for_stranger(self, refusal: RequestError | None) -> None:
        """Nobody knows the peer yet. `refusal`: what it is told to all but `methods`, until `let_in`; its
        messages have to be small."""
        self._is_stranger = True
        self.refusal = refusal
        if refusal is not None:
            self.reader.decoder.max_bytes = self.limits.max_message_unauthorized

    def let_in(self) -> None:
        """The peer has shown that it may: treat it as any other from now on. Busy if there is no room."""
        if not self.on_known():
            raise Busy("as many clients as may be are connected to this server: try again later")
        self._is_stranger = False
        self.refusal = None
        self.reader.decoder.max_bytes = self.limits.max_message
        log.get().info(f"[{self.name}] connection from {self.address}")

    def pipeline(self, window: Any) -> None:
        """The peer is one of ours: that many signals may be on their way, or ours if that is fewer."""
        if not isinstance(window, int) or window < 1:
            window = 1
        window = min(window, self.limits.window)
        self.arrivals.pace(window)
        self.outbox.pipeline(window)

    # --- calls and signals to the peer ---

    def call(self, method: str, params: Message, timeout_s: float | None = None) -> Any:
        """Call the peer and wait for its answer; raises what `Pending.wait` raises."""
        pending = self.start_call(method, params, timeout_s)
        self.reader.wait_for(pending)
        return pending.wait()

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
        pending = Pending(call_id, method, timeout_s, done, self._give_up)
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

    def reply(self, call_id: Any, answer: Message, in_order: bool = False) -> None:
        """Answer a call of the peer; `in_order`: not before signals that wait, where there may be many."""
        if call_id is None:
            return
        try:
            data = self.codec.pack({"id": call_id, **answer})
            self._check_size(data)
        except Exception as err:  # noqa: BLE001 - of a codec's, or of what the answer is made of: whatever it is
            told = to_wire(BadParams(f"the answer cannot be sent: {text_of(err)}"))
            data = self.codec.pack({"id": call_id, **told})
        in_order = in_order and self.outbox.pipelined
        self.outbox.post(data, Kind.CALL_IN_ORDER if in_order else Kind.REPLY)

    # --- what the peer sends, handled by whoever reads ---

    def handle(self, messages: list[Message]) -> None:
        """Do what a piece of input asks for, or queue it where user code is to run."""
        if self.on_first is not None and messages:
            on_first, self.on_first = self.on_first, None
            on_first()
        if len(messages) == 1 and messages[0].get("method") != "signal":
            self._handle(messages[0])
        else:
            self._handle_many(messages)
        if not self.arrivals.post():
            self.throw_out(f"more than {self.limits.max_jobs} signals wait: it does not keep to the window")

    def _handle_many(self, messages: list[Message]) -> None:
        """What they lead to is sent together, when all are done."""
        with holding():
            for message in messages:
                if message.get("method") == "signal" and "id" not in message:
                    self.reader.note_signal()
                    self.arrivals.take(message.get("params"))
                else:
                    self._handle(message)
            self.arrivals.finish()

    def _report(self, signals: int) -> None:
        """Let the peer know that so many of its signals are worked off."""
        message = {"method": "credit", "params": {"signals": signals}}
        self.outbox.post(self.codec.pack(message), Kind.REPLY)

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
        if name == "signal" and self.arrivals.sort is not None:
            self.reader.note_signal()
            method = self.arrivals.take_answered
        params = message.get("params")
        try:
            if method is not None and (params is None or isinstance(params, dict)):
                value = method(params or {}, call)
                if value is not LATER:
                    call.reply(value)
            elif self.refusal is not None:
                call.fail(self.refusal)
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
            if pending.has_caller():
                self.reader.note_answer()
            pending.complete(answer)

    def _give_up(self, pending: Pending) -> None:
        """Time is up for that call; an answer that comes later is dropped."""
        answer = to_wire(RequestTimeout(f"no answer to '{pending.what}' to {self.address} in time"))
        self._answer(pending.call_id, answer, given_up=True)
        # It may be on record no more, where who took it off was interrupted.
        pending.complete(answer)

    def awaits_answers(self) -> bool:
        """Whether calls of ours are on their way."""
        return bool(self._pending)

    def expire_calls(self, now: float) -> None:
        """Give up those whose time is up."""
        for pending in list(self._pending.values()):
            if pending.deadline < now:
                self._give_up(pending)

    # --- the end, on the reader's thread ---

    def _end(self, reason: str) -> None:
        """All of it, whatever a step raises: somebody waits for `lost`, and a descriptor for its close."""
        self.close(reason)
        answer = to_wire(NotConnected(f"the connection to {self.address} ended: {self.reason}"))
        steps: list[Callable[[], object]] = [
            *(partial(self._answer, call_id, answer) for call_id in list(self._pending)),
            self._tell_end,
            lambda: self.on_unsent(self.outbox.lost),
            self.on_lost,
            self.lost.set,
            self.pool.close,
        ]
        if self.owns_dispatcher:
            steps += [self.dispatcher.close, partial(self.dispatcher.join, threading.TIMEOUT_MAX)]
        steps += [
            partial(self.pool.join, threading.TIMEOUT_MAX),
            partial(self.outbox.join, threading.TIMEOUT_MAX),
            self._channel.close,
            lambda: self.on_finished(),
        ]
        for step in steps:
            try:
                step()
            except Exception:  # noqa: BLE001 - as above
                log.failure(f"[{self.name}] a step of its end failed")

    def _tell_end(self) -> None:
        lost = f"; {self.outbox.lost} signals were not sent" if self.outbox.lost else ""
        if self._thrown_out:
            text = f"[{self.name}] {self.address} is disconnected: {self.reason}{lost}"
            log.repeated.note("thrown out", text, self.origin)
            return
        text = f"[{self.name}] disconnected from {self.address}: {self.reason}{lost}"
        (log.get().debug if self._is_stranger else log.get().info)(text)
