"""What a sketch says over time: lines that fit, lines that do not, and answers to what it was asked."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from drivers.source import Device, Measurement
from drivers.stream import conversation
from drivers.stream.conversation import Dropped, Event, Hello, Reply, Send
from drivers.stream.text.asking import Asking
from drivers.stream.text.fields import DamagedError, Field, HalfError, UnfitError
from drivers.stream.text.reader import IgnoredError, Reader
from drivers.stream.text.remedy import remedy
from drivers.stream.text.splitter import Splitter

DEVICE = Device("text", "", "", 0, {}, any_channel=True)
COUNTERS = ("lines", "damaged", "malformed", "ignored", "half", "late")
# After so many lines a channel that was in none of them is not asked for: no answer would have it. The second
# is for those that came since it was asked for; it is asked once a second.
SETTLED_LINES = 10
ANSWER_LINES = 3
# What can be asked for and has not come by itself for so long is asked for: the sketch may speak only when it
# is spoken to. A sensor is stale after three of these.
ASK_AFTER_S = 10.0
# Enough lines for a guess: a banner, and each line of a sketch that prints one quantity a line.
_REMEMBERED = 20


class _Asked(NamedTuple):
    """The read that may be answered now."""

    id: int
    channel: str
    sent: float
    lines: int
    """How many had fitted by then."""


class Conversation(conversation.Conversation):
    """The gateway's side of a sketch that prints text, from one opening of a port to its loss.

    `receive` belongs to whoever reads, `send` to the link's thread, one request at a time. `keys` are those
    of `drivers.stream.text.options`, parsed.

    Counters: `lines` (those that fit; of a document over several, one), `damaged` (wrong checksum),
    `malformed` (all others that do not fit, comments too), `ignored` (named by the key `ignore`), `half` (the
    first line after the opening, see `drivers.stream.text.splitter`), `late` (answers nobody waits for).
    `dropped`: the newest damaged or malformed one.
    """

    absence = "no line fitted"

    def __init__(
        self,
        *,
        ask: str | Mapping[str, str] | None = None,
        terminator: bytes | None = None,
        **keys: Any,
    ) -> None:
        # Every name from the start: another thread may read them while the reader counts.
        self.counters = Counter(dict.fromkeys(COUNTERS, 0))
        self.dropped: Dropped | None = None
        self._splitter = Splitter(terminator)
        self._reader = Reader(**keys)
        self._asking = Asking(ask, terminator)
        self.verbs = frozenset() if self._asking.nothing else frozenset({"hello", "read"})
        self._keys = keys
        self._asked: _Asked | None = None
        self._under_way = False  # a line had begun when the request was sent: it is no answer
        self._greeted = False
        # By what is asked: when it was asked last, or a value of its channels came that answered no live
        # read. Those do not count, as a channel's pace is learnt without them.
        self._quiet_since: dict[str, float] = {}
        self._unfit: deque[bytes] = deque(maxlen=_REMEMBERED)

    @property
    def seen(self) -> Sequence[str]:
        """See `drivers.stream.conversation.Conversation`: at most `MAX_NAMES`, in order of appearance."""
        return self._reader.names.seen

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """The events that `data`, received at `now`, completes. Never raises, whatever the bytes."""
        events: list[Event] = []
        for line in self._splitter.receive(data, now):
            try:
                fields = self._reader.read(line)
            except UnfitError as error:
                self._not_used(error, line.data)
            else:
                if fields:
                    self._used(fields, now, events)
            self._under_way = self._under_way and self._reader.unfinished
        return events

    def look(self, now: float) -> Sequence[Event]:
        """See `drivers.stream.conversation.Conversation`: asks a sketch that is silent."""
        self._splitter.look(now)
        due = [text for text, since in self._quiet_since.items() if now - since >= ASK_AFTER_S]
        if not due or not self._greeted:
            return ()
        self._quiet_since.update(dict.fromkeys(due, now))
        return (Send(self._asking.lines(due)),)

    def asks(self, channel: str) -> bool:
        """See `drivers.stream.conversation.Conversation`."""
        return self._asking.asks(channel)

    def send(self, request_id: int, verb: str, args: Sequence[str], now: float) -> bytes:
        """What asks for a channel, or for `hello` for all. The same id again keeps its first time.

        Raises `ValueError` for a channel that cannot be asked for, or that no line has.
        """
        if verb == "hello":
            self._greeted = False
            return self._asking.lines(self._asking.texts)
        channel = args[0]
        data = self._asking.text(channel)
        lines = self.counters["lines"]
        if self._asked is None or self._asked.id != request_id:
            # In this order: another thread may be reading the rest of that line now.
            self._under_way = self._splitter.pending or self._reader.unfinished
            self._asked = _Asked(request_id, channel, now, lines)
        # Of a channel that has a text of its own, lines that came unasked say nothing.
        settled = self._asking.one_for_all and lines >= SETTLED_LINES
        if channel not in self.seen and (settled or lines - self._asked.lines >= ANSWER_LINES):
            raise ValueError(f"no field {channel}; seen: {', '.join(self.seen)}")
        return data

    def came(self, received: int) -> str:
        """See `drivers.stream.conversation.Conversation`."""
        if not received:
            return "nothing came"
        return f"{received} bytes came; {remedy(list(self._unfit), self.dropped, self._keys)}"

    def _not_used(self, error: UnfitError, line: bytes) -> None:
        if isinstance(error, IgnoredError):
            self.counters["ignored"] += 1
            return
        self._unfit.append(line)
        if isinstance(error, HalfError):
            self.counters["half"] += 1
            return
        self.counters["damaged" if isinstance(error, DamagedError) else "malformed"] += 1
        self.dropped = Dropped(str(error), line)

    def _used(self, fields: Sequence[Field], now: float, events: list[Event]) -> None:
        self.counters["lines"] += 1
        if not self._greeted:
            self._greeted = True
            self._quiet_since = dict.fromkeys(self._asking.texts, now)
            events.append(Hello(DEVICE))
        for field in fields:
            events += self._measured(field, now)

    def _measured(self, field: Field, now: float) -> Sequence[Event]:
        seq = self._reader.names.count(field.name)
        asked = self._asked
        if asked is None or self._under_way or field.name != asked.channel:
            text = self._asking.text_of(field.name)
            if text is not None:
                self._quiet_since[text] = now
            return (Measurement(field.name, seq, field.value, field.fault, now),)
        self._asked = None
        answer = Measurement(field.name, seq, field.value, field.fault, now, asked.sent)
        return answer, Reply(asked.id, answer)
