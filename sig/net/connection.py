"""One connection between two routers: calls in both directions, over one channel.

Threads: the reader (`sig.net.reading`), the writer (`sig.net.writing`), and those that run user code: a
dispatcher and a pool of workers. When the connection ends, by whatever cause, the reader fails the calls that
wait, joins the other threads and frees the channel; whoever called `start` joins the reader. The protocol is
that of `sig.net.core`, guarded by one lock, which is never held while user code runs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from sig import log
from sig.errors import (
    STATUS_NO_METHOD,
    STATUS_NO_NAME,
    BadParams,
    Busy,
    NotConnected,
    RequestError,
    UnknownMethod,
    text_of,
    to_wire,
)
from sig.limits import Limits
from sig.net.channel import Channel
from sig.net.core import NEVER, OWN_METHODS, Called, Core, Life, Signals
from sig.net.dispatch import Dispatcher, Job, Pool, runs_for
from sig.net.pending import LATER, Call, Method, Pending
from sig.net.reading import Reading
from sig.net.sendorder import Kind
from sig.net.writing import Writing, wait_patiently
from sig.wire import Codec, Message

# What no message brings about, but the machine, or who ends a program: what was begun is not done.
INTERRUPTED = (MemoryError, OSError, SystemExit, KeyboardInterrupt)


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
        # What the peer may call. They run on the reader.
        self.methods: dict[str, Method] = {}
        # What a peer is told that may not come in (yet); None for one that may.
        self.refusal: RequestError | None = None
        # The router's: takes the params of a signal, and returns what the dispatcher is to do about it, if
        # anything; `at_once`: nothing that came before is left to be done. Without it, the peer may not
        # signal. And what is called after some of them. Neither runs user code.
        self.sort: Callable[[Any, bool], Job | None] | None = None
        self.on_sorted: Callable[[], None] = lambda: None
        # The router's: called once, on the reader, before the peer's first words are handled.
        self.on_first: Callable[[], None] | None = None
        # The carrier's: the peer has shown that it may come in; False if there is no room for it.
        self.on_known: Callable[[], bool] = lambda: True
        # On the reader, at the end: how many signals were not sent; it is lost; its last thread has ended.
        self.on_unsent: Callable[[int], None] = lambda _signals: None
        self.on_lost: Callable[[], None] = lambda: None
        self.on_finished: Callable[[], None] = lambda: None
        self._owns_dispatcher = dispatcher is None
        self.dispatcher = dispatcher or Dispatcher(f"{name}-dispatcher", limits.max_jobs, self)
        # What a piece of input has brought for the dispatcher so far.
        self.jobs: list[Job] = []
        # What is left to be done at its end, once that has begun.
        self._steps: deque[Callable[[], object]] | None = None
        # Whether its coming and going is worth a line of the log: not if anybody can have it written.
        self._is_stranger = False
        self._core = core = Core(codec, limits, time.monotonic(), channel.address)
        failed = partial(self.close, "a request may have been lost")
        self._pool = Pool(f"{name}-worker", limits.workers, limits.max_requests, self, failed)
        self.writing = Writing(core, channel, limits, name)
        self.reading = Reading(self.writing, self._pool, self, self._end)
        # Set when it is decided that the connection ends; and once it has, and its calls have failed.
        self.closing = self.writing.closing
        self.lost = threading.Event()

    # --- its life ---

    def start(self) -> None:
        """Begin to read."""
        self.reading.thread.start()

    def is_open(self) -> bool:
        """Whether it has not been closed, by either side."""
        return self._core.sends

    @property
    def pipelined(self) -> bool:
        """Whether the peer is one of ours, to whom any number of messages may be on their way."""
        return self._core.pipelined

    def close(self, reason: str) -> None:
        """End the connection, from any thread; what is queued is not sent. Does not wait."""
        self.writing.close(reason)

    def finish(self, reason: str) -> None:
        """Send nothing any more, and go on to read until the peer ends it too: see `Writing.finish`."""
        self.writing.finish(reason)

    def leave(self, reason: str, timeout_s: float, most_s: float = 0.0) -> None:
        """`close` once what is queued is sent, or time is up, as `drain` says."""
        self.writing.drain(timeout_s, most_s)
        self.finish(reason)
        self.wait_finished(timeout_s, most_s)
        self.close(reason)

    def drain(self, timeout_s: float, most_s: float = 0.0) -> None:
        """Wait until what is queued is sent, and log it if it is not by then; see `Writing.drain`."""
        if not self.writing.drain(timeout_s, most_s):
            log.get().warning(f"[{self.name}] {self.address} does not take what waits to be sent to it")

    def wait_finished(self, timeout_s: float, most_s: float = 0.0) -> None:
        """After `finish`: wait for a peer of ours to end it, as `drain` does for all to be sent: as long as
        something is heard of it. Another peer may not end it by itself."""
        if self.pipelined:
            wait_patiently(self.lost.wait, lambda: self._core.heard, timeout_s, most_s)

    def abort(self, reason: str) -> None:
        """End one that could not be started: what its reader would do at the end."""
        self._end(reason)

    def join(self, timeout_s: float) -> bool:
        """Wait for all its threads to end, after `close`; False if user code still runs on one.

        On one of those threads itself it does not wait.
        """
        reader = self.reading.thread
        if runs_for(self) or threading.current_thread() is reader:
            return False
        reader.join(timeout_s)
        return not reader.is_alive()

    # --- who the peer is ---

    def take_for_stranger(self, refusal: RequestError | None) -> None:
        """Nobody knows the peer yet. `refusal`: what it is told to all but `methods`, until `let_in`; its
        messages have to be small."""
        self._is_stranger = True
        self.refusal = refusal
        if refusal is not None:
            self._become(Life.STRANGER, self.limits.max_message_unauthorized)

    def let_in(self) -> None:
        """The peer has shown that it may: treat it as any other from now on. Busy if there is no room."""
        if not self.on_known():
            raise Busy("as many clients as may be are connected to this server: try again later")
        self._is_stranger = False
        self.refusal = None
        self._become(Life.KNOWN, self.limits.max_message)
        log.get().info(f"[{self.name}] connection from {self.address}")

    def _become(self, life: Life, most_bytes: int) -> None:
        with self.writing.lock:
            self._core.become(life)
            self._core.decoder.max_bytes = most_bytes

    def pipeline(self, window: Any) -> None:
        """The peer is one of ours: that many signals may be on their way, or ours if that is fewer."""
        if not isinstance(window, int) or window < 1:
            window = 1
        with self.writing.lock:
            self._core.pipeline(min(window, self.limits.window))

    # --- calls and signals to the peer ---

    def call(self, method: str, params: Message, timeout_s: float | None = None) -> Any:
        """Call the peer and wait for its answer; raises what `Pending.wait` raises."""
        return self.wait_for(self.start_call(method, params, timeout_s, gathered=True))

    def wait_for(self, pending: Pending) -> Any:
        """The response to a call that was started."""
        self.reading.wait_for(pending)
        return pending.wait(self.give_up)

    def start_call(
        self,
        method: str,
        params: Message,
        timeout_s: float | None = None,
        done: Callable[[Message], object] | None = None,
        kind: Kind = Kind.CALL,
        gathered: bool = False,
    ) -> Pending:
        """Call the peer without waiting. `done(answer)` runs on the reader, and must not run user code.

        Whatever becomes of the call, it is answered: by the peer, when time is up, when the connection ends.
        `gathered`: this thread is not about to post another message, which it could be sent with.
        Raises TypeError or ValueError if `params` cannot be written.
        """
        timeout_s = self.limits.timeout_s if timeout_s is None else min(timeout_s, self.limits.max_timeout_s)
        core = self._core
        unsent_s = 0.0 if core.pipelined else self.limits.timeout_s
        call_id, data = core.pack_call(method, params)
        pending = Pending(call_id, method, timeout_s, done, unsent_s)
        if len(core.pending) >= self.limits.max_pending:
            pending.complete(to_wire(Busy(f"{len(core.pending)} calls to {self.address} wait already")))
        elif not self.writing.post(kind, call_id, data, pending, gathered):
            error = NotConnected(f"{self.address} is not connected: {self.writing.reason}")
            pending.complete(to_wire(error))
        return pending

    def give_up(self, pending: Pending) -> None:
        """Wait for that answer no longer: time is up, or nobody wants it."""
        with self.writing.lock:
            given_up = self._core.give_up(pending.call_id, time.monotonic())
        for _, answer in given_up:
            pending.complete(answer)
        self.writing.flush()

    def signal(self, event: Any, listener_id: int) -> None:
        """Send an event, packed by the codec's `pack_event`, to the peer's listener. Does not wait."""
        try:
            call_id = None if self.pipelined else self._core.new_id()
            self._post_signal(self.codec.pack_signal(event, listener_id, call_id), call_id)
        except INTERRUPTED:  # whoever triggers only logs what a listener raises
            self.close("a signal was not sent")
            raise

    def signal_to_server(self, info: dict[str, Any], data: Any) -> bool:
        """Send an event of a sender of ours, waiting a while if the queue is full; False if that did not do.

        Raises TypeError or ValueError if `data` cannot be written.
        """
        message: Message = {"method": "signal", "params": {"info": info, "data": data}}
        call_id = None if self.pipelined else self._core.new_id()
        if call_id is not None:
            message["id"] = call_id
        packed = self.codec.pack(message)
        return self.writing.wait_for_room() and self._post_signal(packed, call_id)

    def _post_signal(self, packed: bytes, call_id: int | None) -> bool:
        """Our own peers report what they worked off; others answer each signal, which nobody waits for."""
        if len(packed) > self._core.most_bytes:
            log.get().warning(f"[{self.name}] a signal is dropped: {self._core.refusal(packed)}")
            return False
        waiter = None
        if call_id is not None:
            waiter = Pending(call_id, "signal", self.limits.timeout_s, lambda _answer: None, NEVER)
        return self.writing.post(Kind.SIGNAL, call_id, packed, waiter)

    def reply(self, call_id: Any, answer: Message, in_order: bool = False) -> None:
        """Answer a call of the peer; `in_order`: not before signals that wait, where there may be many."""
        if call_id is None:
            return
        try:
            try:
                data = self._core.pack({"id": call_id, **answer})
            except Exception as err:  # noqa: BLE001 - of a codec's, or of what the answer is made of
                told = to_wire(BadParams(f"the answer cannot be sent: {text_of(err)}"))
                data = self.codec.pack({"id": call_id, **told})
            kind = Kind.CALL_IN_ORDER if in_order and self.pipelined else Kind.REPLY
            self.writing.post(kind, None, data, None, True)
        except BaseException:  # the peer would wait for it in vain
            self.close("an answer was not sent")
            raise

    # --- what the peer sends, handled by whoever reads ---

    def add_job(self, job: Job) -> None:
        """Have the dispatcher run `job` after all that came before it."""
        self.jobs.append(job)

    def signals(self, signals: Signals) -> None:
        """Those of one of our own peers, which wants to know when they are worked off."""
        if self.sort is not None:
            at_once = not self.jobs and self.dispatcher.is_idle()
            for params in signals:
                try:
                    job = self.sort(params, at_once)
                except INTERRUPTED:  # it would be lost without a word
                    raise
                except Exception as err:  # noqa: BLE001 - whatever is wrong with it concerns the peer alone
                    log.get().debug(f"a signal is dropped: {text_of(err)}")
                    continue
                if job is not None:
                    self.jobs.append(job)
                    at_once = False
            self.on_sorted()

    def _report(self, signals: int) -> None:
        try:
            self.writing.post(Kind.REPLY, None, self._core.pack_done(signals))
        except BaseException:  # the peer's window would stay smaller
            self.close("a report was not sent")
            raise

    def called(self, called: Called) -> None:
        """A call, or a signal that is to be answered."""
        if self.on_first is not None:
            first, self.on_first = self.on_first, None
            first()
        name, params = called.get("method"), called.get("params")
        method = self.methods.get(name) if isinstance(name, str) else None
        if method is None and name in OWN_METHODS and self._serve(called):
            return
        call = Call(self.reply, called.get("id"))
        if name == "signal" and self.sort is not None:
            method = self._answered_signal
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

    def _serve(self, called: Called) -> bool:
        with self.writing.lock:
            answer = self._core.serve(called)
        if answer is None:
            return False
        self.reply(called.get("id"), answer)
        self.writing.flush()  # credit lets signals go
        return True

    def _answered_signal(self, params: Message, call: Call) -> Any:
        """A signal of a pysig, answered on receipt; but while there are many jobs only when it is worked off:
        that is what keeps a peer that waits for each answer from sending more than we can take."""
        assert self.sort is not None
        job = self.sort(params, not self.jobs and self.dispatcher.is_idle())
        if job is not None:
            self.jobs.append(job)
        self.on_sorted()
        if self.dispatcher.waiting() + len(self.jobs) < self.limits.max_jobs // 2:
            return None
        self.jobs.append(partial(call.reply, None))
        return LATER

    def finish_piece(self) -> None:
        """Hand over to the dispatcher what a piece of input has brought: at once, as a hand-over costs more
        than most jobs."""
        core = self._core
        if core.unreported >= core.report_every:
            report = partial(self._report, core.due())
            if not self.jobs and self.dispatcher.is_idle():
                report()
                return
            self.jobs.append(report)
        posted = self.dispatcher.post(*self.jobs)
        self.jobs.clear()
        if not posted:
            text = f"more than {self.limits.max_jobs} signals wait: it does not keep to the window"
            self.writing.close(text, thrown_out=True)

    # --- the end, on the reader's thread ---

    def _end(self, reason: str) -> None:
        """All of it, whatever a step raises: somebody waits for `lost`, and a descriptor for its close.
        Called again it goes on with the step that a fault has stopped."""
        if self._steps is None:
            self._steps = deque(self._steps_of_end(reason))
        while self._steps:
            try:
                self._steps[0]()
            except Exception:  # noqa: BLE001 - as above
                log.failure(f"[{self.name}] a step of its end failed")
            self._steps.popleft()

    def _steps_of_end(self, reason: str) -> list[Callable[[], object]]:
        forever = threading.TIMEOUT_MAX
        own: list[Callable[[], object]] = []
        if self._owns_dispatcher:
            own = [self.dispatcher.close, partial(self.dispatcher.join, forever)]
        return [
            partial(self.close, reason),
            self._fail_calls,
            self._tell_end,
            lambda: self.on_unsent(self.writing.lost),
            self.on_lost,
            self.lost.set,
            self._pool.close,
            *own,
            partial(self._pool.join, forever),
            partial(self.writing.join, forever),
            self.writing.channel.close,
            lambda: self.on_finished(),
        ]

    def _fail_calls(self) -> None:
        with self.writing.lock:
            unanswered = self._core.end(self.writing.reason)
        for waiter, answer in unanswered:
            try:
                waiter.complete(answer)
            except Exception:  # noqa: BLE001 - as in `_end`
                log.failure(f"[{self.name}] a call could not be failed")

    def _tell_end(self) -> None:
        writing = self.writing
        why = writing.reason + (f"; {writing.lost} signals were not sent" if writing.lost else "")
        if writing.thrown_out:
            text = f"[{self.name}] {self.address} is disconnected: {why}"
            log.repeated.note("thrown out", text, self.origin)
            return
        tell = log.get().debug if self._is_stranger else log.get().info
        tell(f"[{self.name}] disconnected from {self.address}: {why}")
