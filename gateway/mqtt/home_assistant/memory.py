"""What the store remembers of what stands retained at the broker. One that fails is as good as one that
remembers nothing: the events matter more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from gateway.mqtt.outbox.store import Store
from gateway.storage.schema import StoreError

logger = logging.getLogger(__name__)

DISCOVERY, TOPIC, SENDER = "discovery", "topic", "sender"
"""The kinds in the store: discovery messages, topics of configured sensors, users' own senders."""


class Memory:
    """Of one gateway, in its store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, kind: str) -> dict[str, str]:
        """The topics of a kind, and what was noted of each."""
        try:
            return self._store.retained(kind)
        except StoreError as error:
            logger.debug("mqtt: what is retained cannot be read: %s", error)
            return {}

    def components(self) -> dict[str, dict[str, str]]:
        """The discovery messages that are retained, with their components."""
        return {topic: _parts(text) for topic, text in self.of(DISCOVERY).items()}

    def note(self, kind: str, topics: Mapping[str, str | None]) -> bool:
        """Note topics, or forget them (None); whether the store has it now."""
        try:
            known = self._store.retained(kind)
            news = {topic: parts for topic, parts in topics.items() if known.get(topic) != parts}
            if news:
                self._store.note_retained(kind, news)
        except StoreError as error:
            logger.debug("mqtt: what is retained cannot be noted: %s", error)
            return False
        return True


def _parts(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
