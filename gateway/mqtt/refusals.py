"""What the log says of what the broker does not take: each thing once."""

from __future__ import annotations

import logging

from gateway.mqtt.broker.complaints import Complaints

logger = logging.getLogger(__name__)

MAX_TOLD = 20
"""Different refusals that are logged."""
MAX_LEFT_OUT = 100
"""Topics left out that are logged: 30 sensors, of which Home Assistant is told one by one, have as many."""
SEE_LOG = "see why in the broker's log"


class Refusals:
    """Speaks of one broker."""

    def __init__(self) -> None:
        self._told = Complaints(logger, MAX_TOLD)
        self._refusals: set[tuple[str, str]] = set()
        self._left_out: set[str] = set()

    def refused(self, kind: str, which: str, why: str) -> None:
        """The broker says no, and why. Once for each kind and reason: what is refused one sender is mostly
        refused all."""
        if (kind, why) not in self._refusals and len(self._refusals) < MAX_TOLD:
            self._refusals.add((kind, why))
            self._told.tell(logging.ERROR, f"mqtt: the broker refuses {kind} such as {which}: {why}")

    def too_large(self, topic: str, size: int, fate: str, limit: str) -> None:
        """It does not fit."""
        advice = "raise that limit (Mosquitto: max_packet_size, message_size_limit), or make it smaller"
        self._leave_out(topic, f"a message of {size} bytes on {topic} is {fate}: {limit}; {advice}")

    def guilty(self, topic: str, size: int, fate: str) -> None:
        """The broker ends the connection because of it, whatever its size."""
        why = "the broker ends the connection each time it gets it, also alone, and takes others of that size"
        advice = f"{SEE_LOG}; some take no spaces in a topic (NATS)"
        self._leave_out(topic, f"a message of {size} bytes on {topic} is {fate}: {why}; {advice}")

    def unreadable(self, topics: tuple[str, ...]) -> None:
        """The broker ends the connection because we want to read these."""
        for topic in topics:
            text = f"the broker ends the connection each time at our subscription to {topic}"
            self._leave_out(topic, f"{text}: it is left out, so what comes there is not read; {SEE_LOG}")

    def flood(self) -> None:
        """Of requests."""
        text = "mqtt: a flood of requests: some are not even answered that the gateway is busy"
        self._told.tell(logging.WARNING, text)

    def forget(self) -> None:
        """The broker may be another one: what is left out again is news."""
        self._left_out.clear()

    def _leave_out(self, topic: str, text: str) -> None:
        if topic in self._left_out or len(self._left_out) > MAX_LEFT_OUT:
            return
        self._left_out.add(topic)
        if len(self._left_out) > MAX_LEFT_OUT:
            logger.error("mqtt: the broker does not take messages on more topics; no more are named")
        else:
            logger.error("mqtt: %s", text)
