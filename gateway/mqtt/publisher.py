"""What goes out on the connection: live events first, then answers and states as they come, late events at
their rate. And who waits for which acknowledgement.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from gateway.mqtt.connection import Acknowledged, Connected, Connection
from gateway.mqtt.outbox import LateGap, Outbox, Outgoing
from gateway.mqtt.requests import Answer
from gateway.mqtt.store import loss_of
from gateway.mqtt.topics import Topics, event_payload, gap_head

logger = logging.getLogger(__name__)

ACK_S = 20.0
"""A broker that does not acknowledge for so long is as good as gone."""
OVERHEAD = 64
"""Bytes of a packet beside topic and payload, or more."""
MAX_NAMES = 2000
"""Topics that are kept ready; of more, all are made anew."""


class Sent(NamedTuple):
    """What waits for its acknowledgement: an event, or what to call then. `at`: monotonic."""

    what: Outgoing | Callable[[], None] | None
    at: float


class Publisher:
    """`broken(text)` is told when the connection turns out to be no good."""

    def __init__(
        self, names: Topics, outbox: Outbox, broken: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._names = names
        self._outbox = outbox
        self._broken = broken
        self._clock = clock
        self._connection: Connection | None = None
        self._max_bytes = 0
        self._sent: dict[int, Sent] = {}
        self._topics: dict[tuple[str, str], str] = {}
        self._refusals: set[tuple[str, str]] = set()
        self.published = 0
        """Events that the broker has, since the start."""

    @property
    def busy(self) -> bool:
        """Whether something waits for its acknowledgement, or to be sent."""
        return bool(self._sent) or (self._connection is not None and self._connection.blocked())

    @property
    def waiting(self) -> int:
        """Events that the broker has not acknowledged yet."""
        return len(self._outbox)

    @property
    def lost(self) -> int:
        """Events dropped since the start."""
        return self._outbox.lost

    @property
    def due(self) -> float:
        """When `run` has something to do."""
        return self._outbox.late_due

    def up(self, connection: Connection, accepted: Connected) -> None:
        """There is a connection."""
        self._connection = connection
        self._max_bytes = accepted.max_bytes
        self._outbox.up(accepted.window)

    def down(self) -> None:
        """There is none."""
        if self._connection is not None:
            self._connection = None
            self._sent.clear()
            self._outbox.down()

    def run(self, now: float) -> None:
        """Send what may go now."""
        connection, outbox, sent = self._connection, self._outbox, self._sent
        if connection is None:
            return
        if sent and now - next(iter(sent.values())).at > ACK_S:
            self._broken(f"nothing acknowledged for {ACK_S:g} s")
            return
        while not connection.blocked() and (outgoing := outbox.next()) is not None:
            outbox.sent(outgoing)
            topic, payload = self._message(outgoing)
            if len(topic) + len(payload) + OVERHEAD > self._max_bytes:
                self._refused(outgoing, "it is larger than the broker takes")
                outbox.acked(outgoing)
                continue
            sent[connection.publish(topic, payload, 1)] = Sent(outgoing, now)

    def acknowledged(self, note: Acknowledged) -> None:
        """The broker has answered to a message."""
        sent = self._sent.pop(note.mid, None)
        if sent is None:
            return
        what = sent.what
        if what is None:
            return
        if callable(what):
            what()
            return
        if note.problem is None:
            self.published += 1
        else:
            self._refused(what, note.problem)
        self._outbox.acked(what)

    def retain(self, topic: str, payload: bytes) -> None:
        """A state, which the next one makes good if it is lost."""
        if self._connection is not None:
            self._connection.publish(topic, payload, retain=True)

    def retain_surely(self, topic: str, payload: bytes, acked: Callable[[], None] | None = None, /) -> None:
        """What nobody says again: `acked` is called once the broker has it."""
        if self._connection is not None:
            mid = self._connection.publish(topic, payload, 1, retain=True)
            self._sent[mid] = Sent(acked, self._clock())

    def answer(self, answer: Answer) -> None:
        """An answer to a request; whoever asked on a connection that is gone has given up."""
        if self._connection is None:
            return
        if len(answer.topic) + len(answer.payload) + OVERHEAD > self._max_bytes:
            logger.warning("mqtt: the answer on %s is larger than the broker takes", answer.topic)
            return
        mid = self._connection.publish(answer.topic, answer.payload, 1, correlation=answer.correlation)
        self._sent[mid] = Sent(None, self._clock())

    def _message(self, outgoing: Outgoing) -> tuple[str, bytes]:
        if isinstance(outgoing, LateGap):
            gap = outgoing.gap
            head = gap_head(gap.first, gap.last, gap.lost, gap.reason)
            return self._topic(gap.sender, "gap"), event_payload(head, gap.uid, late=True)
        payload = event_payload(outgoing.head, outgoing.uid, late=outgoing.late)
        return self._topic(outgoing.sender, outgoing.event), payload

    def _topic(self, sender: str, event: str) -> str:
        key = sender, event
        topic = self._topics.get(key)
        if topic is None:
            if len(self._topics) >= MAX_NAMES:
                self._topics.clear()
            topic = self._topics[key] = self._names.event(sender, event)
        return topic

    def _refused(self, outgoing: Outgoing, why: str) -> None:
        """The broker will not have it, also not a second time: count it as lost, and say so once."""
        sender = outgoing.gap.sender if isinstance(outgoing, LateGap) else outgoing.sender
        if not isinstance(outgoing, LateGap):
            self._outbox.lose(sender, f"refused by the broker: {why}", loss_of(outgoing.utc))
        if (sender, why) not in self._refusals and len(self._refusals) < MAX_NAMES:
            self._refusals.add((sender, why))
            logger.error("mqtt: the broker refuses events of %r: %s; they are counted as lost", sender, why)
