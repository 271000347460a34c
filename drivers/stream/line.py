"""A line: one queue of requests, of which one is in flight.

Strategy: any thread may `ask`, which queues, and then waits by itself. The link's own thread takes out what
is to be written next (`take`), is told what was answered (`complete`), and sends again what was not. Only
whoever finds the line idle writes the first attempt itself, at once: to wake the link's thread for it would
make a live read a tenth slower (docs/decisions/0001-threads.md).
The link's own requests (hello, ping, an interval, a first read) come before those of others; while one of
others is in flight and the link has to ask something first (`put_first`), that one goes back to the head of
the queue. No I/O here, no thread, and the time is passed in.

A request:

    queued -> in flight -> answered
      ^           |  `---> (nobody answers) in flight again, with the same id
      `- put back'         given up by whoever asked; failed, when the line ends
"""

import collections
import math
import threading
from collections.abc import Callable
from enum import Enum, auto

import sig
from drivers.request import Request
from drivers.stream.answers import result_of
from drivers.stream.conversation import Refusal, Reply, Unusable

# A request is sent again when its answer has not come by then; boards answer within 0.8 s (docs/protocol.md).
ATTEMPT_S = 1.0
# More threads than this waiting for one port is a flood; at 20 ms a request they wait over a second already.
MAX_WAITING = 64
MAX_ID = 65535

Answer = Reply | Refusal | Unusable


class Place(Enum):
    """Where a request is: whoever asked is to write it, has to wake who writes, or only waits."""

    FLYING = auto()
    FIRST = auto()
    WAITING = auto()


class Line:
    """See the module. `ask`, `withdraw` and `end` may be called by any thread; `known`, `refuse`, `overdue`
    by who writes a request; the rest by whoever has the link's reading, one thread at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()  # guards all below, for a few assignments
        self._waiting: collections.deque[Request] = collections.deque()
        self._in_flight: Request | None = None
        self._ended: str | None = None
        self._next_id = 1

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight, and nobody waits."""
        return self._in_flight is None and not self._waiting

    @property
    def waiting(self) -> int:
        """How many are not answered yet, the one in flight included."""
        with self._lock:
            return len(self._waiting) + (self._in_flight is not None)

    @property
    def in_flight(self) -> Request | None:
        """What was sent last and is not answered yet."""
        return self._in_flight

    def ask(self, request: Request, now: float, *, at_once: bool) -> Place:
        """Queue it; or, on a line that is idle, have it in flight at once, if that may be.

        Raises `sig.Busy` when `MAX_WAITING` wait already, `sig.NotConnected` when the line has ended.
        """
        with self._lock:
            if self._ended is not None:
                raise sig.NotConnected(f"{self._name}: {self._ended}")
            if len(self._waiting) + (self._in_flight is not None) >= MAX_WAITING:
                raise sig.Busy(
                    f"{self._name}: {MAX_WAITING} requests wait for this link already; ask less often"
                )
            if self._in_flight is not None:
                self._waiting.append(request)
                return Place.WAITING
            if self._waiting or not at_once:
                self._waiting.append(request)
                return Place.FIRST
            self._in_flight = self._sends(request, now)
            return Place.FLYING

    def overdue(self, request: Request) -> None:
        """It could not be written: have `take` send it anew."""
        request.sent = -math.inf

    def withdraw(self, request: Request) -> bool:
        """Whoever asked has given up; False if it was answered at the last moment."""
        with self._lock:
            if request is self._in_flight:
                self._in_flight = None
            elif request in self._waiting:
                self._waiting.remove(request)
            else:
                return False
            return True

    def due(self, now: float) -> bool:
        """Whether `take` may have something."""
        flying = self._in_flight
        return bool(self._waiting) if flying is None else now >= flying.sent + ATTEMPT_S

    def take(self, now: float) -> Request | None:
        """Which of the others' requests is to be written now, for the first time or again."""
        while True:
            with self._lock:
                request = self._in_flight
                if request is not None and now < request.sent + ATTEMPT_S:
                    return None
                if request is not None and request.own:
                    request = self._in_flight = (
                        None  # the link's own are counted, and sent again, by themselves
                    )
                if request is None:
                    if not self._waiting:
                        return None
                    request = self._in_flight = self._waiting.popleft()
            if self.known(request):
                continue
            with self._lock:
                if request is self._in_flight:  # else it was withdrawn, and the line may be another's
                    return self._sends(request, now)

    def known(self, request: Request) -> bool:
        """Whether what was asked has been answered meanwhile, so that it need not be sent. Of the one in
        flight; not under the lock, as `unless` is not ours."""
        result, error = request.look_up()
        if result is None and error is None:
            return False
        with self._lock:
            if request is not self._in_flight:
                return True  # withdrawn meanwhile
            self._in_flight = None
        request.settle(result, error)
        return True

    def put_first(self, request: Request, now: float) -> Request:
        """The link has to ask `request` now, before what others ask."""
        with self._lock:
            before = self._in_flight
            if before is not None and not before.own:
                self._waiting.appendleft(before)
            self._in_flight = request
            return self._sends(request, now)

    def complete(self, answer: Answer) -> Request | None:
        """Whose answer that is; None for one that nobody waits for any more."""
        with self._lock:
            request = self._in_flight
            if request is None or request.id != answer.id:
                return None
            self._in_flight = None
        try:
            result, error = result_of(self._name, answer), None
        except sig.RequestError as refused:
            result, error = None, refused
        request.settle(result, error)
        return request

    def refuse(self, request: Request, error: Exception) -> None:
        """It cannot be sent: whoever asked gets `error`."""
        with self._lock:
            if request is not self._in_flight:
                return
            self._in_flight = None
        request.settle(None, error)

    def fail(self, reason: str, concerns: Callable[[Request], bool] = lambda _request: True) -> None:
        """Those who wait with a request that it `concerns` get `sig.NotConnected` with `reason`; the line
        goes on."""
        with self._lock:
            everyone = [*self._waiting] if self._in_flight is None else [self._in_flight, *self._waiting]
            failed = [request for request in everyone if concerns(request)]
            self._waiting = collections.deque(request for request in self._waiting if request not in failed)
            if self._in_flight in failed:
                self._in_flight = None
        for request in failed:
            request.settle(None, sig.NotConnected(f"{self._name}: {reason}"))

    def end(self, reason: str) -> None:
        """The same, and so does everybody who asks later."""
        with self._lock:
            self._ended = reason
        self.fail(reason)

    def _sends(self, request: Request, now: float) -> Request:
        """Under the lock: two threads must not get one id."""
        request.sent = now
        request.attempts += 1
        if not request.id:
            request.id, self._next_id = self._next_id, self._next_id % MAX_ID + 1
        return request
