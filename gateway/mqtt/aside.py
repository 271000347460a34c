"""What the broker does not get, or does not let us read, and why: for whoever asks how the bridge fares.

The bridge's thread writes; `topics` may be read from any thread, as it is replaced rather than changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MOST = 100
"""Topics that are named, as many as in the log."""
SUBSCRIPTION = "subscription to "
"""What a subscription's topic is named with: messages there are another matter."""


class Aside:
    """Of one broker. `topics`: by topic, why."""

    def __init__(self) -> None:
        self.topics: Mapping[str, str] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.topics)

    def put(self, topics: Iterable[str], why: str) -> None:
        """These are not taken."""
        for topic in topics:
            known = self.topics.get(topic)
            if known != why and (known is not None or len(self.topics) < MOST):
                self.topics = {**self.topics, topic: why}

    def taken(self, topic: str) -> None:
        """What came there last is at the broker."""
        if topic in self.topics:
            self._keep(other for other in self.topics if other != topic)

    def reconnected(self) -> None:
        """All that is to be read is subscribed to anew."""
        self._keep(topic for topic in self.topics if not topic.startswith(SUBSCRIPTION))

    def forget(self) -> None:
        """The broker may be another one."""
        self.topics = {}

    def _keep(self, topics: Iterable[str]) -> None:
        self.topics = {topic: self.topics[topic] for topic in topics}
