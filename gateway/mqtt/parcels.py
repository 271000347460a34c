"""What is handed to the connection: events, gap records, answers, what is retained, subscriptions, probes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.mqtt.aside import SUBSCRIPTION
from gateway.mqtt.outbox.event import Event, LateGap, Outgoing
from gateway.mqtt.suspects import Item
from gateway.mqtt.topics import Topics, event_payload
from gateway.mqtt.waiting import Message

MAX_NAMES = 2000
"""Topics that are kept ready; of more, all are made anew."""


class Subscription(NamedTuple):
    """A subscription to these topics."""

    topics: tuple[str, ...]


class Probe(NamedTuple):
    """A message that says nothing, to see whether so many bytes are taken."""

    size: int


Cargo = Outgoing | Message | Subscription | Probe
Size = Callable[[bytes, bytes, bytes | None], int]
"""Of a packet: from topic, payload and correlation data."""


class Parcel(NamedTuple):
    """`size`: bytes as a packet; 0 for a subscription, which is never too large."""

    what: Cargo
    topic: str
    payload: bytes
    size: int
    retain: bool = False
    correlation: bytes | None = None

    @property
    def names(self) -> list[str]:
        """What it is called if the broker does not take it."""
        if isinstance(self.what, Subscription):
            return [f"{SUBSCRIPTION}{topic}" for topic in self.what.topics]
        return [self.topic]

    @property
    def items(self) -> list[Item]:
        """What may be to blame if the connection ends."""
        match self.what:
            case Subscription():
                return [Item(name, "", 0) for name in self.names]
            case Event(uid=uid):
                identity = uid
            case LateGap(gap):
                identity = gap.uid
            case _:
                identity = f"{hash(self.payload):x}" if self.retain else ""
        return [Item(self.topic, identity, self.size)]


def of_subscription(*topics: str) -> Parcel:
    """To these."""
    return Parcel(Subscription(topics), "", b"", 0)


def of_message(message: Message, size: Size) -> Parcel:
    """An answer, or what is retained."""
    topic, payload, retain, correlation, *_ = message
    return Parcel(message, topic, payload, size(topic.encode(), payload, correlation), retain, correlation)


def of_probe(topic: str, wanted: int, size: Size) -> Parcel:
    """Of as many bytes as are wanted: spaces. A topic may be longer than that, and then it is as good; and
    one size in 128 and in 16,384 is no packet's, as the length itself becomes longer there."""
    name = topic.encode()
    payload = b" " * (wanted - size(name, b"", None))
    while payload and size(name, payload, None) > wanted:
        payload = payload[1:]
    return Parcel(Probe(wanted), topic, payload, wanted)


class EventParcels:
    """Makes those of events and gap records. `head`: the beginning of an event's message, or of a gap's."""

    def __init__(self, names: Topics, head: Callable[[Outgoing], str]) -> None:
        self._names = names
        self._head = head
        self._topics: dict[tuple[str, str], tuple[str, bytes]] = {}

    def make(self, outgoing: Outgoing, size: Size) -> Parcel:
        """Of an event or a gap record."""
        if isinstance(outgoing, Event):
            topic, name = self._topic(outgoing.sender, outgoing.event)
            payload = event_payload(self._head(outgoing), outgoing.uid, late=outgoing.late)
        else:
            topic, name = self._topic(outgoing.gap.sender, "gap")
            payload = event_payload(self._head(outgoing), outgoing.gap.uid, late=True)
        return Parcel(outgoing, topic, payload, size(name, payload, None))

    def _topic(self, sender: str, event: str) -> tuple[str, bytes]:
        """The topic, and its bytes."""
        key = sender, event
        found = self._topics.get(key)
        if found is None:
            if len(self._topics) >= MAX_NAMES:
                self._topics.clear()
            topic = self._names.event(sender, event)
            found = self._topics[key] = topic, topic.encode()
        return found
