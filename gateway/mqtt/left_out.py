"""What the log says of what the broker is not sent any more, as it cannot take it: once for each topic."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)

MOST = 100
"""Topics that are named: 30 sensors, of which Home Assistant is told one by one, have as many."""
SEE_LOG = "see why in the broker's log"


class LeftOut:
    """Speaks of one broker."""

    def __init__(self) -> None:
        self._topics: set[str] = set()

    def too_large(self, topic: str, size: int, fate: str, limit: str) -> None:
        """It does not fit. `fate`: what becomes of it; `limit`: what would."""
        advice = "raise that limit (Mosquitto: max_packet_size), or make it smaller"
        self._tell(topic, f"a message of {size} bytes on {topic} is {fate}: {limit}; {advice}")

    def guilty(self, topic: str, size: int, fate: str) -> None:
        """The broker ends the connection because of it, whatever its size."""
        why = "the broker ends the connection each time it gets it, also alone, and takes others of that size"
        advice = f"{SEE_LOG}; some take no spaces in a topic (NATS)"
        self._tell(topic, f"a message of {size} bytes on {topic} is {fate}: {why}; {advice}")

    def unreadable(self, topics: tuple[str, ...]) -> None:
        """The broker ends the connection because we want to read these."""
        for topic in topics:
            text = f"the broker ends the connection each time at our subscription to {topic}"
            self._tell(topic, f"{text}: it is left out, so what comes there is not read; {SEE_LOG}")

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
