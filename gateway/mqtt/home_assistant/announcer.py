"""What stands retained at the broker because of us, and is to be taken away when it is not true any more.

The store remembers each retained topic, so that what a change of the config leaves behind is removed, also
when the change was made while the gateway was off: a sensor's state, an entity of Home Assistant. Forgotten
is only what the broker has taken; what it refuses is tried again in a while, and at the next connection.

What must be seen in order (see succession.py) is published step by step. While steps are under way, what else
is to be announced waits for their end.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import json
import logging
import math
import random
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from gateway.mqtt.home_assistant.discovery import Announcement
from gateway.mqtt.home_assistant.memory import DISCOVERY, SENDER, TOPIC, Memory
from gateway.mqtt.home_assistant.spared import Spared, nothing_spared, without_spared
from gateway.mqtt.home_assistant.succession import Message, succession
from gateway.mqtt.outbox.store import Store

logger = logging.getLogger(__name__)

BIRTH_DELAY_S = (0.5, 3.0)
"""After Home Assistant's birth, so that not all gateways answer it at once."""
SETTLE_S = 1.0
"""From the broker's acknowledgement of a step to the next one: Home Assistant removes entities in the
background, and leaves out the rest of a device's message if it is not done with one of its components."""
PATIENCE_S = 30.0
"""A step that is not answered for so long never will be: a message was too large to be sent."""
RETRY_S = 50.0
"""Until a removal that was refused is tried again, and with it what could not be there beside it."""


class Publish(Protocol):
    """Publish retained, QoS 1; `acked` is called once the broker has answered, with whether it took it,
    unless a newer payload for the same topic replaced it before it was sent."""

    def __call__(
        self, topic: str, payload: bytes, acked: Callable[[bool], None] | None = None, /
    ) -> None: ...


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
        spared: Spared = nothing_spared,
    ) -> None:
        self._memory = Memory(store)
        self._spared = spared
        self._topics = dict.fromkeys(topics, "")
        self._wanted = wanted
        self._publish = publish
        self._refresh = refresh
        self._clock = clock
        self._connected = False
        self._complained = False
        self._said: dict[str, bytes] = {}  # discovery messages of this connection
        self._own: dict[str, str] = {}
        self._steps: deque[list[Message]] = deque()
        self._unacked: dict[str, Message] = {}  # of the step that is under way
        self._acked: list[Message] = []  # of the same, to be noted
        self._under_way = False
        self._again = False
        self._birth_due = math.inf
        self._step_due = math.inf
        self._retry_due = math.inf

    @property
    def due(self) -> float:
        """When `run` has something to do."""
        return min(self._birth_due, self._step_due, self._retry_due)

    def up(self) -> None:
        """There is a connection: remove what is not true any more, announce the rest."""
        self._connected = True
        self._said.clear()
        self.announce()

    def down(self) -> None:
        """There is none. What was under way begins anew with the next one."""
        self._connected = False
        self._under_way = self._again = False
        self._steps.clear()
        self._unacked, self._acked = {}, []
        self._birth_due = self._step_due = self._retry_due = math.inf

    def announce(self) -> None:
        """Publish what Home Assistant does not know yet, or knows otherwise."""
        if not self._connected:
            return
        if self._under_way:
            self._again = True
            return
        gone = self._memory.of(TOPIC).keys() - self._topics.keys()
        self._memory.note(TOPIC, self._topics)
        removals, migrations, finals, emptied = self._succession()
        emptied_states = [Message(topic, b"") for topic in gone]
        self._steps.extend([removals, migrations + emptied_states, finals, emptied])
        self._under_way = True
        self._next_step()

    def birth(self) -> None:
        """Home Assistant has started: say everything again, in a moment."""
        self._birth_due = self._clock() + random.uniform(*BIRTH_DELAY_S)

    def run(self, now: float) -> None:
        """Go on with the steps, and say everything again, if it is time."""
        if now >= self._step_due:
            self._next_step()
        if now >= self._birth_due:
            self._birth_due = math.inf
            self._announce_all()
            self._refresh()
        if now >= self._retry_due:
            self._retry_due = math.inf
            self._announce_all()

    def is_changing(self, topic: str) -> bool:
        """Whether there are steps under way, and this is a topic of theirs."""
        return self._under_way and topic in self._said

    def own(self, topics: Iterable[str]) -> None:
        """These are there, too, and are not taken away."""
        new = dict.fromkeys(topics, "")
        self._topics.update(new)
        if users := self._own.keys() & new.keys():
            self._memory.note(SENDER, dict.fromkeys(users))
            for topic in users:
                del self._own[topic]

    def use(self, topics: Iterable[str], wanted: Callable[[], list[Announcement]], spared: Spared) -> None:
        """The config has changed: those topics are there, and no others; that is to be announced."""
        self._topics = dict.fromkeys(topics, "")
        self._wanted, self._spared = wanted, spared
        for topic in self._topics:  # one that was taken away earlier may be there again
            self._said.pop(topic, None)
        self.announce()

    def own_senders(self) -> Iterable[str]:
        """Users' own senders of earlier runs."""
        self._own |= self._memory.of(SENDER)
        return self._own.values()

    def remember_sender(self, sender: str, topic: str) -> None:
        """A user's own sender is online: should it be gone at the next start, it is to be offline.

        As many as have an availability at all."""
        is_new = topic not in self._own and topic not in self._topics
        if is_new and self._memory.note(SENDER, {topic: sender}):
            self._own[topic] = sender

    def _announce_all(self) -> None:
        # What is on its way will be heard.
        self._said = {one.topic: one.payload for one in self._unacked.values()}
        self.announce()

    def _succession(self) -> Iterable[list[Message]]:
        """What is to be said of discovery; nothing, if that fails: the bridge has more to do than this."""
        try:
            known = without_spared(self._memory.components(), self._spared)
            return succession(self._wanted(), known)
        except Exception:
            if not self._complained:
                self._complained = True
                logger.exception("mqtt: nothing is announced to Home Assistant; please report this")
            return [], [], [], []

    def _next_step(self) -> None:
        """Note what the last step did, and begin the next one that has something to say."""
        self._step_due = math.inf
        self._note_acked()
        while self._steps:
            messages = [one for one in self._steps.popleft() if self._said.get(one.topic) != one.payload]
            if not messages:
                continue
            if any(self._steps):
                self._step_due = self._clock() + PATIENCE_S
                self._begin(messages)
                return
            self._begin(messages)
        self._under_way = False
        if self._again:
            self._again = False
            self.announce()

    def _begin(self, messages: list[Message]) -> None:
        # Noted before they are there: rather remove once too often than leave an orphan.
        known = self._memory.components()
        new = {one.topic: {**known.get(one.topic, {}), **one.adds} for one in messages if one.adds}
        self._memory.note(DISCOVERY, {topic: json.dumps(parts) for topic, parts in new.items()})
        self._unacked = unacked = {one.topic: one for one in messages}
        for one in messages:
            self._said[one.topic] = one.payload
            self._publish(one.topic, one.payload, partial(self._answered, one, unacked))

    def _answered(self, message: Message, step: dict[str, Message], taken: bool) -> None:
        """The broker has, or refuses, a message of a step. That may be over, and its connection gone."""
        if not self._connected or self._said.get(message.topic) != message.payload:
            return
        if taken:
            self._acked.append(message)
        elif not message.adds:
            self._retry_due = self._clock() + RETRY_S
        step.pop(message.topic, None)
        if not step:
            self._note_acked()
            if step is self._unacked and any(self._steps):
                self._step_due = self._clock() + SETTLE_S

    def _note_acked(self) -> None:
        if not self._acked:
            return
        acked, self._acked = self._acked, []
        known = self._memory.components()
        news: dict[str, str | None] = {one.topic: None for one in acked if not one.payload}
        for one in acked:
            if one.removes:
                left = {
                    key: value for key, value in known.get(one.topic, {}).items() if key not in one.removes
                }
                news[one.topic] = json.dumps(left)
        self._memory.note(DISCOVERY, news)
        self._memory.note(TOPIC, {topic: None for topic, left in news.items() if left is None})
