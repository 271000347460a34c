"""What is said over a plainline port: bytes in, events out; requests in, bytes out. No I/O."""

from collections import Counter
from collections.abc import Sequence

from drivers.source import Channel, Device, Measurement
from drivers.stream import conversation
from drivers.stream.conversation import Dropped, Event, Hello, Reply

LONGEST = 200  # bytes of a line


class Conversation(conversation.Conversation):
    """See `drivers.stream.conversation.Conversation`. `scale`: what a value is multiplied by."""

    verbs = frozenset({"hello", "ping", "read"})

    def __init__(self, scale: float = 1.0) -> None:
        self.counters = Counter(lines=0, damaged=0, malformed=0)
        self._scale = scale
        self._rest = b""
        self._seq = 0
        self._asked: tuple[int, str, float] | None = None

    def send(self, request_id: int, verb: str, args: Sequence[str], now: float) -> bytes:
        """A request. The same id again is a repetition, and keeps its first time."""
        if verb == "read" and tuple(args) != ("pressure",):
            raise ValueError(f"expected the channel pressure, got {args}")
        if self._asked is None or self._asked[0] != request_id:
            self._asked = request_id, verb, now
        return b"?\n" if verb == "read" else b"!\n"

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """The events that `data` completes."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-LONGEST:]
        events: list[Event] = []
        for line in lines:
            try:
                self._line(line.decode("ascii").strip(), now, events)
                self.counters["lines"] += 1
            except ValueError as error:
                self.counters["malformed"] += 1
                self.dropped = Dropped(str(error), line)
        return events

    def _line(self, line: str, now: float, events: list[Event]) -> None:
        asked = self._asked
        if line.startswith("I am "):
            channel = Channel("pressure", "pressure", "hPa", 0.1, 300.0, 1100.0, 0.0)
            if asked is not None and asked[1] == "ping":
                events.append(Reply(asked[0], None))
            else:
                events.append(Hello(Device("plainline", line[5:], "1", 1, {"pressure": channel})))
        elif line.startswith("P "):
            value = float(line[2:]) * self._scale
            self._seq += 1
            reading = asked is not None and asked[1] == "read"
            sent = asked[2] if asked is not None and reading else None
            measurement = Measurement("pressure", self._seq, value, None, now, sent)
            events.append(measurement)
            if asked is not None and reading:
                events.append(Reply(asked[0], measurement))
                self._asked = None
        else:
            raise ValueError("expected `I am NAME` or `P VALUE`")
