"""What the broker is not sent, as it cannot take it, and what the log says of it: once for each topic."""

from __future__ import annotations

import logging

from gateway.mqtt.gate import Gate
from gateway.mqtt.outbox.event import Event
from gateway.mqtt.parcels import Parcel, Subscription
from gateway.mqtt.waiting import Message

logger = logging.getLogger(__name__)

MOST = 100
"""Topics that are named: 30 sensors, of which Home Assistant is told one by one, have as many."""
TOO_LARGE, ENDS = "larger than it takes", "it ends the connection"
"""Reasons, for a gap record."""
SEE_LOG = "see why in the broker's log"


class LeftOut:
    """Speaks of one broker."""

    def __init__(self) -> None:
        self._topics: set[str] = set()

    def too_large(self, parcel: Parcel, max_bytes: int, gate: Gate) -> None:
        """It does not fit. `max_bytes`: what the broker says that it takes; the gate has found out more."""
        would = f"the broker takes {max_bytes} at most"
        if gate.limit is not None and gate.limit <= max_bytes:
            would = f"the broker has taken {gate.largest}, and ends the connection at {gate.limit}"
        advice = "raise that limit (Mosquitto: max_packet_size), or make it smaller"
        self._tell(parcel.topic, f"{_what(parcel)}: {would}; {advice}")

    def guilty(self, parcel: Parcel) -> None:
        """The broker ends the connection because of it, whatever its size."""
        if isinstance(parcel.what, Subscription):
            for topic in parcel.what.topics:
                text = f"the broker ends the connection each time at our subscription to {topic}"
                self._tell(topic, f"{text}: it is left out, so what comes there is not read; {SEE_LOG}")
            return
        why = "the broker ends the connection each time it gets it, also alone"
        self._tell(parcel.topic, f"{_what(parcel)}: {why}; {SEE_LOG}; some take no spaces in a topic (NATS)")

    def forget(self) -> None:
        """The broker may be another one: what is left out again is news."""
        self._topics.clear()

    def _tell(self, topic: str, text: str) -> None:
        if topic in self._topics or len(self._topics) > MOST:
            return
        self._topics.add(topic)
        if len(self._topics) > MOST:
            text = "the broker does not take messages on more topics than these; no more are named"
        logger.error("mqtt: %s", text)


def _what(parcel: Parcel) -> str:
    """What becomes of it."""
    match parcel.what:
        case Event():
            fate = "counted as lost"
        case Message(retain=True):
            fate = "left out until it is another"
        case _:
            fate = "left out"
    return f"a message of {parcel.size} bytes on {parcel.topic} is {fate}"
