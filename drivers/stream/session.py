"""A session: one opened port and the conversation over it, from the greeting to the loss.

The link's thread runs `greet` and `run`; other threads call `exchange`. One thread at a time reads: the
link's or, in a stream of readings, the one that it has lent that to. The *turn* is the lock that lets one
request at a time onto the line: it covers one write and one bounded wait, and no user code.
"""

import collections
import logging
import threading
from collections import Counter
from collections.abc import Callable

import sig
from drivers.clock import Clock
from drivers.errors import LinkLostError
from drivers.stream.answers import result_of
from drivers.stream.board_notes import BoardNotes
from drivers.stream.conversation import (
    Board,
    Conversation,
    Hello,
    HelloWanted,
    Measurement,
    Note,
    Refusal,
    Reply,
)
from drivers.stream.dropped import DroppedLines
from drivers.stream.lender import Lender
from drivers.stream.loan import Loan
from drivers.stream.transport import Transport

logger = logging.getLogger(__name__)

GREETING_S = 5.0  # an Arduino's boot loader takes up to 2 s after the port's opening resets it
GREETING_STEP_S = 0.5
# A request is sent again when its answer has not come by then; boards answer within 0.8 s (docs/protocol.md).
ATTEMPT_S = 1.0
# More threads than this waiting for one port is a flood; at 20 ms a request they wait over a second already.
MAX_WAITING = 64
# Silence for three intervals, at least so long, and the board is asked whether it is there.
LEAST_SILENCE_S = 5.0
PINGS = 3
# An interval and a first read for each of a board's 64 channels, twice over.
MAX_TODO = 256
# How long the reader waits for bytes before it looks after silence and shutdown.
READ_S = 0.25
# How often it does so while bytes keep coming.
LOOK_S = 0.1
_NOBODY_S = 30.0  # how often a board that only answers requests is pinged


class _Waiter:
    """A thread that waits for the answer to one request id."""

    __slots__ = ("answer", "done", "request_id")

    def __init__(self, request_id: int) -> None:
        self.request_id = request_id
        self.done = threading.Event()
        self.answer: Reply | Refusal | None = None


class Session:
    """See the module. `on_measurement` and `on_board` are called on the reader's thread and must only
    post; `on_board` is told of every later hello and whether the board restarted; `breathe` is called between
    two reads; `lend` is offered the reading of a stream, see `drivers.stream.lender`."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        conversation: Conversation,
        clock: Clock,
        *,
        on_measurement: Callable[[Measurement], None],
        on_board: Callable[[Board, bool], None],
        breathe: Callable[[], None],
        lend: Callable[[Loan], bool] | None,
    ) -> None:
        self.board: Board | None = None
        self.dropped = DroppedLines(name)
        self._name = name
        self._transport = transport
        self._conversation = conversation
        self._clock = clock
        self._on_measurement = on_measurement
        self._on_board = on_board
        self._breathe = breathe
        self._turn = threading.Lock()
        self._state = threading.Lock()  # guards the four below; held for a few assignments only
        self._waiting = 0
        self._waiter: _Waiter | None = None
        self._next_id = 1
        self._ended: str | None = None
        # The reader's own request (hello, ping), for which it holds the turn: when to give the turn back at
        # the latest.
        self._own_until: float | None = None
        self._todo: collections.deque[tuple[str, ...]] = collections.deque(maxlen=MAX_TODO)
        self._hello_wanted = False  # written by the reader alone
        self._hello_came = threading.Event()
        self._heard = clock.monotonic()
        self._pings = 0
        self._received = 0  # bytes
        self._notes = BoardNotes(name)
        self._lender = Lender(lend, clock)

    @property
    def counters(self) -> Counter[str]:
        """The conversation's counters."""
        return self._conversation.counters

    # The link's thread; what reading does, on whichever reads

    def greet(self, stopping: threading.Event) -> Board:
        """Ask for the hello until it comes.

        Raises `LinkLostError` when the board does not say hello within `GREETING_S`, or `stopping` is set.
        """
        deadline = self._clock.monotonic() + GREETING_S
        while self.board is None:
            if stopping.is_set():
                raise LinkLostError("closing")
            if self._clock.monotonic() >= deadline:
                raise LinkLostError(
                    f"the board did not say hello within {GREETING_S:g} s; {self._what_came()}"
                )
            self._write_own("hello")
            self._read_until(lambda: self.board is not None or stopping.is_set(), GREETING_STEP_S)
        self._heard = self._clock.monotonic()
        return self.board

    def run(self, stopping: threading.Event) -> None:
        """Read until `stopping` is set. Raises `LinkLostError` when the port or the board is gone."""
        look_at = 0.0
        # What is posted wakes the dispatcher, which then wants the interpreter: so the loop goes back to
        # waiting for bytes at once, and looks after other things only now and then.
        while not stopping.is_set():
            if self._hello_wanted:
                self._hello_wanted = not self._write_own("hello")
            elif self._todo and self._write_own(*self._todo[0]):
                self._todo.popleft()
            if self._clock.monotonic() >= look_at:
                self._look_after_silence()
                self._lender.look(
                    self._read_once,
                    self._wake_reader,
                    lambda: not stopping.is_set() and self._wants_nothing(),
                )
                look_at = self._clock.monotonic() + LOOK_S
            self._breathe()
            self._read_once(READ_S)

    def _wants_nothing(self) -> bool:
        """Whether readings are all that is to be read."""
        wanted = self._todo or self._hello_wanted or self._waiting
        return not wanted and self._own_until is None

    def ask_later(self, *request: str) -> None:
        """Have the reader send a request of its own (verb and arguments) when the line is free. From any
        thread."""
        self._todo.append(request)
        self.wake()

    def wake(self) -> None:
        """Have `run` look at its `stopping` event soon. From any thread."""
        self._lender.recall()
        self._wake_reader()

    def _wake_reader(self) -> None:
        with self._state:
            if self._ended is None:
                self._transport.wake()

    def end(self, reason: str) -> None:
        """Close the port. Who waits for an answer fails at once, with `reason`, and so does who asks
        later."""
        with self._state:
            self._ended = reason
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.done.set()
        self._hello_came.set()
        if self._own_until is not None:
            self._give_turn_back()
        # With the turn, so that nobody is writing to a descriptor that is about to mean something else.
        with self._turn:
            self._transport.close()

    def _what_came(self) -> str:
        if not self._received:
            return "nothing came"
        good = self.counters["lines"] + self.counters["skipped"]
        dropped = self._conversation.dropped
        last = f"; last: {dropped.reason}" if dropped is not None else ""
        if not good:
            return f"{self._received} bytes came, and not one good line (wrong baud rate?){last}"
        return f"{good} good lines came, but no complete hello{last}"

    def _read_until(self, done: Callable[[], bool], timeout_s: float) -> None:
        deadline = self._clock.monotonic() + timeout_s
        while not done() and (wait := deadline - self._clock.monotonic()) > 0:
            self._read_once(wait)
        if self._own_until is not None:
            self._give_turn_back()

    def _read_once(self, timeout_s: float) -> None:
        data = self._transport.read(timeout_s)
        if not data:
            return
        self._received += len(data)
        now = self._clock.monotonic()
        counters = self._conversation.counters
        lines = counters["lines"]
        events = self._conversation.receive(data, now)
        dropped = counters["damaged"] + counters["malformed"]
        if dropped != self.dropped.count and self._conversation.dropped is not None:
            self.dropped.note(dropped, self._conversation.dropped, now)
        if counters["lines"] != lines:
            self._heard, self._pings = now, 0
        for event in events:
            if type(event) is Measurement:
                self._lender.took()
                self.dropped.note_reading(event.channel)
                self._on_measurement(event)
            elif type(event) is Reply or type(event) is Refusal:
                self._complete(event)
            elif type(event) is Hello:
                self._said_hello(event.board)
            elif type(event) is HelloWanted:
                self._want_hello(event.reason)
            elif type(event) is Note:
                self._notes.take(event.text, now)

    def _said_hello(self, board: Board) -> None:
        before, self.board = self.board, board
        self._hello_wanted = False
        self._hello_came.set()
        if self._own_until is not None:
            self._give_turn_back()
        if before is not None:
            self._on_board(board, (before.identity, before.boot) != (board.identity, board.boot))

    def _want_hello(self, reason: str) -> None:
        if not self._hello_wanted and self._own_until is None:
            logger.debug("%s: %s; asking for a hello", self._name, reason)
        self._hello_wanted = True
        self._lender.recall()

    def _complete(self, answer: Reply | Refusal) -> None:
        if self._own_until is not None:
            self._give_turn_back()
            return
        with self._state:
            waiter = self._waiter
            if waiter is None or waiter.request_id != answer.id:
                self.counters["late"] += 1
                return
            self._waiter = None
            waiter.answer = answer
        waiter.done.set()

    def _write_own(self, verb: str, *args: str) -> bool:
        """Send a request of the reader's own if the line is free; its turn ends with the answer or
        `ATTEMPT_S` later."""
        if not self._turn.acquire(blocking=False):
            return False
        now = self._clock.monotonic()
        self._own_until = now + ATTEMPT_S
        self._transport.write(self._conversation.request(self._new_id(), verb, args, now))
        return True

    def _give_turn_back(self) -> None:
        self._own_until = None
        self._turn.release()

    def _look_after_silence(self) -> None:
        now = self._clock.monotonic()
        if self._own_until is not None and now >= self._own_until:
            self._give_turn_back()
        silence = now - self._heard
        if silence < self._silence_s() + self._pings * ATTEMPT_S:
            return
        if self._pings >= PINGS:
            raise LinkLostError(f"the board has been silent for {silence:.1f} s and does not answer")
        if self._own_until is not None:
            return  # ours is on its way
        # When the line is taken, somebody else's request stands for the ping: it is not answered either.
        self._write_own("ping")
        self._pings += 1

    def _silence_s(self) -> float:
        intervals = [channel.interval_s for channel in self.board.channels.values()] if self.board else []
        reporting = [interval for interval in intervals if interval > 0]
        return max(3 * min(reporting), LEAST_SILENCE_S) if reporting else _NOBODY_S

    # Any other thread

    def exchange(
        self, verb: str, args: tuple[str, ...], deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        """Send a request, wait for its answer until `deadline` (monotonic), return its result.

        `unless` is asked once the line is ours: what it returns, if not None, is the result, and nothing is
        sent (the question may have been answered while we waited). Raises `sig.Busy`, `sig.NotConnected`,
        `sig.RequestTimeout`, `sig.BadParams`, `sig.RequestError`.
        """
        with self._state:
            if self._waiting >= MAX_WAITING:
                raise sig.Busy(
                    f"{self._name}: {self._waiting} requests wait for this link already; ask less often"
                )
            self._waiting += 1
        self._lender.recall()  # the borrower may be this very thread, and would wait for what it has to read
        try:
            if not self._turn.acquire(timeout=max(0.0, deadline - self._clock.monotonic())):
                self._raise_if_ended()
                raise sig.Busy(f"{self._name}: other requests kept this link busy until the time was up")
            try:
                result = unless() if unless is not None else None
                return result if result is not None else self._exchange(verb, args, deadline)
            finally:
                self._turn.release()
        finally:
            with self._state:
                self._waiting -= 1

    def _exchange(self, verb: str, args: tuple[str, ...], deadline: float) -> object:
        waiter = _Waiter(self._new_id())
        with self._state:
            if self._ended is None:
                self._waiter = waiter
        started = self._clock.monotonic()
        attempts = 0
        while not waiter.done.is_set():
            self._raise_if_ended()
            try:
                if self._hello_wanted:
                    self._ask_for_reader(deadline)
                now = self._clock.monotonic()
                if now >= deadline:
                    self._waiter = None
                    raise sig.RequestTimeout(
                        f"{self._name}: the board did not answer {' '.join((verb, *args))!r} within "
                        f"{now - started:.1f} s ({attempts} attempts)"
                    )
                self._transport.write(self._conversation.request(waiter.request_id, verb, args, now))
            except LinkLostError as error:
                raise sig.NotConnected(f"{self._name}: {error}") from error
            except ValueError as error:
                raise sig.BadParams(str(error)) from error
            attempts += 1
            waiter.done.wait(min(ATTEMPT_S, deadline - now))
        if waiter.answer is None:
            self._raise_if_ended()
        return result_of(self._name, waiter.answer)

    def _ask_for_reader(self, deadline: float) -> None:
        """Ask for the hello that the reader cannot ask for while this thread has the line, and wait for it.

        A board that restarted answers reads that mean nothing before its hello. Without this, the reads that
        wait for them would keep the reader from asking.
        """
        self._hello_came.clear()
        self._raise_if_ended()
        now = self._clock.monotonic()
        self._transport.write(self._conversation.request(self._new_id(), "hello", (), now))
        self._hello_came.wait(max(0.0, min(ATTEMPT_S, deadline - now)))

    def _raise_if_ended(self) -> None:
        if self._ended is not None:
            raise sig.NotConnected(f"{self._name}: {self._ended}")

    def _new_id(self) -> int:
        with self._state:
            request_id, self._next_id = self._next_id, self._next_id % 65535 + 1
        return request_id
