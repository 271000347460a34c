"""Requests from MQTT: on a small pool of threads, and always answered.

The bridge's thread takes a request, a worker runs it, the bridge's thread sends the answer. With all
WORKERS at work and QUEUE requests waiting, another is answered `busy` at once; one that takes longer than its
time-out is answered `timeout`, while its worker, which cannot be interrupted, finishes.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, NamedTuple

import sig
from gateway.mqtt import topics

logger = logging.getLogger(__name__)

WORKERS = 4
QUEUE = 16
"""Live reads of one link run one after the other, some 10 ms each."""
GRACE_S = 0.5
"""What a handler that keeps to the caller's time-out is given to say so itself."""
LONGEST_S = 60.0


class Answer(NamedTuple):
    """An answer on its way: where to, with which correlation data."""

    topic: str
    payload: bytes
    correlation: bytes | None


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been accepted."""

    number: int
    sender: str
    method: str
    params: Any
    transaction: Any
    topic: str
    correlation: bytes | None

    def ok(self, response: Any) -> Answer:
        """It succeeded."""
        return Answer(
            self.topic, topics.answer(self.transaction, status="ok", response=response), self.correlation
        )

    def failed(self, error: str, message: str) -> Answer:
        """It did not."""
        payload = topics.answer(self.transaction, status="error", error=error, message=message)
        return Answer(self.topic, payload, self.correlation)


class Done(NamedTuple):
    """A worker's letter to the bridge."""

    call: Call
    answer: Answer


class Requests:
    """`post` brings a letter to the bridge's thread; all else here but `_work` runs on that."""

    def __init__(
        self,
        request: Callable[[str, str, Any], Any],
        names: topics.Topics,
        timeout_s: float,
        *,
        post: Callable[[object], bool],
        send: Callable[[Answer], None],
        clock: Callable[[], float],
    ) -> None:
        self._request = request
        self._names = names
        self._timeout_s = timeout_s
        self._post = post
        self._send = send
        self._clock = clock
        self._numbers = itertools.count(1)
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._running = 0
        self._waiting: dict[int, tuple[float, Call]] = {}
        self.due = math.inf
        """When `run` has something to do."""

    def take(self, topic: str, payload: bytes, response_topic: str | None, correlation: bytes | None) -> None:
        """A request has come."""
        called = self._names.called(topic)
        if called is None:
            return
        sender, method = called
        answer_on = response_topic if response_topic and self._names.may_answer_on(response_topic) else None
        call = Call(
            next(self._numbers),
            sender,
            method,
            None,
            None,
            answer_on or self._names.response(sender, method),
            correlation,
        )
        try:
            params, transaction = topics.call(payload)
        except topics.BadCallError as error:
            self._send(call.failed("bad_params", str(error)))
            return
        call = Call(call.number, sender, method, params, transaction, call.topic, correlation)
        if self._running >= WORKERS + QUEUE:
            text = f"{self._running} requests are under way already; try again later"
            self._send(call.failed("busy", text))
            return
        self._start(call)

    def done(self, letter: Done) -> None:
        """A worker has finished; the answer counts unless the time was up."""
        self._running -= 1
        if self._waiting.pop(letter.call.number, None) is not None:
            self._send(letter.answer)

    def run(self, now: float) -> None:
        """Answer those whose time is up."""
        if now < self.due:
            return
        for deadline, call in list(self._waiting.values()):
            if deadline <= now:
                del self._waiting[call.number]
                text = f"no answer from {call.sender!r} in time; whether it ran {call.method!r} is not known"
                self._send(call.failed("timeout", text))
        self.due = min((deadline for deadline, _ in self._waiting.values()), default=math.inf)

    def stop(self, timeout_s: float) -> bool:
        """End the workers; False if one is held up by its request."""
        for _ in self._workers:
            self._queue.put(None)
        deadline = self._clock() + timeout_s
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock()))
        return not any(worker.is_alive() for worker in self._workers)

    def _start(self, call: Call) -> None:
        self._running += 1
        deadline = self._clock() + self._patience(call.params)
        self._waiting[call.number] = deadline, call
        self.due = min(self.due, deadline)
        self._queue.put(call)
        if len(self._workers) < min(WORKERS, self._running):
            name = f"mqtt-request-{len(self._workers) + 1}"
            worker = threading.Thread(target=self._work, name=name, daemon=True)
            self._workers.append(worker)
            worker.start()

    def _patience(self, params: Any) -> float:
        """The caller's `timeout`, if it gives one, else ours."""
        wanted = params.get("timeout") if isinstance(params, dict) else None
        if isinstance(wanted, int | float) and not isinstance(wanted, bool) and wanted >= 0:
            return min(wanted, LONGEST_S) + GRACE_S
        return self._timeout_s

    def _work(self) -> None:
        """A worker's thread."""
        while (call := self._queue.get()) is not None:
            self._post(Done(call, self._answer(call)))

    def _answer(self, call: Call) -> Answer:
        try:
            return call.ok(self._request(call.sender, call.method, call.params))
        except sig.RequestError as error:
            return call.failed(error.error, str(error) or type(error).__name__)
        except Exception as error:
            logger.debug("mqtt: %s of %r failed", call.method, call.sender, exc_info=True)
            return call.failed("failed", f"{type(error).__name__}: {error}")
