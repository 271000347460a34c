"""Live requests, for a source that one thread asks: whoever wants a value now goes ahead of polling.

Any thread may ask, and waits by itself; the source's own thread takes out what is to be asked next, and
settles it. No I/O here, no thread of its own. See `drivers.polling` for the other half.
"""

import collections
import threading
from collections.abc import Callable, Hashable, Sequence

import sig
from drivers.request import Request

# More threads than this waiting for one source is a flood; at 50 ms a request they wait over 3 s already.
MAX_WAITING = 64
# So many live requests in a row, and a job whose moment has come gets its turn between them: a flood of
# reads must not turn the other channels stale.
IN_A_ROW = 4
# Whoever settles a request is at most writing the answer down by now.
_SETTLING_S = 1.0


class LiveRequests:
    """Requests of other threads, in the order of their coming, that go ahead of polling.

    `ask`, `exchange`, `withdraw`, `end` may be called by any thread; `take` and `settle` by the one that asks
    the source. `same` tells what one question answers: requests of one `same` that wait are taken together.
    Each is settled once: answered, failed, or given up by whoever asked.
    """

    def __init__(self, name: str, same: Callable[[Request], Hashable] | None = None) -> None:
        self._name = name
        self._same = same or (lambda request: (request.verb, request.args))
        self._lock = threading.Lock()  # guards all below, for a few assignments
        self._waiting: collections.deque[Request] = collections.deque()
        self._taken: list[Request] = []
        self._in_a_row = 0
        self._ended: str | None = None

    @property
    def waiting(self) -> int:
        """How many are not settled yet."""
        with self._lock:
            return len(self._waiting) + len(self._taken)

    def ask(self, request: Request) -> None:
        """Queue it. Raises `sig.Busy` when `MAX_WAITING` wait already, `sig.NotConnected` after `end`."""
        with self._lock:
            if self._ended is not None:
                raise sig.NotConnected(f"{self._name}: {self._ended}")
            if len(self._waiting) + len(self._taken) >= MAX_WAITING:
                raise sig.Busy(
                    f"{self._name}: {MAX_WAITING} requests wait for this link already; ask less often"
                )
            self._waiting.append(request)

    def take(self, now: float, *, job_due: bool = False) -> Sequence[Request]:
        """Those that are to be answered now, by one question; none if none waits, or if a job, which is
        `job_due`, has let `IN_A_ROW` pass. One whose `unless` has the answer is not among them."""
        while True:
            with self._lock:
                if not self._waiting or (job_due and self._in_a_row >= IN_A_ROW):
                    self._in_a_row = 0
                    return ()
                wanted = self._same(self._waiting[0])
                self._taken = [one for one in self._waiting if self._same(one) == wanted]
                self._waiting = collections.deque(one for one in self._waiting if self._same(one) != wanted)
            # Not under the lock, as `unless` is not ours.
            for request in tuple(self._taken):
                result, error = request.look_up()
                if (result is not None or error is not None) and self._remove(request):
                    request.settle(result, error)
            with self._lock:
                for request in self._taken:
                    request.attempts += 1
                    request.sent = now
                if self._taken:
                    self._in_a_row += 1
                    return tuple(self._taken)

    def settle(self, answer: Callable[[Request], object]) -> None:
        """Those that were taken get what `answer` returns, or the `sig.RequestError` that it raises."""
        with self._lock:
            answered, self._taken = self._taken, []
        for request in answered:
            try:
                request.settle(answer(request), None)
            except sig.RequestError as error:
                request.settle(None, error)

    def withdraw(self, request: Request) -> bool:
        """Whoever asked has given up; False if it was settled at the last moment."""
        return self._remove(request)

    def end(self, reason: str) -> None:
        """All who wait, and everybody who asks later, get `sig.NotConnected` with `reason`."""
        with self._lock:
            self._ended = reason
        self.fail(reason)

    def fail(self, reason: str) -> None:
        """All who wait get `sig.NotConnected` with `reason`; others may ask."""
        with self._lock:
            failed = [*self._taken, *self._waiting]
            self._taken = []
            self._waiting.clear()
        for request in failed:
            request.settle(None, sig.NotConnected(f"{self._name}: {reason}"))

    def exchange(self, request: Request, timeout_s: float, wake: Callable[[], None]) -> object:
        """Ask, wait for the answer, return it. `wake` has the source's thread look. By any other thread.

        Raises what `ask` raises, `sig.Busy` when the request's turn did not come within `timeout_s`,
        `sig.RequestTimeout` when it did, and what the answer is.
        """
        self.ask(request)
        wake()
        if not request.wait(timeout_s):
            if self.withdraw(request):
                raise self._too_late(request, timeout_s)
            request.wait(_SETTLING_S)  # the answer is just being written down
        if request.error is not None:
            raise request.error
        return request.result

    def _too_late(self, request: Request, timeout_s: float) -> sig.RequestError:
        if not request.attempts:
            return sig.Busy(f"{self._name}: other requests kept this link busy until the time was up")
        return sig.RequestTimeout(f"{self._name}: {str(request)!r} was not answered within {timeout_s:.1f} s")

    def _remove(self, request: Request) -> bool:
        with self._lock:
            for queue in (self._taken, self._waiting):
                if request in queue:
                    queue.remove(request)
                    return True
        return False
