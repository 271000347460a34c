"""What is said over a MySensors gateway's port: lines in, events out; requests in, lines out. No I/O.

A value comes as `12;0;1;0;0;20.5`: node, child, set, no echo, V_TEMP. Most lines are such, of quantities that
have come before, so these are looked up by all that is in front of the payload. All others are taken apart.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from drivers.source import Measurement, Notes
from drivers.stream import conversation
from drivers.stream.conversation import Dropped, Event, Reply, Send, escaped
from drivers.stream.heard import is_text
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
from drivers.stream.mysensors.nodes import GATEWAY, Node, Reported
from drivers.stream.mysensors.types import Internal, Payload

COUNTERS = ("lines", "malformed", "echoes", "texts", "no_number", "skipped", "late")
# As `dtostrf` and `itoa` write it, padded with spaces to a least width: 25 bytes at most.
_NUMBER = re.compile(rb" *([+-]?[0-9]{1,25}(?:\.[0-9]{1,25})?) *\r?")
# A node that was asked to present itself is not asked again for so long, whatever else it reports.
PRESENT_S = 60.0
# A read that is not answered in that time counts as one that is not answered.
MISSED_S = 2.5
_VERSION = encode(Message(GATEWAY, BROADCAST, INTERNAL, 0, Internal.VERSION))


class _Asked(NamedTuple):
    """The request that may be answered now; `of` is what a `read` asks for."""

    id: int
    verb: str
    channel: str
    of: Reported | None
    sent: float


class Conversation(conversation.Conversation):
    """The controller's side of the serial API, from one opening of a port to its loss.

    `receive` and `look` belong to whoever reads; `send` to who asks, one request at a time; `asks` to any.
    `notes`: what is known of the network. `utc`: the time of day, in seconds since 1970; it is asked only when a
    node wants to know it, and nothing else depends on it.

    Counters: `lines` (good ones), `malformed`, `echoes` (of messages of ours), `texts` (values that are no
    numbers and need not be), `no_number` (values that should be), `skipped` (what a controller need not know),
    `late` (answers nobody waits for any more).
    """

    verbs = frozenset({"hello", "ping", "read"})
    absence = "the MySensors gateway did not say its version"

    def __init__(self, notes: Notes, utc: Callable[[], float] = time.time) -> None:
        # Every name from the start: another thread may read them while the reader counts.
        self.counters = Counter(dict.fromkeys(COUNTERS, 0))
        self._receiver = LineReceiver()
        self._network = Network(notes)
        self._keeping = Housekeeping(self._network, utc)
        self._asking = Asking(self._network)
        self._asked: _Asked | None = None
        self._missed: _Asked | None = None
        self._seq = 0
        self.seen = self._network.seen
        self._handlers: dict[int, Callable[[Message, Node, float, list[Event]], None]] = {
            PRESENTATION: self._on_presentation,
            SET: self._on_set,
            REQ: self._on_req,
            INTERNAL: self._on_internal,
            STREAM: self._skip,
        }

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """See `drivers.stream.conversation.Conversation`."""
        events: list[Event] = []
        by_head, hear = self._network.by_head, self._network.hear
        for line in self._receiver.receive(data):
            head, _, payload = line.rpartition(b";")
            one = by_head.get(head)
            if one is None or not one.sure or (number := _NUMBER.fullmatch(payload)) is None:
                self._on_line(line, now, events)
                continue
            self.counters["lines"] += 1
            hear(one.node, now, events)
            self._measured(one, float(number[1]), None, now, events)
            one.last = payload
        return events

    def look(self, now: float) -> Sequence[Event]:
        """See `drivers.stream.conversation.Conversation`."""
        events = self._network.overdue(now)
        self._asking.look(now, events)
        self._network.note_if_due(now)
        asked = self._asked
        if asked is not None and asked.of is not None and asked is not self._missed:
            if now - asked.sent > MISSED_S:
                self._missed = asked
                self._asking.missed(asked.of, now)
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
        elif verb == "hello" and self._network.node(GATEWAY).up:
            self._network.everybody_left()  # the link has lost them all, and greets who comes
        before = self._asked
        if before is None or before.id != request_id:
            self._asked = _Asked(request_id, verb, args[0] if args else "", one, now)
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

    def _on_line(self, line: bytes, now: float, events: list[Event]) -> None:
        try:
            message = parse(line)
            self._check(message)
            if message.command == INTERNAL and message.type == Internal.ID_REQUEST:
                self._keeping.give_id(message, events)
            elif message.node != BROADCAST:
                node = self._network.node(message.node)
                self._network.hear(node, now, events)
                self._handlers[message.command](message, node, now, events)
                if not node.known and node.number != GATEWAY:
                    self._want_presentation(node, BROADCAST, now, events)
        except MessageError as error:
            if line.strip(b"\r"):
                self.counters["malformed"] += 1
                self.dropped = Dropped(str(error), line)
        else:
            self.counters["lines"] += 1

    @staticmethod
    def _check(message: Message) -> None:
        """What the fields may be together. Raises `MessageError`."""
        most = {PRESENTATION: len(types.CHILD_TYPES), SET: len(types.VALUES), REQ: len(types.VALUES)}
        known = most.get(message.command, 256)
        if message.type >= known:
            raise MessageError(f"type: expected at most {known - 1}, got {message.type}")
        if message.command in (SET, REQ) and BROADCAST in (message.node, message.child):
            raise MessageError("a value of no node or no child: expected numbers up to 254")
        if message.command == PRESENTATION and message.node == BROADCAST:
            raise MessageError("a presentation of no node: expected a number up to 254")

    def _on_presentation(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if message.ack:
            self.counters["echoes"] += 1
        elif message.child != BROADCAST:
            self._on_child(message, node, now, events)
        elif node.number == GATEWAY:
            self._keeping.is_gateway(message.payload, now, events)
        else:
            asked = node.asked_at is not None and now - node.asked_at < PRESENT_S
            node.boot += not asked
            new = (True, False, message.payload)
            if (node.known, node.sleeps, node.library) != new:
                node.known, node.sleeps, node.library = new
                self._network.changed(now)
            self._network.rise(node, now, events)

    def _on_child(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        child = node.child(message.child)
        if (child.type, child.name) == (message.type, message.payload):
            return
        if child.type not in (None, message.type):
            self._network.forget(node, message.child)
        child.presented(message.type, message.payload)
        for one in child.reported.values():
            one.sure = True
        self._network.changed(now)
        if child.reported:
            self._network.rise(node, now, events)

    def _on_set(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if message.ack:
            self.counters["echoes"] += 1
            return
        child = node.child(message.child)
        if child.type is None:
            self._want_presentation(node, message.child, now, events)
        payload = message.payload.encode()
        number = _NUMBER.fullmatch(payload)
        kind = types.VALUES[message.type].payload
        if kind is Payload.TEXT or (kind is Payload.LOOSE and number is None):
            self.counters["texts"] += 1
            if message.type == types.V_UNIT_PREFIX and child.unit != message.payload:
                child.unit = message.payload
                self._network.changed(now)
                self._network.rise(node, now, events)
            return
        one = self._quantity(node, message, now, events)
        if one is None:
            self.counters["skipped"] += 1
        elif number is None:
            self.counters["no_number"] += 1
            self._measured(one, None, _no_number(message.payload), now, events)
        else:
            self._measured(one, float(number[1]), None, now, events)
            one.last = payload

    def _quantity(self, node: Node, message: Message, now: float, events: list[Event]) -> Reported | None:
        """What the message brings a value of. That of a child that was not presented is sure, and kept for the
        next start, when it comes for the second time: the first may have been the work of a damaged line."""
        child = node.child(message.child)
        one = child.reported.get(message.type)
        if one is not None and one.sure:
            return one
        if one is None:
            sure = child.type is not None
            one = self._network.reported(node, message.child, message.type, sure=sure)
            if one is None:
                return None
        else:
            one.sure = node.known = True
        self._network.changed(now)
        self._network.rise(node, now, events)
        return one

    def _on_req(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        """A node wants the value of a quantity: it gets what came last."""
        child = node.children.get(message.child)
        one = child.reported.get(message.type) if child is not None else None
        if one is None or one.last is None or message.ack:
            self.counters["skipped"] += 1
            return
        events.append(Send(one.head + b";" + one.last.strip() + b"\n"))

    def _on_internal(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if not self._keeping.take(message, node, now, events):
            self.counters["skipped"] += 1
        elif message.type == Internal.BATTERY_LEVEL:
            self._on_battery(message, node, now, events)
        elif message.type == Internal.VERSION and node.number == GATEWAY:
            asked = self._asked
            if asked is not None and asked.of is None:
                self._asked = None
                events.append(Reply(asked.id, None))

    def _on_battery(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        number = _NUMBER.fullmatch(message.payload.encode())
        value = None if number is None else float(number[1])
        fault = _no_number(message.payload) if number is None else None
        if number is None:
            self.counters["no_number"] += 1
        elif node.battery != message.payload.strip():
            node.battery = message.payload.strip()
            if not node.has_battery:
                node.has_battery = True
                self._network.changed(now)
            self._network.rise(node, now, events)
        self._seq += 1
        events.append(Measurement(node.battery_channel, self._seq, value, fault, now))

    def _skip(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        self.counters["skipped"] += 1

    def _want_presentation(self, node: Node, child: int, now: float, events: list[Event]) -> None:
        """It is not known what a node or a child is: once for each, it is asked to say that."""
        soon = node.asked_at is not None and now - node.asked_at < PRESENT_S
        if soon or child in node.asked_for:
            return
        node.asked_for.add(child)
        node.asked_at = now
        self._network.send(node, encode(Message(node.number, BROADCAST, INTERNAL, 0, Internal.PRESENTATION)), events)

    def _measured(
        self, one: Reported, value: float | None, fault: str | None, now: float, events: list[Event]
    ) -> None:
        """A value, under each of its channel's names; also the answer to a request for it."""
        self._seq = seq = self._seq + 1
        one.at = now
        self._asking.came(one, now)
        asked = self._asked
        if asked is None or asked.of is not one:
            for name in one.names:
                events.append(Measurement(name, seq, value, fault, now))
            return
        self._asked = None
        self._asking.answered(one)
        for name in one.names:
            measurement = Measurement(name, seq, value, fault, now, asked.sent)
            events.append(measurement)
            if name == asked.channel:
                events.append(Reply(asked.id, measurement))


def _no_number(payload: str) -> str:
    return f"the node says {payload!r} instead of a number" if payload else "the node says nothing instead of a number"
