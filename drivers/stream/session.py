"""A session: one opened port and the conversation over it, from the greeting to the loss.

The link's thread runs `greet` and `run`: it writes what is to be asked, reads what comes, and looks after
silence. Other threads call `exchange`, which queues a request and waits. One thread at a time reads: the
link's or, in a stream of readings, the one that it has lent that to; see `drivers.stream.lender`.
"""

import logging
import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import sig
from drivers.errors import LinkLostError, SilentError
from drivers.next_value import NextValues
from drivers.request import Request
from drivers.source import Device, Down, Keeper, Measurement, Missing, Up
from drivers.stream.answers import NotYet
from drivers.stream.board_notes import BoardNotes
from drivers.stream.conversation import (
    Conversation,
    Event,
    Hello,
    HelloWanted,
    Note,
    Pressed,
    Refusal,
    Reply,
    Send,
    Unusable,
)
from drivers.stream.dropped import DroppedLines
from drivers.stream.lender import Lender
from drivers.stream.line import ATTEMPT_S, Answer, Line, Place
from drivers.stream.settling import Settling
from drivers.stream.transport import Transport
from drivers.stream.unseen import UnseenFields, listed

logger = logging.getLogger(__name__)

# An Arduino's boot loader takes up to 2 s after the port's opening resets it. After so long it is said that
# nobody answers; the port stays open, and the board is asked on.
GREETING_S = 5.0
# How often it is asked until then, and after that.
GREETING_STEP_S = 0.5
PATIENT_STEP_S = 2.0
# A board that says "busy" and "0 ms" is not to be asked without end.
SOONEST_AGAIN_S = 0.05
# Silence for three intervals, at least so long, and the board is asked whether it is there.
LEAST_SILENCE_S = 5.0
PINGS = 3
# How long the reader waits for bytes before it looks after silence and shutdown.
READ_S = 0.25
# How often it does so while bytes keep coming, and the conversation after what time alone brings.
LOOK_S = 0.1
# A line of a sketch has some values; a burst with the hello may have one of each channel.
MOST_FIRST = 256
_NOBODY_S = 30.0  # how often a board that only answers requests is pinged


class StreamSession:
    """See the module, and `drivers.source.Session`. It owns the transport, and closes it.

    `patience_s`: how long to ask on before opening the port anew is worth a try; where nothing can be asked,
    it is not. `replaced` tells whether the port is another one by now. `lends`: whether the reading of a
    stream may be lent. `device_of`: see `drivers.source.Source`.
    """

    def __init__(
        self,
        keeper: Keeper,
        where: str,
        transport: Transport,
        conversation: Conversation,
        *,
        patience_s: float,
        replaced: Callable[[], bool],
        lends: bool,
        device_of: Callable[[str], str],
    ) -> None:
        self.where = where
        self._keeper = keeper
        self._name = keeper.name
        self._clock = keeper.clock
        self._transport = transport
        self._conversation = conversation
        self._patience_s = patience_s if "hello" in conversation.verbs else math.inf
        self._device_of = device_of
        self._replaced = replaced
        self._line = Line(keeper.name)
        self._settling = Settling(
            keeper.name, keeper.wanted, reads=conversation.asks, intervals="interval" in conversation.verbs
        )
        self._next_values = NextValues(
            keeper.name, keeper.clock.monotonic, self._seen_instead, self._unseen_words
        )
        self._asks_all = type(conversation).asks is Conversation.asks and "read" in conversation.verbs
        self._unseen = UnseenFields(keeper.wanted, self._unseen_words)
        self._lender = Lender(keeper.dispatcher if lends else None, keeper.clock)
        self._dropped = DroppedLines(keeper.name)
        self._notes = BoardNotes(keeper.name)
        # Guards `_ended`: nobody may wake or write to a transport that is closed, or is being closed.
        self._closing = threading.Lock()
        self._ended = False
        self._over = threading.Event()  # who waits to ask once more is not to wait longer than the line lasts
        # Written by whoever reads, alone.
        self._devices: dict[str, Device] = {}
        self._to_send: list[bytes] = []
        self._conversation_due = -math.inf
        self._hello_wanted = False
        self._others_next = False
        self._greeting = True
        self._first: list[Measurement] = []  # what came with the hello, before anybody knew of the device
        self._heard = keeper.clock.monotonic()
        self._pings = 0
        self._received = 0  # bytes
        self.ran_out_of_patience = False
        """Whether the board did not come in `patience_s`."""

    @property
    def counters(self) -> Counter[str]:
        """The conversation's counters."""
        return self._conversation.counters

    @property
    def waiting(self) -> int:
        """How many requests are not answered yet."""
        return self._line.waiting + self._next_values.waiting

    # The link's thread; what reading does, on whichever reads

    def greet(self, stopping: threading.Event) -> list[Device]:
        """See `drivers.source.Session`: ask for the hello until it comes, with the port left open.

        Opening a port resets many boards, and one that needs longer than we wait would never come up.
        """
        self._greeting, self._devices, self._hello_wanted = True, {}, False
        self._lose_first()
        started = ask_at = look_at = self._clock.monotonic()
        while not self._devices:
            now = self._clock.monotonic()
            if stopping.is_set():
                raise LinkLostError("closing")
            patient = now - started >= GREETING_S
            if now >= look_at:
                look_at = now + LEAST_SILENCE_S
                if patient:
                    self._keeper.trouble(self._no_hello(started))
            if now - started >= self._patience_s:
                self.ran_out_of_patience = True
                raise LinkLostError(f"{self._no_hello(started)}; opening the port anew")
            if self._replaced():
                raise LinkLostError("another port has taken this one's place")
            if now >= ask_at:
                ask_at = now + (PATIENT_STEP_S if patient else GREETING_STEP_S)
                self._ask_own(Request("hello", own=True))
            self._send_answers()
            self._read_once(min(ask_at - now, READ_S))
        self._greeting = False
        self._heard, self._pings = self._clock.monotonic(), 0
        devices = list(self._devices.values())
        for device in devices:
            self._settling.hello(device, fresh=True)
        return devices

    def _no_hello(self, started: float) -> str:
        waited = self._clock.monotonic() - started
        talk = self._conversation
        return f"{talk.absence} within {waited:.0f} s; {talk.came(self._received)}"

    def run(self, stopping: threading.Event) -> None:
        """See `drivers.source.Session`."""
        first, self._first = self._first, []
        for measurement in first:
            self._measured(measurement)
        look_at = 0.0
        breathe = self._keeper.dispatcher.breathe
        # What is posted wakes the dispatcher, which then wants the interpreter: so the loop goes back to
        # waiting for bytes at once, and looks after other things only now and then.
        while not stopping.is_set():
            now = self._clock.monotonic()
            if not self._wants_nothing():
                self._write(now)
            if now >= look_at:
                self._look_after_silence(now)
                self._lender.look(
                    self._transport.descriptor,
                    self._read_lent,
                    lambda: not stopping.is_set() and self._wants_nothing(),
                )
                look_at = self._clock.monotonic() + LOOK_S
            breathe()
            self._read_once(READ_S)

    def refresh(self, channel: str) -> None:
        """See `drivers.source.Session`."""
        self._settling.refresh(channel)
        self.wake()

    @property
    def dropped(self) -> str | None:
        """See `drivers.source.Session`."""
        newest = self._conversation.dropped
        return None if newest is None else str(newest)

    def dropped_since_reading(self, channel: str) -> int:
        """See `drivers.source.Session`."""
        return self._dropped.since(channel)

    def wake(self) -> None:
        """See `drivers.source.Session`."""
        self._lender.recall()
        self._wake_reader()

    def _wake_reader(self) -> None:
        with self._closing:
            if not self._ended:
                self._transport.wake()

    def end(self, reason: str) -> None:
        """See `drivers.source.Session`."""
        self._line.end(reason)
        self._over.set()
        self._next_values.end(reason)
        self._lose_first()
        with self._closing:
            if self._ended:
                return
            self._ended = True
        self._transport.close(reason)

    def _wants_nothing(self) -> bool:
        """Whether readings are all that is to be read."""
        idle = self._line.idle and self._settling.idle
        return idle and not self._hello_wanted and not self._to_send

    def _write(self, now: float) -> None:
        """Send what is to be asked now, if the line is free for it: the link's own requests first."""
        self._send_answers()
        flying = self._line.in_flight
        expired = flying is not None and self._line.due(now)
        if flying is not None and flying.own and expired:
            # One that was not answered does not keep the others from their turn.
            self._others_next = True
        if self._hello_wanted and (flying is None or expired or not flying.own):
            self._ask_own(Request("hello", own=True))
        elif flying is not None and not expired:
            return
        elif self._others_next or (flying is not None and not flying.own):
            self._others_next = False
            self._ask_others(now)
        elif (request := self._settling.next(now)) is not None:
            self._ask_own(request)
        else:
            self._ask_others(now)

    def _ask_own(self, request: Request) -> None:
        if request.verb in self._conversation.verbs:
            now = self._clock.monotonic()
            self._send(self._line.put_first(request, now), now)

    def _ask_others(self, now: float) -> None:
        request = self._line.take(now)
        if request is not None:
            self._send(request, now)

    def _send(self, request: Request, now: float) -> None:
        try:
            data = self._conversation.send(request.id, request.verb, request.args, now)
        except ValueError as error:
            self._line.refuse(request, sig.BadParams(str(error)))
            return
        self._transport.write(data)

    def _send_answers(self) -> None:
        """What the conversation has to say by itself."""
        answers, self._to_send = self._to_send, []
        for data in answers:
            self._transport.write(data)

    def _read_once(self, timeout_s: float) -> None:
        self._take_and_look(self._transport.read(timeout_s))

    def _read_lent(self) -> None:
        self._take_and_look(self._transport.read_ready())

    def _take_and_look(self, data: bytes) -> None:
        now = self._clock.monotonic()
        if data:
            self._take(data, now)
        if now >= self._conversation_due:
            self._conversation_due = now + LOOK_S
            self._sort(self._conversation.look(now), now)
            self._miss_fields(now)

    def _take(self, data: bytes, now: float) -> None:
        self._received += len(data)
        counters = self._conversation.counters
        lines = counters["lines"]
        events = self._conversation.receive(data, now)
        dropped = counters["damaged"] + counters["malformed"]
        if dropped != self._dropped.count and self._conversation.dropped is not None:
            self._dropped.note(dropped, self._conversation.dropped, now)
        if counters["lines"] != lines:
            self._heard, self._pings = now, 0
        self._sort(events, now)
        self._lender.came()

    def _sort(self, events: Sequence[Event], now: float) -> None:
        for event in events:
            kind = type(event)
            if kind is Measurement:
                self._measured(event)  # type: ignore[arg-type]
            elif kind is Reply or kind is Refusal or kind is Unusable:
                self._complete(event)  # type: ignore[arg-type]
            elif kind is Hello:
                self._said_hello(event)  # type: ignore[arg-type]
            elif kind is HelloWanted:
                self._want_hello(event.reason)  # type: ignore[union-attr]
            elif kind is Send:
                self._to_send.append(event.data)  # type: ignore[union-attr]
                self._lender.recall()
            elif kind is Down:
                self._gone(event)  # type: ignore[arg-type]
            elif kind is Missing:
                self._keeper.missing(event)  # type: ignore[arg-type]
            elif kind is Pressed:
                self._keeper.pressed()
            elif kind is Note:
                self._notes.take(event, now)  # type: ignore[arg-type]

    def _measured(self, measurement: Measurement) -> None:
        if self._greeting:
            if self._device_of(measurement.channel) in self._devices and len(self._first) < MOST_FIRST:
                self._first.append(measurement)
            elif measurement.receipt is not None:
                measurement.receipt.lose()
            return
        if measurement.late:
            self._keeper.measured(measurement)
            return
        self._lender.took()
        self._dropped.note_reading(measurement.channel)
        if not self._settling.idle:
            self._settling.measured(measurement.channel)
        self._keeper.measured(measurement)
        if not self._asks_all:
            self._next_values.measured(measurement)

    def _lose_first(self) -> None:
        """What nobody was told of is sent again, where the board keeps it."""
        first, self._first = self._first, []
        for measurement in first:
            if measurement.receipt is not None:
                measurement.receipt.lose()

    def _miss_fields(self, now: float) -> None:
        if not self._greeting and any(device.any_channel for device in self._devices.values()):
            talk = self._conversation
            for missed in self._unseen.look(now, talk.counters["lines"], talk.seen):
                self._keeper.measured(missed)
                self._next_values.measured(missed)

    def _gone(self, down: Down) -> None:
        if self._devices.pop(down.device, None) is None or self._greeting:
            return
        self._keeper.tell(down)
        reason = f"{down.device or 'the device'} is not there: {down.reason}"
        self._next_values.fail(reason, lambda channel: self._device_of(channel) == down.device)
        self._line.fail(
            reason, lambda request: bool(request.args) and self._device_of(request.args[0]) == down.device
        )

    def _said_hello(self, hello: Hello) -> None:
        device = hello.device
        before = self._devices.get(device.name)
        self._devices[device.name] = device
        self._hello_wanted = False
        flying = self._line.in_flight
        if flying is not None and flying.verb == "hello":
            self._line.complete(Reply(flying.id, None))
        if not self._greeting:
            fresh = hello.anew or before is None or _start(before) != _start(device)
            self._settling.hello(device, fresh=fresh)
            if not self._settling.idle:
                self._lender.recall()
            self._keeper.tell(Up(device))

    def _want_hello(self, reason: str) -> None:
        if not self._hello_wanted and not self._greeting and "hello" in self._conversation.verbs:
            logger.debug("%s: %s; asking for a hello", self._name, reason)
            self._hello_wanted = True
            self._lender.recall()

    def _complete(self, answer: Answer) -> None:
        request = self._line.complete(answer)
        if request is None:
            self.counters["late"] += 1
        elif request.own and (changed := self._settling.answered(request, self._heard)) is not None:
            self._reports_every(*changed)

    def _reports_every(self, channel: str, interval_ms: int) -> None:
        """An interval is in force: those who take the channel hear of it, without another hello."""
        device = self._devices.get(self._device_of(channel))
        if device is not None and channel in device.channels:
            changed = replace(device.channels[channel], interval_s=interval_ms / 1000)
            device = replace(device, channels={**device.channels, channel: changed})
            self._devices[device.name] = device
            self._keeper.tell(Up(device))

    def _look_after_silence(self, now: float) -> None:
        if "ping" not in self._conversation.verbs:
            return
        silence = now - self._heard
        if silence < self._silence_s() + self._pings * ATTEMPT_S:
            return
        if self._pings >= PINGS:
            reason = f"the board has been silent for {silence:.1f} s and does not answer"
            self._line.fail(reason)
            self._next_values.fail(reason)
            raise SilentError(reason)
        # When somebody else's request is on the line, it stands for the ping: it is not answered either.
        flying = self._line.in_flight
        if flying is None or flying.own:
            self._ask_own(Request("ping", own=True))
        self._pings += 1

    def _silence_s(self) -> float:
        devices = self._devices.values()
        reporting = [c.interval_s for device in devices for c in device.channels.values() if c.interval_s > 0]
        return max(3 * min(reporting), LEAST_SILENCE_S) if reporting else _NOBODY_S

    # Any other thread

    def exchange(
        self, verb: str, args: tuple[str, ...], deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        """See `drivers.source.Session`."""
        if verb == "read" and len(args) == 1 and not self._conversation.asks(args[0]):
            return self._wait_for_next(args[0], deadline, unless)
        if verb not in self._conversation.verbs:
            verbs = ", ".join(sorted(self._conversation.verbs))
            raise sig.BadParams(f"{self._name}: expected one of {verbs}, got {verb!r}")
        while True:
            try:
                return self._ask(Request(verb, args, unless=unless), deadline)
            except NotYet as busy:
                again_s = max(busy.again_s, SOONEST_AGAIN_S)
                if self._clock.monotonic() + again_s >= deadline:
                    raise
                self._over.wait(again_s)

    def _ask(self, request: Request, deadline: float) -> object:
        """What it is answered, at once or when its turn has come."""
        started = self._clock.monotonic()
        place = self._line.ask(request, started, at_once=self._settling.idle and not self._hello_wanted)
        # After the asking, and in any case: who has borrowed the reading may be this very thread, and would
        # wait for what it has to read.
        self._lender.recall()
        if place is Place.FLYING:
            self._write_at_once(request, started)
        elif place is Place.FIRST:
            self._wake_reader()
        if not request.wait(deadline - started):
            if self._line.withdraw(request):
                self._wake_reader()  # the line may be free for the next
                raise self._too_late(request, self._clock.monotonic() - started)
            request.wait(ATTEMPT_S)  # the answer is just being written down
        if request.error is not None:
            raise request.error
        return request.result

    def _wait_for_next(
        self, channel: str, deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        known = unless() if unless is not None else None
        if known is not None:
            return known
        missed = self._unseen.missed(channel)
        if missed is not None:
            raise sig.RequestError(f"{self._name}: {missed}")
        self._lender.recall()  # as below: this may be the thread that reads
        return self._next_values.wait(channel, deadline)

    def _seen_instead(self, channel: str) -> str | None:
        seen = self._conversation.seen
        return listed(seen) if seen and channel not in seen else None

    def _unseen_words(self, channel: str) -> str | None:
        return self._conversation.unseen(channel)

    def _write_at_once(self, request: Request, now: float) -> None:
        """The first attempt, on an idle line; what the port does not take at once is left to the link's
        thread, which may wait for it, and finds out what is wrong."""
        if self._line.known(request):
            return
        try:
            data = self._conversation.send(request.id, request.verb, request.args, now)
        except ValueError as error:
            self._line.refuse(request, sig.BadParams(str(error)))
            return
        with self._closing:
            written = not self._ended and self._transport.write_at_once(data)
            if not written and not self._ended:
                self._line.overdue(request)
                self._transport.wake()

    def _too_late(self, request: Request, waited: float) -> sig.RequestError:
        if not request.attempts:
            return sig.Busy(f"{self._name}: other requests kept this link busy until the time was up")
        return sig.RequestTimeout(
            f"{self._name}: the board did not answer {str(request)!r} within {waited:.1f} s "
            f"({request.attempts} attempts)"
        )


def _start(device: Device) -> tuple[str, int, int]:
    """What is another when there is everything to be asked anew."""
    return device.identity, device.boot, device.kept
