"""What stands retained at the broker because of us, and is to be taken away when it is not true any more.

The store remembers each retained topic, so that what a change of the config leaves behind is removed, also
when the change was made while the gateway was off: a sensor's state, an entity of Home Assistant. Forgotten
is only what the broker has acknowledged.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import json
import logging
import math
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from gateway.mqtt.discovery import Announcement, encode
from gateway.mqtt.schema import StoreError
from gateway.mqtt.store import Store

logger = logging.getLogger(__name__)

DISCOVERY, TOPIC, SENDER = "discovery", "topic", "sender"
"""The kinds in the store: discovery messages, topics of configured sensors, users' own senders."""
BIRTH_DELAY_S = (0.5, 3.0)
"""After Home Assistant's birth, so that not all gateways answer it at once."""
MAX_OWN = 1000
"""Users' own senders that are remembered."""


class Publish(Protocol):
    """Publish retained, QoS 1; `acked` is called once the broker has it."""

    def __call__(self, topic: str, payload: bytes, acked: Callable[[], None] | None = None, /) -> None: ...


class Announcer:
    """`wanted()` returns what Home Assistant is to know; `refresh` publishes all states again."""

    def __init__(
        self,
        store: Store,
        topics: Iterable[str],
        wanted: Callable[[], list[Announcement]],
        *,
        publish: Publish,
        refresh: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._topics = dict.fromkeys(topics, "")
        self._wanted = wanted
        self._publish = publish
        self._refresh = refresh
        self._clock = clock
        self._connected = False
        self._said: dict[str, bytes] = {}  # discovery messages of this connection
        self._own: dict[str, str] = {}
        self.due = math.inf
        """When `run` has something to do."""

    def up(self) -> None:
        """There is a connection: remove what is not true any more, announce the rest."""
        self._connected = True
        self._said.clear()
        for topic in self._remembered(TOPIC).keys() - self._topics.keys():
            self._publish(topic, b"", lambda topic=topic: self._note(TOPIC, {topic: None}))  # type: ignore[misc]
        self._note(TOPIC, self._topics)
        self.announce()

    def down(self) -> None:
        """There is none."""
        self._connected = False
        self.due = math.inf

    def announce(self) -> None:
        """Publish what Home Assistant does not know yet, or knows otherwise."""
        if not self._connected:
            return
        wanted = {announced.topic: announced for announced in self._wanted()}
        known = {topic: _parts(text) for topic, text in self._remembered(DISCOVERY).items()}
        for topic in known.keys() - wanted.keys():
            self._publish(topic, b"", lambda topic=topic: self._note(DISCOVERY, {topic: None}))  # type: ignore[misc]
        # Noted before they are there: rather remove once too often than leave an orphan.
        self._note(
            DISCOVERY,
            {t: json.dumps({**known.get(t, {}), **announced.parts}) for t, announced in wanted.items()},
        )
        for topic, announced in wanted.items():
            self._say(announced, known.get(topic, {}))

    def birth(self) -> None:
        """Home Assistant has started: say everything again, in a moment."""
        self.due = self._clock() + random.uniform(*BIRTH_DELAY_S)

    def run(self, now: float) -> None:
        """Say everything again, if it is time."""
        if now < self.due:
            return
        self.due = math.inf
        self._said.clear()
        self.announce()
        self._refresh()

    def own_senders(self) -> Iterable[str]:
        """Users' own senders of earlier runs."""
        self._own |= self._remembered(SENDER)
        return self._own.values()

    def remember_sender(self, sender: str, topic: str) -> None:
        """A user's own sender is online: should it be gone at the next start, it is to be offline."""
        if topic not in self._own and topic not in self._topics and len(self._own) < MAX_OWN:
            self._own[topic] = sender
            self._note(SENDER, {topic: sender})

    def _say(self, announced: Announcement, known: Mapping[str, str]) -> None:
        payload = encode(announced.payload)
        if self._said.get(announced.topic) == payload:
            return
        self._said[announced.topic] = payload
        gone = {key: platform for key, platform in known.items() if key not in announced.parts}
        if not gone:
            self._publish(announced.topic, payload)
            return
        self._publish(announced.topic, announced.without(gone))
        noted = {announced.topic: json.dumps(announced.parts)}
        self._publish(announced.topic, payload, lambda: self._note(DISCOVERY, noted))

    def _remembered(self, kind: str) -> dict[str, str]:
        try:
            return self._store.retained(kind)
        except StoreError as error:
            logger.debug("mqtt: what is retained cannot be read: %s", error)
            return {}

    def _note(self, kind: str, topics: Mapping[str, str | None]) -> None:
        try:
            known = self._store.retained(kind)
            news = {topic: parts for topic, parts in topics.items() if known.get(topic) != parts}
            if news:
                self._store.note_retained(kind, news)
        except StoreError as error:
            logger.debug("mqtt: what is retained cannot be noted: %s", error)


def _parts(text: str) -> dict[str, str]:
    found = json.loads(text)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
