"""What a board says over time: hello, sequence, restarts, answers (docs/protocol.md, sections 3 to 5; of
what a board keeps, see `kept_talk`)."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from drivers.source import Device, Measurement
from drivers.stream import conversation
from drivers.stream.conversation import Dropped, Event, Hello, HelloWanted, Note, Refusal, Reply, Unusable
from drivers.stream.heard import what_came
from drivers.stream.sensorline import messages
from drivers.stream.sensorline.board_clock import BoardClock
from drivers.stream.sensorline.frame import LineError, LineReceiver, frame, unframe
from drivers.stream.sensorline.hello import HelloLines
from drivers.stream.sensorline.kept import Kept
from drivers.stream.sensorline.kept_messages import BoardKept, BoardLost
from drivers.stream.sensorline.kept_talk import KeptTalk

COUNTERS = (
    "lines",
    "damaged",
    "malformed",
    "skipped",
    "early",
    "unknown_channel",
    "lost",
    "repeated",
    "late",
    "restarts",
    "kept",
    "missing",
)
# A line that seems this many seconds late may be of a boot whose hello was lost.
DOUBTFUL_DELAY_S = 2.0


class _Asked(NamedTuple):
    """The request that may be answered now."""

    id: int
    verb: str
    args: tuple[str, ...]
    sent: float


class Conversation(conversation.Conversation):
    """The gateway's side of sensorline, from one opening of a port to its loss.

    `receive` belongs to whoever reads, `send` to the link's thread, one request at a time.

    Counters: `lines` (good ones), `damaged`, `malformed` (correct checksum, wrong fields), `skipped` (unknown
    letter), `early` (readings before a hello), `unknown_channel`, `lost` (gaps in the sequence), `repeated`,
    `late` (answers nobody waits for), `restarts`, `kept` (readings that came late, as the board had kept
    them), `missing` (those that nobody will ever have). `dropped`: the newest line that was damaged or
    malformed. `kept`: what is known of readings that boards keep; it outlives the conversation.
    """

    verbs = frozenset({"hello", "ping", "read", "interval", "again"})

    def __init__(self, kept: Kept | None = None) -> None:
        # Every name from the start: another thread may read them while the reader counts.
        self.counters = Counter(dict.fromkeys(COUNTERS, 0))
        self._kept = KeptTalk(kept or Kept(), self.counters)
        self._receiver = LineReceiver()
        self._hello = HelloLines()
        self._device: Device | None = None
        self._boot: int | None = None
        self._identity: str | None = None  # two boards may have counted to the same boot
        self._anew = False  # whether it has started since the last complete hello
        self._clock = BoardClock(0, 0.0)
        self._last: tuple[int, int] | None = None  # sequence and time of the last reading
        self._asked: _Asked | None = None
        self._handlers: dict[type, Callable[..., None]] = {
            messages.BoardReading: self._on_reading,
            messages.BoardAnswer: self._on_answer,
            messages.BoardError: self._on_error,
            messages.BoardHello: self._on_hello,
            messages.BoardChannel: self._on_channel,
            messages.BoardNote: self._on_note,
            BoardKept: self._on_kept,
            BoardLost: self._on_lost,
        }

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """The events that `data`, received at `now`, completes. Never raises, whatever the bytes."""
        events: list[Event] = []
        for line in self._receiver.receive(data):
            reading = messages.parse_reading_line(line)
            if reading is None:
                self._on_line(line, now, events)
                continue
            self.counters["lines"] += 1
            measurement = self._follow(reading, now, events, None)
            if measurement is not None:
                events.append(measurement)
        if self._kept.active:
            events += self._kept.look(now)
        return events

    def look(self, now: float) -> Sequence[Event]:
        """See `drivers.stream.conversation.Conversation`."""
        return list(self._kept.look(now))

    def send(self, request_id: int, verb: str, args: Sequence[str], now: float) -> bytes:
        """The line that carries a request. The same id again is a repetition, and keeps its first time.

        Raises `LineError` for an argument that no line can carry.
        """
        line = frame(" ".join(("Q", str(request_id), verb, *args)).encode())
        asked = self._asked
        if asked is None or asked.id != request_id:
            self._asked = _Asked(request_id, verb, tuple(args), now)
        return line

    def came(self, received: int) -> str:
        """See `drivers.stream.conversation.Conversation`."""
        return what_came(received, self.counters, self.dropped)

    def _on_line(self, line: bytes, now: float, events: list[Event]) -> None:
        counters = self.counters
        try:
            body = unframe(line)
        except LineError as error:
            if line.strip(b"\r"):
                counters["damaged"] += 1
                self.dropped = Dropped(str(error), line)
            return
        try:
            message = messages.parse(body)
            if message is None:
                counters["skipped"] += 1
                return
            self._handlers[type(message)](message, now, events)
        except LineError as error:
            counters["malformed"] += 1
            self.dropped = Dropped(str(error), line)
        else:
            counters["lines"] += 1

    def _on_hello(self, head: messages.BoardHello, now: float, _events: list[Event]) -> None:
        self._hello.begin(head)
        # Not every board that says the same boot goes on with it: it may have no means to count them.
        again = head.boot == self._boot and head.time_ms < self._clock.newest_ms
        if again or (head.boot, head.identity) != (self._boot, self._identity):
            if self._boot is not None:
                self.counters["restarts"] += 1
            self._boot, self._identity, self._device, self._last = head.boot, head.identity, None, None
            self._anew = True
        self._clock = self._kept.clock(head.identity, head.boot, head.time_ms, now)

    def _on_channel(self, channel: messages.BoardChannel, now: float, events: list[Event]) -> None:
        device = self._hello.add(channel)
        if device is not None:
            self._device = device
            events.append(Hello(device, self._anew))
            self._anew = False
            self._kept.hello(device, self._clock, now)

    def _on_reading(self, reading: messages.BoardReading, now: float, events: list[Event]) -> None:
        measurement = self._follow(reading, now, events, None)
        if measurement is not None:
            events.append(measurement)

    def _follow(
        self, reading: messages.BoardReading, now: float, events: list[Event], asked: float | None
    ) -> Measurement | None:
        """Check a reading against what came before, and give it the gateway's time."""
        channel, seq, time_ms, value, fault = reading
        if self._device is None:
            self.counters["early"] += 1
            events.append(HelloWanted("readings before a complete hello"))
            return None
        if channel not in self._device.channels:
            self.counters["unknown_channel"] += 1
            if self._kept.active and (receipt := self._kept.live(seq, channel, now, now)) is not None:
                receipt.release()  # nobody will ever take it
            return None
        follows = False
        if self._last is not None:
            last_seq, last_ms = self._last
            if seq == last_seq and time_ms == last_ms:
                self.counters["repeated"] += 1
                return None
            if seq <= last_seq or time_ms < last_ms:
                self._restarted(events)
                return None
            self.counters["lost"] += seq - last_seq - 1
            follows = seq == last_seq + 1
        self._last = seq, time_ms
        measured = self._clock.locate(time_ms, now)
        late_s = now - measured
        if late_s > DOUBTFUL_DELAY_S:
            events.append(HelloWanted(f"a reading seems {late_s:.1f} s late"))
        receipt = None
        if self._kept.active:
            if late_s > DOUBTFUL_DELAY_S and not follows:
                # It may be of another boot. The board keeps it, and sends it again when that is known.
                self.counters["early"] += 1
                return None
            receipt = self._kept.live(seq, channel, measured, now)
            if receipt is None:  # it has come by another opening of the port, or is of another boot
                self._restarted(events)
                return None
        if asked is not None and measured < asked:
            measured = asked  # the board measured it after it was asked: the estimate is a little off
        why = None if fault is None else f"the board reports {fault!r} instead of a value"
        return Measurement(channel, seq, value, why, measured, asked, receipt=receipt)

    def _on_kept(self, reading: BoardKept, now: float, events: list[Event]) -> None:
        if not self._kept.active:
            self.counters["early"] += 1
            return
        if reading.boot == self._boot and reading.age_ms is not None:
            events.append(HelloWanted("the board speaks of its boot as of an earlier one"))
        measurement = self._kept.kept(reading, now)
        if measurement is not None:
            events.append(measurement)

    def _on_lost(self, message: BoardLost, now: float, _events: list[Event]) -> None:
        if self._kept.active:
            self._kept.lost(message, now)

    def _restarted(self, events: list[Event]) -> None:
        self.counters["early"] += 1
        self._device = self._boot = self._last = None
        self._kept.restarted()
        self.counters["restarts"] += 1
        events.append(HelloWanted("the board restarted and its hello was lost"))

    def _on_answer(self, answer: messages.BoardAnswer, now: float, events: list[Event]) -> None:
        asked = self._asked
        if asked is None or asked.id != answer.id:
            self.counters["late"] += 1
            return
        try:
            self._take_answer(asked, answer, now, events)
        except LineError as error:
            # It is undamaged, so that it would say the same when it is asked again.
            events.append(Unusable(answer.id, str(error)))
            raise

    def _take_answer(
        self, asked: _Asked, answer: messages.BoardAnswer, now: float, events: list[Event]
    ) -> None:
        if asked.verb == "read":
            reading = messages.parse_reading(answer.fields)
            if reading.channel not in asked.args:
                raise LineError(f"asked for {asked.args}, got a reading of {reading.channel!r}")
            measurement = self._follow(reading, now, events, asked.sent)
            if measurement is not None:
                events += (measurement, Reply(answer.id, measurement))
        elif asked.verb == "interval":
            if len(answer.fields) < 2 or answer.fields[0] not in asked.args:
                raise LineError(f"asked for the interval of {asked.args}, got {answer.fields}")
            events.append(Reply(answer.id, messages.parse_number(answer.fields[1], 0, messages.MAX_NUMBER)))
        elif asked.verb == "again":
            if not self._kept.active:
                return  # it is asked once more, when there is a hello
            if self._kept.again(answer.fields, now):
                events.append(Reply(answer.id, None))
            else:
                self._restarted(events)
        elif asked.verb == "ping":
            self._on_pong(answer, now, events)

    def _on_pong(self, answer: messages.BoardAnswer, now: float, events: list[Event]) -> None:
        if len(answer.fields) < 2:
            raise LineError(f"expected boot and time in the answer to ping, got {answer.fields}")
        boot = messages.parse_number(answer.fields[0], 1, messages.MAX_BOOT)
        time_ms = messages.parse_number(answer.fields[1], 0, messages.MAX_NUMBER)
        if boot == self._boot:
            self._clock.locate(time_ms, now)
            if self._kept.active and len(answer.fields) > 2:
                self._kept.exists(messages.parse_number(answer.fields[2], 0, messages.MAX_NUMBER))
        elif self._device is not None:
            self._restarted(events)
        events.append(Reply(answer.id, None))

    def _on_error(self, error: messages.BoardError, _now: float, events: list[Event]) -> None:
        if self._asked is None or self._asked.id != error.id:
            self.counters["late"] += 1
        else:
            again_s = None if error.again_ms is None else error.again_ms / 1000
            events.append(Refusal(error.id, error.code, error.text, again_s))

    def _on_note(self, note: messages.BoardNote, _now: float, events: list[Event]) -> None:
        events.append(Note(note.text))
