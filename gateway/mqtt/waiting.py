"""What waits to be sent and is no event: subscriptions, answers, and the newest of what is retained.

Of what is retained only the newest waits, and only one message of a topic is in flight. All of it belongs to
the bridge's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.mqtt.requests import Answer

Acked = Callable[[bool], None]
"""Told whether the broker took a message."""


class Message(NamedTuple):
    """What is retained, or an answer; `acked` is to be called once the broker has answered."""

    topic: str
    payload: bytes
    retain: bool = True
    correlation: bytes | None = None
    acked: Acked | None = None
    answer: Answer | None = None


class Waiting:
    """`push` and `pop`; `done` once the broker has answered to what `pop` returned."""

    def __init__(self) -> None:
        self.topics: deque[str] = deque()
        """To be subscribed to."""
        self.answers: deque[Message] = deque()
        self._retained: dict[str, Message] = {}  # by topic: ready to go
        self._behind: dict[str, Message] = {}  # the same, behind one that is in flight
        self._busy: set[str] = set()

    def __bool__(self) -> bool:
        """Whether a message may go."""
        return bool(self.answers or self._retained)

    def push(self, message: Message) -> None:
        """It takes the place of what is retained for that topic and waits already."""
        if message.retain:
            (self._behind if message.topic in self._busy else self._retained)[message.topic] = message
        else:
            self.answers.append(message)

    def pop(self) -> Message:
        """The next: answers before what is retained."""
        if self.answers:
            return self.answers.popleft()
        message = self._retained.pop(next(iter(self._retained)))
        self._busy.add(message.topic)
        return message

    def has(self, topic: str) -> bool:
        """Whether something that is retained waits for that topic, or is in flight."""
        return topic in self._retained or topic in self._busy

    def retained(self) -> Iterator[Message]:
        """What is retained and may go."""
        return iter(self._retained.values())

    def done(self, message: Message) -> None:
        """The broker has answered, or never will."""
        if not message.retain:
            return
        self._busy.discard(message.topic)
        newer = self._behind.pop(message.topic, None)
        if newer is not None:
            self._retained[message.topic] = newer

    def clear(self) -> None:
        """The connection has gone, and with it whoever asked; what is retained is said anew at the next."""
        for waiting in (self.topics, self.answers, self._retained, self._behind, self._busy):
            waiting.clear()
