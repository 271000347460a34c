"""What goes out on the connection, and who waits for which acknowledgement.

Events and the rest (answers, what is retained) take turns, live events before late ones, and the rest may
fill half of the window at most. Of what is retained only the newest waits, and only one message of a topic
is in flight.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from gateway.mqtt.broker.complaints import Complaints, Refusals
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.notes import Acknowledged, Connected
from gateway.mqtt.outbox.event import Event, LateGap, Outgoing
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.requests import Answer
from gateway.mqtt.topics import Topics, event_payload

logger = logging.getLogger(__name__)

ACK_S = 20.0
"""A broker that does not acknowledge for so long is as good as gone."""
FLOWING_S = 0.2
"""A broker that has acknowledged so lately is at work."""
OVERHEAD = 64
"""Bytes of a packet beside topic, payload and correlation data, or more."""
TOO_LARGE = "larger than it takes"
MAX_NAMES = 2000
"""Topics that are kept ready; of more, all are made anew."""
MAX_TOLD = 20
"""Different refusals that are logged."""
POISON = 3
"""An event that could not be sent, or taken, so many times, each at the cost of a connection, is left out."""
MAX_TROUBLES = 100
ANSWERS = 500
"""Answers that wait in a flood; with half of it no more requests are run, beyond it refusals are dropped."""


Acked = Callable[[bool], None]
"""Told whether the broker took a message."""


class Message(NamedTuple):
    """An answer or what is retained; `acked` is to be called once the broker has answered."""

    topic: str
    payload: bytes
    retain: bool
    correlation: bytes | None = None
    acked: Acked | None = None

    @property
    def size(self) -> int:
        """Bytes, at most."""
        return len(self.topic.encode()) + len(self.payload) + len(self.correlation or b"") + OVERHEAD


class Sent(NamedTuple):
    """What waits for its acknowledgement since `at` (monotonic)."""

    what: Outgoing | Message
    at: float


class Delivery:
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
        self._answers: deque[Message] = deque()
        self._retained: dict[str, Message] = {}  # by topic: ready to go
        self._behind: dict[str, Message] = {}  # the same, behind one that is in flight
        self._busy_topics: set[str] = set()
        self._messages_sent = 0  # how many of `_sent` are no events
        self._events_turn = True
        self._topics: dict[tuple[str, str], tuple[str, int]] = {}
        self._told = Complaints(logger, MAX_TOLD)
        self._refusals = Refusals(logger, MAX_TOLD, clock)
        self._troubles: dict[str, int] = {}  # by event: how many connections ended because of it
        self.sent = 0
        """Events that were sent, since the start."""
        self.published = 0
        """Events that the broker has."""

    @property
    def busy(self) -> bool:
        """Whether something waits for its acknowledgement, or to be sent."""
        connection = self._connection
        return bool(self._sent or self._answers or self._retained) or (
            connection is not None and connection.blocked()
        )

    @property
    def answers(self) -> int:
        """How many answers wait to be sent."""
        return len(self._answers)

    @property
    def full(self) -> bool:
        """Whether nothing can be sent before something is acknowledged."""
        return len(self._sent) >= self._window

    @property
    def crowded(self) -> bool:
        """Whether so many answers wait that no more requests are to be run."""
        return len(self._answers) >= ANSWERS // 2

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
        """When `run` has something to do that no acknowledgement and no event announces."""
        if self._connection is None or len(self._sent) >= self._window or self._connection.blocked():
            return math.inf
        return self._outbox.late_due

    def up(self, connection: Connection, accepted: Connected) -> None:
        """There is a connection."""
        self.down()  # of the one before, should that have failed
        self._connection = connection
        self._max_bytes = accepted.max_bytes
        self._window = accepted.window
        self._outbox.up(accepted.window)

    def down(self) -> None:
        """There is none."""
        if self._connection is None:
            return
        self._connection = None
        self._sent.clear()
        self._answers.clear()
        self._retained.clear()
        self._behind.clear()
        self._busy_topics.clear()
        self._messages_sent = 0
        self._outbox.down()

    def run(self, now: float) -> None:
        """Send what may go now."""
        connection, outbox, sent = self._connection, self._outbox, self._sent
        if connection is None:
            return
        if sent and now - next(iter(sent.values())).at > ACK_S:
            self._broken(f"nothing acknowledged for {ACK_S:g} s")
            return
        while len(sent) < self._window and not connection.blocked():
            waiting = self._answers or self._retained
            message_next = waiting and self._messages_sent < max(1, self._window // 2)
            if message_next and not (self._events_turn and outbox.has_live):
                self._send_message(connection)
                self._events_turn = True
            elif (outgoing := outbox.next()) is not None:
                outbox.sent(outgoing)
                self._send_event(connection, outgoing, now)
                self._events_turn = False
            elif message_next:
                self._events_turn = False
            else:
                return

    def acknowledged(self, note: Acknowledged) -> None:
        """The broker has answered to a message."""
        sent = self._sent.pop(note.mid, None)
        if sent is None:
            return
        self._last_ack = self._clock()
        what = sent.what
        if isinstance(what, Message):
            self._message_acknowledged(what, note)
            return
        if note.problem is None:
            self.published += 1
            if self._refusals:
                self._refusals.taken(*self._where(what))
        elif note.final or self._is_poison(what):
            self._refused(what, note.problem)
        else:
            self._broken(f"it cannot take a message now: {note.problem}")
            return
        self._outbox.acked(what)

    def retain(self, topic: str, payload: bytes, acked: Acked | None = None, /) -> None:
        """Publish what is to stay at the broker, in place of what waits for that topic already.

        `acked` is called once the broker has taken or refused it; never, if it was replaced or the connection
        lost before.
        """
        if self._connection is None:
            return
        message = Message(topic, payload, retain=True, acked=acked)
        if message.size > self._max_bytes:
            self._refusals.refused("messages", topic, TOO_LARGE, topic, message.size)
            if acked is not None:
                acked(False)
            return
        (self._behind if topic in self._busy_topics else self._retained)[topic] = message
        self.run(self._clock())

    def waits(self, topic: str) -> bool:
        """Whether something that is retained is on its way there."""
        return topic in self._retained or topic in self._busy_topics

    def answer(self, answer: Answer) -> None:
        """An answer to a request; whoever asked on a connection that is gone has given up."""
        if self._connection is None:
            return
        message = Message(answer.topic, answer.payload, retain=False, correlation=answer.correlation)
        if message.size > self._max_bytes:
            answer = answer.too_large(self._max_bytes)
            message = Message(answer.topic, answer.payload, retain=False, correlation=answer.correlation)
            if message.size > self._max_bytes:
                self._refusals.refused("answers", answer.topic, TOO_LARGE, answer.topic, message.size)
                return
        if answer.refusal and len(self._answers) >= ANSWERS:
            flood = "mqtt: a flood of requests: some are not even answered that the gateway is busy"
            self._told.tell(logging.WARNING, flood)
            return
        self._answers.append(message)
        self.run(self._clock())

    def _send_message(self, connection: Connection) -> None:
        if self._answers:
            message = self._answers.popleft()
        else:
            message = self._retained.pop(next(iter(self._retained)))
            self._busy_topics.add(message.topic)
        self._messages_sent += 1
        try:
            mid = connection.publish(
                message.topic, message.payload, retain=message.retain, correlation=message.correlation
            )
        except ValueError as error:  # of paho's: it is no message that MQTT knows
            self._message_acknowledged(message, Acknowledged(0, str(error)))
        else:
            self._sent[mid] = Sent(message, self._clock())

    def _message_acknowledged(self, message: Message, note: Acknowledged) -> None:
        self._messages_sent -= 1
        if message.retain:
            self._busy_topics.discard(message.topic)
            newer = self._behind.pop(message.topic, None)
            if newer is not None:
                self._retained[message.topic] = newer
        if note.problem is not None:
            self._refusals.refused("messages", message.topic, note.problem, message.topic, message.size)
        elif self._refusals:
            self._refusals.taken(message.topic, message.size)
        if message.acked is not None:
            message.acked(note.problem is None)

    def _send_event(self, connection: Connection, outgoing: Outgoing, now: float) -> None:
        try:
            problem = self._try_to_send(connection, outgoing, now)
        except OSError:
            raise  # the connection's affair
        except Exception:
            if not self._is_poison(outgoing):
                raise
            logger.exception("mqtt: an event cannot be sent, and is left out; please report this")
            self._lose(outgoing, "an error of the gateway's")
            self._outbox.acked(outgoing)
            return
        if problem is not None:
            self._refused(outgoing, problem)
            self._outbox.acked(outgoing)

    def _try_to_send(self, connection: Connection, outgoing: Outgoing, now: float) -> str | None:
        """Send it; returns why that cannot be."""
        if isinstance(outgoing, Event):
            topic, topic_size = self._topic(outgoing.sender, outgoing.event)
            payload = event_payload(self._outbox.head(outgoing), outgoing.uid, late=outgoing.late)
        else:
            topic, topic_size = self._topic(outgoing.gap.sender, "gap")
            payload = event_payload(self._outbox.head(outgoing), outgoing.gap.uid, late=True)
        if topic_size + len(payload) + OVERHEAD > self._max_bytes:
            return TOO_LARGE
        try:
            self._sent[connection.publish(topic, payload)] = Sent(outgoing, now)
        except ValueError as error:  # of paho's: it is no message that MQTT knows
            return str(error)
        self.sent += 1
        return None

    def _topic(self, sender: str, event: str) -> tuple[str, int]:
        """The topic, and its length in bytes."""
        key = sender, event
        found = self._topics.get(key)
        if found is None:
            if len(self._topics) >= MAX_NAMES:
                self._topics.clear()
            topic = self._names.event(sender, event)
            found = self._topics[key] = topic, len(topic.encode())
        return found

    def _is_poison(self, outgoing: Outgoing) -> bool:
        """Whether so many connections ended because of this event that it must be the event."""
        uid = outgoing.gap.uid if isinstance(outgoing, LateGap) else outgoing.uid
        if len(self._troubles) >= MAX_TROUBLES:
            self._troubles.clear()
        self._troubles[uid] = self._troubles.get(uid, 0) + 1
        return self._troubles[uid] >= POISON

    def _refused(self, outgoing: Outgoing, why: str) -> None:
        """The broker will not have it, also not a second time: count it as lost, and say so once."""
        sender = outgoing.gap.sender if isinstance(outgoing, LateGap) else outgoing.sender
        self._lose(outgoing, f"refused by the broker: {why}")
        why = f"{why}; they are counted as lost"
        self._refusals.refused("events", f"of {sender!r}", why, *self._where(outgoing))

    def _where(self, outgoing: Outgoing) -> tuple[str, int]:
        """Its topic, and how large it is, about."""
        if isinstance(outgoing, LateGap):
            return self._topic(outgoing.gap.sender, "gap")
        topic, topic_size = self._topic(outgoing.sender, outgoing.event)
        return topic, topic_size + len(outgoing.head)

    def _lose(self, outgoing: Outgoing, reason: str) -> None:
        """Count an event as lost; of a gap record that is lost, there is no record."""
        if isinstance(outgoing, Event):
            self._outbox.lose(outgoing.sender, reason, outgoing.loss)
