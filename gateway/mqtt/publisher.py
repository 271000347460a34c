"""What goes out on the connection: live events first, then answers and states as they come, late events at
their rate. And who waits for which acknowledgement.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import logging
from collections import deque
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
FLOWING_S = 0.2
"""A broker that has acknowledged so lately is at work."""
OVERHEAD = 64
"""Bytes of a packet beside topic and payload, or more."""
TOO_LARGE = "larger than it takes"
MAX_NAMES = 2000
"""Topics that are kept ready; of more, all are made anew."""


class Other(NamedTuple):
    """A state, an answer, a discovery message; `acked` is to be called once the broker has it."""

    topic: str
    payload: bytes
    acked: Callable[[], None] | None
    retain: bool
    correlation: bytes | None


class Sent(NamedTuple):
    """What waits for its acknowledgement since `at` (monotonic)."""

    what: Outgoing | Other
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
        self._window = 0
        self._last_ack = 0.0
        self._sent: dict[int, Sent] = {}
        self._others: deque[Other] = deque()
        self._topics: dict[tuple[str, str], str] = {}
        self._refusals: set[tuple[str, str]] = set()
        self.published = 0
        """Events that the broker has, since the start."""

    @property
    def busy(self) -> bool:
        """Whether something waits for its acknowledgement, or to be sent."""
        return bool(self._sent or self._others) or (
            self._connection is not None and self._connection.blocked()
        )

    @property
    def keeping_up(self) -> bool:
        """Whether what waits does so only because there is much of it: the broker goes on acknowledging."""
        return self._outbox.crowded and self._clock() - self._last_ack < FLOWING_S

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
        self._window = accepted.window
        self._outbox.up(accepted.window)

    def down(self) -> None:
        """There is none."""
        if self._connection is not None:
            self._connection = None
            self._sent.clear()
            self._others.clear()
            self._outbox.down()

    def run(self, now: float) -> None:
        """Send what may go now."""
        connection, outbox, sent = self._connection, self._outbox, self._sent
        if connection is None:
            return
        if sent and now - next(iter(sent.values())).at > ACK_S:
            self._broken(f"nothing acknowledged for {ACK_S:g} s")
            return
        self._send_others()
        while (
            len(sent) < self._window and not connection.blocked() and (outgoing := outbox.next()) is not None
        ):
            outbox.sent(outgoing)
            topic, payload = self._message(outgoing)
            if len(topic) + len(payload) + OVERHEAD > self._max_bytes:
                self._refused(outgoing, TOO_LARGE)
                outbox.acked(outgoing)
                continue
            sent[connection.publish(topic, payload)] = Sent(outgoing, now)

    def acknowledged(self, note: Acknowledged) -> None:
        """The broker has answered to a message."""
        sent = self._sent.pop(note.mid, None)
        if sent is None:
            return
        self._last_ack = self._clock()
        what = sent.what
        if isinstance(what, Other):
            if note.problem is not None:
                self._complain(f"messages on {what.topic}", note.problem)
            if what.acked is not None:
                what.acked()
            return
        if note.problem is None:
            self.published += 1
        else:
            self._refused(what, note.problem)
        self._outbox.acked(what)

    def retain(self, topic: str, payload: bytes, acked: Callable[[], None] | None = None, /) -> None:
        """Publish what is to stay at the broker; `acked` is called once the broker has it."""
        self._send(topic, payload, acked, retain=True)

    def answer(self, answer: Answer) -> None:
        """An answer to a request; whoever asked on a connection that is gone has given up."""
        self._send(answer.topic, answer.payload, None, correlation=answer.correlation)

    def _send(
        self,
        topic: str,
        payload: bytes,
        acked: Callable[[], None] | None,
        *,
        retain: bool = False,
        correlation: bytes | None = None,
    ) -> None:
        if self._connection is None:
            return
        if len(topic) + len(payload) + OVERHEAD > self._max_bytes:
            self._complain(f"messages on {topic}", TOO_LARGE)
            return
        self._others.append(Other(topic, payload, acked, retain, correlation))
        self._send_others()

    def _send_others(self) -> None:
        """As many as the broker takes; there are no more of them than there are topics and requests."""
        connection, others, sent = self._connection, self._others, self._sent
        while connection is not None and others and len(sent) < self._window and not connection.blocked():
            other = others.popleft()
            mid = connection.publish(
                other.topic, other.payload, retain=other.retain, correlation=other.correlation
            )
            sent[mid] = Sent(other, self._clock())

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
        self._complain(f"events of {sender!r}", f"{why}; they are counted as lost")

    def _complain(self, what: str, why: str) -> None:
        """Once for each."""
        if (what, why) not in self._refusals and len(self._refusals) < MAX_NAMES:
            self._refusals.add((what, why))
            logger.error("mqtt: the broker refuses %s: %s", what, why)
