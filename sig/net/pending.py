"""One call: as its caller waits for it (`Pending`), and as its callee answers it (`Call`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from sig.errors import STATUS_OK, STATUS_RAISED, RequestTimeout, from_wire, to_wire
from sig.wire import Message

# What a method returns if it will answer later, through its `Call`.
LATER = object()

# A method of a connection: method(params, call) returns the response, or LATER. It runs on the reader, so
# it must not run user code.
Method = Callable[[Message, "Call"], Any]

COMPLETING_S = 2.0
"""Far more than another thread takes to complete a call, if it was not interrupted in the middle of it."""

UNSENT_S = 0.1
"""How often who waits looks whether his call has been sent, if it was not at once: to a pysig one goes at a
time, and its time runs from then."""


class Pending:
    """A call that waits for its answer."""

    __slots__ = (
        "_done",
        "_lock",
        "_unanswered",
        "answer",
        "call_id",
        "deadline",
        "has_caller",
        "is_sent",
        "timeout_s",
        "what",
    )

    def __init__(
        self,
        call_id: int,
        what: str,
        timeout_s: float,
        done: Callable[[Message], object] | None,
        unsent_s: float = 0.0,
    ) -> None:
        """`done(answer)` is called with the answer, once. `unsent_s`: how long it may wait to be sent, if
        that is more than its time."""
        self.call_id = call_id
        self.what = what
        self.timeout_s = timeout_s
        self.deadline = time.monotonic() + max(timeout_s, unsent_s)
        self.is_sent = False
        # Whether somebody waits, rather than being called when it is done.
        self.has_caller = done is None
        self._done = done
        self.answer: Message | None = None
        """None until it is there, and `done` has been called."""
        self._unanswered = [True]
        # A bare lock, released by `complete`, is the cheapest way to wake one waiter.
        self._lock = threading.Lock()
        self._lock.acquire()

    def complete(self, answer: Message) -> None:
        """Here is the answer. A second one is ignored. From any thread."""
        try:
            self._unanswered.pop()  # by one thread, whoever else is at it
        except IndexError:
            return
        try:
            if self._done is not None:
                self._done(answer)
        finally:
            self.answer = answer
            self._lock.release()

    def wait(self, give_up: Callable[[Pending], object]) -> Any:
        """Wait for the answer and return its response; raises the RequestError that it stands for.

        RequestTimeout when time is up, NotConnected when the connection ends meanwhile. `give_up(self)` has
        to bring an answer about.
        """
        while self.answer is None and not self._lock.acquire(timeout=self._left()):
            is_late = time.monotonic() >= self.deadline
            if is_late:
                give_up(self)
            if is_late or not self._unanswered:
                # Whoever completes it may have been stopped in the middle of that.
                self._lock.acquire(timeout=COMPLETING_S)
                break
        if self.answer is None:
            raise RequestTimeout(f"no answer to '{self.what}' in time")
        if self.answer.get("status") == STATUS_OK:
            return self.answer.get("response")
        raise from_wire(self.answer)

    def _left(self) -> float:
        left_s = max(0.0, self.deadline - time.monotonic())
        return min(left_s, COMPLETING_S if self.is_sent else UNSENT_S)


class Call:
    """A call by the peer, to be answered once, from any thread. Without an id nothing is sent."""

    __slots__ = ("_answer", "_id")

    def __init__(self, answer: Callable[[Any, Message, bool], None], call_id: Any) -> None:
        """`answer(call_id, answer, in_order)` sends it."""
        self._answer = answer
        self._id = call_id

    def reply(self, response: Any, in_order: bool = False) -> None:
        """It succeeded. `in_order`: not before signals that wait to be sent."""
        self._answer(self._id, {"status": STATUS_OK, "response": response}, in_order)

    def fail(self, error: BaseException, status: int = STATUS_RAISED) -> None:
        """It failed."""
        self._answer(self._id, to_wire(error, status), False)

    def forward(self, answer: Message) -> None:
        """Pass on the answer that another peer gave."""
        if answer.get("status") == STATUS_OK:
            self.reply(answer.get("response"))
            return
        kept = ("status", "exception", "error", "raised")
        self._answer(self._id, {key: answer[key] for key in kept if key in answer}, False)

    def run(self, handler: Callable[[], Any]) -> None:
        """Answer with what `handler` returns or raises."""
        try:
            response = handler()
        except BaseException as err:  # noqa: BLE001 - whatever it is, sys.exit() too, the caller is to know
            self.fail(err)
        else:
            self.reply(response)
