"""Something that is asked of a device, and whoever waits for the answer."""

import threading
from collections.abc import Callable


class Request:
    """Something to ask of a device; `own`: the link's, which nobody waits for.

    `unless` is asked when the request's turn has come: what it returns, if not None, is the result.
    """

    __slots__ = ("_answered", "args", "attempts", "error", "id", "own", "result", "sent", "unless", "verb")

    def __init__(
        self,
        verb: str,
        args: tuple[str, ...] = (),
        *,
        unless: Callable[[], object | None] | None = None,
        own: bool = False,
    ) -> None:
        self.verb = verb
        self.args = args
        self.unless = unless
        self.own = own
        self.id = 0
        self.attempts = 0
        self.sent = 0.0  # the last attempt, monotonic
        self.result: object = None
        self.error: Exception | None = None
        self._answered = threading.Lock()  # held until then: the wait for an Event would cost more
        self._answered.acquire()

    def __str__(self) -> str:
        return " ".join((self.verb, *self.args))

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is answered or has failed; False after `timeout_s`. By who asked, once."""
        return self._answered.acquire(timeout=max(0.0, timeout_s))

    def look_up(self) -> tuple[object | None, Exception | None]:
        """What `unless` returns; and what it raises, which is the affair of whoever asked."""
        try:
            return (self.unless() if self.unless is not None else None), None
        except Exception as error:  # noqa: BLE001 - it is raised again where it was asked
            return None, error

    def settle(self, result: object, error: Exception | None) -> None:
        """It is answered, or has failed. Once, by the line."""
        self.result, self.error = result, error
        self._answered.release()
