"""What is said over a MySensors gateway's port: lines in, events out; requests in, lines out. No I/O.

A value comes as `12;0;1;0;0;20.5`: node, child, set, no echo, V_TEMP. Most lines are such, of quantities that
have come before, so these are looked up by all that is in front of the payload. All others are taken apart.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from drivers.source import Notes
from drivers.stream import conversation
from drivers.stream.conversation import Dropped, Event, escaped
from drivers.stream.mysensors import types
from drivers.stream.mysensors.asking import Asking, request
from drivers.stream.mysensors.internal import Housekeeping
from drivers.stream.mysensors.message import (
    BROADCAST,
    INTERNAL,
    PRESENTATION,
    REQ,
    SET,
    STREAM,
    LineReceiver,
    Message,
    MessageError,
    encode,
    parse,
)
from drivers.stream.mysensors.network import Network
from drivers.stream.mysensors.nodes import GATEWAY, Heard, Reported
from drivers.stream.mysensors.presenting import Presenting
from drivers.stream.mysensors.silence import DEFAULT_LIMITS, Limits
from drivers.stream.mysensors.types import Internal
from drivers.stream.mysensors.values import NUMBER, Asked, Values
from drivers.stream.readable import is_text

COUNTERS = ("lines", "malformed", "half", "echoes", "texts", "no_number", "skipped", "late")
_VERSION = encode(Message(GATEWAY, BROADCAST, INTERNAL, 0, Internal.VERSION))
# What no other node says: the end of another line does not begin so.
_GATEWAYS_OWN = tuple(
    encode(Message(GATEWAY, BROADCAST, INTERNAL, 0, kind)).rstrip(b"\n")
    for kind in (Internal.VERSION, Internal.GATEWAY_READY, Internal.LOG_MESSAGE)
)


class Conversation(conversation.Conversation):
    """The controller's side of the serial API, from one opening of a port to its loss.

    `receive` and `look` belong to whoever reads; `send` to who asks, one request at a time; `asks` to any.
    `notes`: what is known of the network. `utc`: the time of day, in seconds since 1970; it is asked only
    when a node wants to know it, and nothing else depends on it. `limits`: which silence is too long.

    Counters: `lines` (good ones), `malformed`, `half` (the first line after the opening, see `LineReceiver`),
    `echoes` (of messages of ours), `texts` (values that are no
    numbers and need not be), `no_number` (values that should be), `skipped` (what a controller need not
    know), `late` (answers nobody waits for any more).
    """

    verbs = frozenset({"hello", "ping", "read"})
    absence = "the MySensors gateway did not say its version"

    def __init__(
        self, notes: Notes, utc: Callable[[], float] = time.time, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        # Every name from the start: another thread may read them while the reader counts.
        self.counters = Counter(dict.fromkeys(COUNTERS, 0))
        self._receiver = LineReceiver()
        self._network = Network(notes, limits)
        self._keeping = Housekeeping(self._network, utc)
        self._asking = Asking(self._network)
        self._values = Values(self._network, self._asking, self.counters)
        self._presenting = Presenting(self._network, self._keeping)
        self._handlers: dict[int, Callable[[Heard], object]] = {
            PRESENTATION: self._presenting.take,
            SET: self._on_set,
            REQ: self._values.wanted,
            INTERNAL: self._on_internal,
            STREAM: self._skip,
        }

    @property
    def seen(self) -> Sequence[str]:
        """See `drivers.stream.conversation.Conversation`."""
        return self._network.seen

    def unseen(self, channel: str) -> str | None:
        """See `drivers.stream.conversation.Conversation`."""
        return self._network.seen.words(channel)

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """See `drivers.stream.conversation.Conversation`."""
        events: list[Event] = []
        by_head, hear, measured = self._network.by_head, self._network.hear, self._values.measured
        lines = self._receiver.receive(data, now)
        if lines and not self._receiver.whole:
            lines = self._without_half(lines)
        for line in lines:
            head, _, payload = line.rpartition(b";")
            one = by_head.get(head)
            if one is None or not one.sure or (number := NUMBER.fullmatch(payload)) is None:
                self._on_line(line, now, events)
                continue
            self.counters["lines"] += 1
            hear(one.node, now, events)
            measured(one, float(number[1]), None, now, events)
            one.last = payload
        return events

    def look(self, now: float) -> Sequence[Event]:
        """See `drivers.stream.conversation.Conversation`."""
        self._receiver.look(now)
        events = self._network.look(now)
        self._asking.look(now, events)
        self._network.note_if_due(now)
        self._values.look(now)
        return events

    def asks(self, channel: str) -> bool:
        """See `drivers.stream.conversation.Conversation`."""
        return channel in self._network.answering

    def send(self, request_id: int, verb: str, args: Sequence[str], now: float) -> bytes:
        """The line that carries a request: for the gateway's version, which stands for `ping`, too, or for a
        value. The same id again is a repetition, and keeps its first time.

        Raises `ValueError` for a channel of which nothing is known.
        """
        one = None
        if verb == "read":
            one = self._find(args[0])
        elif verb == "hello":
            self._network.everybody_left()  # the link has lost them all, and greets who comes
        before = self._values.asked
        if before is None or before.id != request_id:
            self._values.asked = Asked(request_id, args[0] if args else "", one, now)
        return _VERSION if one is None else request(one)

    def came(self, received: int) -> str:
        """See `drivers.stream.conversation.Conversation`."""
        if not received:
            return "nothing came"
        good, dropped = self.counters["lines"], self.dropped
        if good:
            return f"{good} good lines came, but no version; is it a gateway, or a node's debug output?"
        if dropped is not None and is_text(dropped.line):
            return (
                f"what came is text, but not MySensors: {escaped(dropped.line)} (the baud rate is right, the "
                "board's program prints something else: see protocol: text)"
            )
        last = f"; last: {dropped}" if dropped is not None else ""
        return f"{received} bytes came, and not one good line (wrong baud rate? 8 MHz boards use 38400){last}"

    def _find(self, channel: str) -> Reported:
        node, _, rest = channel.partition("/")
        known = self._network.nodes.get(int(node)) if node.isdecimal() and len(node) <= 3 else None
        for one in known.quantities() if known is not None and rest else ():
            if channel in one.names:
                return one
        raise ValueError(f"expected a channel such as 12/0 that has come before, got {channel!r}")

    def _without_half(self, lines: list[bytes]) -> list[bytes]:
        """The same without the first, if that may be the end of another."""
        self._receiver.whole = True
        if not lines[0].strip(b"\r") or lines[0].startswith(_GATEWAYS_OWN):
            return lines
        self.counters["half"] += 1
        return lines[1:]

    def _on_line(self, line: bytes, now: float, events: list[Event]) -> None:
        try:
            message = parse(line)
            self._check(message)
            if message.command == INTERNAL and message.type == Internal.ID_REQUEST:
                self._keeping.give_id(message, events)
            elif message.node != BROADCAST:
                self._take(Heard(message, self._network.node(message.node), now, events))
        except MessageError as error:
            if line.strip(b"\r"):
                self.counters["malformed"] += 1
                self.dropped = Dropped(str(error), line)
        else:
            self.counters["lines"] += 1

    def _take(self, heard: Heard) -> None:
        node = heard.node
        self._network.hear(node, heard.now, heard.events)
        if heard.message.ack:  # a copy of a message of ours, sent back by the node that has it
            self.counters["echoes"] += 1
        else:
            self._handlers[heard.message.command](heard)
        if not node.known and node.number != GATEWAY:
            self._presenting.want(heard, BROADCAST)

    @staticmethod
    def _check(message: Message) -> None:
        """What the fields may be together. Raises `MessageError`."""
        most = types.LAST[message.command]
        if message.type > most:
            raise MessageError(f"type: expected at most {most}, got {message.type}")
        if message.command in (SET, REQ) and BROADCAST in (message.node, message.child):
            raise MessageError("a value of no node or no child: expected numbers up to 254")
        if message.command == PRESENTATION and message.node == BROADCAST:
            raise MessageError("a presentation of no node: expected a number up to 254")

    def _on_set(self, heard: Heard) -> None:
        if heard.node.child(heard.message.child).type is None:
            self._presenting.want(heard, heard.message.child)
        self._values.take(heard)

    def _on_internal(self, heard: Heard) -> None:
        message = heard.message
        if message.type == Internal.BATTERY_LEVEL:
            self._values.battery(heard)
        elif not self._keeping.take(heard):
            self.counters["skipped"] += 1
        elif message.type == Internal.VERSION and message.node == GATEWAY:
            self._values.version(heard.events)

    def _skip(self, _heard: Heard) -> None:
        self.counters["skipped"] += 1
