"""Values: what children report, what batteries have, and what a node wants to know. Commands 1 and 2."""

import re
from collections import Counter
from typing import NamedTuple

from drivers.source import Measurement
from drivers.stream.conversation import Event, Reply, Send
from drivers.stream.mysensors import types
from drivers.stream.mysensors.asking import Asking
from drivers.stream.mysensors.network import Network
from drivers.stream.mysensors.nodes import Heard, Reported
from drivers.stream.mysensors.types import Payload

NUMBER = re.compile(rb" {0,25}([+-]?[0-9]{1,25}(?:\.[0-9]{1,25})?) {0,25}\r?")
"""As `dtostrf` and `itoa` write one, padded with spaces to a least width; a payload has 25 bytes.
So no line that was cut for its length fits: what was cut off may have been more than spaces."""
# A read that is not answered in that time counts as one that is not answered.
MISSED_S = 2.5


class Asked(NamedTuple):
    """The request that may be answered now. `of`: what a `read` asks for; None for the gateway's version."""

    id: int
    channel: str
    of: Reported | None
    sent: float


class Values:
    """For the thread that reads; `asked` is set by who sends, one request at a time."""

    def __init__(self, network: Network, asking: Asking, counters: Counter[str]) -> None:
        self._network = network
        self._asking = asking
        self._counters = counters
        self._seq = 0
        self._missed: Asked | None = None
        self.asked: Asked | None = None

    def take(self, heard: Heard) -> None:
        """A child reports something."""
        message = heard.message
        payload = message.payload.encode()
        number = NUMBER.fullmatch(payload)
        kind = types.VALUES[message.type].payload
        if kind is Payload.TEXT or (kind is Payload.LOOSE and number is None):
            self._counters["texts"] += 1
            self._take_text(heard)
            return
        one = self._quantity(heard)
        if one is None:
            self._counters["skipped"] += 1
        elif number is None:
            self._counters["no_number"] += 1
            self.measured(one, None, _no_number(message.payload), heard.now, heard.events)
        else:
            self.measured(one, float(number[1]), None, heard.now, heard.events)
            one.last = payload

    def measured(
        self, one: Reported, value: float | None, fault: str | None, now: float, events: list[Event]
    ) -> None:
        """A value, under each of its channel's names; also the answer to a request for it."""
        self._seq = seq = self._seq + 1
        one.at = now
        self._asking.came(one, now)
        asked = self.asked
        if asked is None or asked.of is not one:
            events += [Measurement(name, seq, value, fault, now) for name in one.names]
            return
        self.asked = None
        self._asking.answered(one)
        for name in one.names:
            measurement = Measurement(name, seq, value, fault, now, asked.sent)
            events.append(measurement)
            if name == asked.channel:
                events.append(Reply(asked.id, measurement))

    def battery(self, heard: Heard) -> None:
        """A node says what is left of its battery, in percent."""
        node, payload = heard.node, heard.message.payload
        number = NUMBER.fullmatch(payload.encode())
        value, fault = (None, _no_number(payload)) if number is None else (float(number[1]), None)
        if number is None:
            self._counters["no_number"] += 1
        elif node.battery != payload.strip():
            node.battery = payload.strip()
            if not node.has_battery:
                node.has_battery = True
                self._network.changed(heard.now)
            self._network.rise(node, heard.now, heard.events)
        self._seq += 1
        heard.events.append(Measurement(node.battery_channel, self._seq, value, fault, heard.now))

    def wanted(self, heard: Heard) -> None:
        """A node wants to know a value: it gets what came last."""
        child = heard.node.children.get(heard.message.child)
        one = child.reported.get(heard.message.type) if child is not None else None
        if one is None or one.last is None:
            self._counters["skipped"] += 1
            return
        heard.events.append(Send(one.head + b";" + one.last.strip() + b"\n"))

    def version(self, events: list[Event]) -> None:
        """The gateway has said its version: that is an answer to whoever asked whether it is there."""
        asked = self.asked
        if asked is not None and asked.of is None:
            self.asked = None
            events.append(Reply(asked.id, None))

    def look(self, now: float) -> None:
        """Count a read that is not answered."""
        asked = self.asked
        if asked is None or asked.of is None or asked is self._missed or now - asked.sent <= MISSED_S:
            return
        self._missed = asked
        self._asking.missed(asked.of, now)

    def _take_text(self, heard: Heard) -> None:
        """Only that of a unit says something of numbers."""
        child, unit = heard.node.child(heard.message.child), heard.message.payload
        if heard.message.type == types.V_UNIT_PREFIX and child.unit != unit:
            child.unit = unit
            self._network.changed(heard.now)
            self._network.rise(heard.node, heard.now, heard.events)

    def _quantity(self, heard: Heard) -> Reported | None:
        """What the message brings a value of. That of a child that was not presented is sure, and kept for
        the next start, when it comes again: the first one may have been the work of a damaged line."""
        node, message = heard.node, heard.message
        child = node.child(message.child)
        one = child.reported.get(message.type)
        if one is not None and one.sure:
            return one
        if one is not None:
            one.sure = node.known = True
        else:
            sure = child.type is not None
            one = self._network.reported(node, message.child, message.type, sure=sure)
            if one is None:
                return None
        self._network.changed(heard.now)
        self._network.rise(node, heard.now, heard.events)
        return one


def _no_number(payload: str) -> str:
    return f"the node says {payload!r} instead of a number" if payload else "the node says nothing"
