"""Requests from MQTT: on a small pool of threads, see `gateway.requests_pool`, and always answered.

The bridge's thread takes a request, a worker runs it, the bridge's thread sends the answer. One that the pool
has no room for is answered `busy` at once; one that takes longer than its time-out is answered `timeout`,
while its worker, which cannot be interrupted, finishes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from gateway.mqtt import topics
from gateway.requests_pool import Pool, outcome_of, patience


class Answer(NamedTuple):
    """An answer on its way: where to, with which correlation data. `refusal`: nothing was run for it."""

    topic: str
    payload: bytes
    correlation: bytes | None
    transaction: Any
    refusal: bool = False

    def too_large(self, limit: float) -> Answer:
        """What is said in its place to a broker that takes only so many bytes."""
        text = (
            f"the answer has {len(self.payload)} bytes, and the broker takes messages of {limit:.0f} at most"
        )
        payload = topics.answer(self.transaction, status="error", error="failed", message=text)
        return self._replace(payload=payload)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been accepted."""

    number: int
    sender: str
    method: str
    topic: str
    correlation: bytes | None
    params: Any = None
    transaction: Any = None
    deadline: float = math.inf

    def ok(self, response: Any) -> Answer:
        """It succeeded."""
        payload = topics.answer(self.transaction, status="ok", response=response)
        return Answer(self.topic, payload, self.correlation, self.transaction)

    def failed(self, error: str, message: str, *, refusal: bool = False) -> Answer:
        """It did not."""
        payload = topics.answer(self.transaction, status="error", error=error, message=message)
        return Answer(self.topic, payload, self.correlation, self.transaction, refusal)


class Done(NamedTuple):
    """A worker's letter to the bridge."""

    call: Call
    answer: Answer


class Requests:
    """`post` brings a letter to the bridge's thread; all else here but `_work` runs on that. `crowded`:
    whether so many answers wait to be sent that there are to be no more."""

    def __init__(
        self,
        request: Callable[[str, str, Any], Any],
        names: topics.Topics,
        timeout_s: float,
        *,
        post: Callable[[object], bool],
        send: Callable[[Answer], None],
        crowded: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._request = request
        self._names = names
        self._timeout_s = timeout_s
        self._post = post
        self._send = send
        self._crowded = crowded
        self._clock = clock
        self._numbers = itertools.count(1)
        self._pool = Pool("mqtt-request")
        self._waiting: dict[int, Call] = {}
        self.due = math.inf
        """When `run` has something to do."""

    def take(self, topic: str, payload: bytes, response_topic: str | None, correlation: bytes | None) -> None:
        """A request has come."""
        called = self._names.called(topic)
        if called is None:
            return
        sender, method = called
        answer_on = response_topic if response_topic and self._names.may_answer_on(response_topic) else None
        answer_on = answer_on or self._names.response(sender, method)
        call = Call(next(self._numbers), sender, method, answer_on, correlation)
        try:
            params, transaction = topics.call(payload)
        except topics.BadCallError as error:
            self._send(call.failed("bad_params", str(error), refusal=True))
            return
        deadline = self._clock() + patience(params, self._timeout_s)
        call = replace(call, params=params, transaction=transaction, deadline=deadline)
        if self._crowded() or not self._pool.submit(partial(self._work, call)):
            self._send(call.failed("busy", "too many requests are under way; try again later", refusal=True))
            return
        self._waiting[call.number] = call
        self.due = min(self.due, deadline)

    def refuse(self, topic: str, text: str) -> None:
        """A request has come that cannot be read, nor where its answer should go."""
        called = self._names.called(topic)
        if called is not None:
            call = Call(next(self._numbers), *called, self._names.response(*called), None)
            self._send(call.failed("bad_params", text, refusal=True))

    def done(self, letter: Done) -> None:
        """A worker has finished; the answer counts unless the time was up."""
        if self._waiting.pop(letter.call.number, None) is not None:
            self._send(letter.answer)

    def run(self, now: float) -> None:
        """Answer those whose time is up."""
        if now < self.due:
            return
        for call in list(self._waiting.values()):
            if call.deadline <= now:
                del self._waiting[call.number]
                text = f"no answer from {call.sender!r} in time; whether it ran {call.method!r} is not known"
                self._send(call.failed("timeout", text))
        self.due = min((call.deadline for call in self._waiting.values()), default=math.inf)

    def stop(self, timeout_s: float) -> bool:
        """End the workers; False if one is held up by its request."""
        return self._pool.stop(timeout_s)

    def _work(self, call: Call) -> None:
        """On a worker's thread."""
        self._post(Done(call, self._answer(call)))

    def _answer(self, call: Call) -> Answer:
        if self._clock() >= call.deadline:  # its caller has been told so, and does not expect it any more
            return call.failed("timeout", f"{call.method!r} was not run")
        found = outcome_of(lambda: call.ok(self._request(call.sender, call.method, call.params)))
        if found.error is not None:
            return call.failed(found.error, found.message)
        answer: Answer = found.response
        return answer
