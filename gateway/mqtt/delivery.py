"""What goes out on the connection, and who waits for which acknowledgement.

Subscriptions go first. Then events and the rest (answers, what is retained) take turns, live events before
late ones, and the rest may fill half of the window at most. What the broker cannot take is left out: the
gate finds out what that is.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.mqtt.broker.complaints import Complaints
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.notes import Acknowledged, Connected, Ending
from gateway.mqtt.gate import Gate
from gateway.mqtt.left_out import TOO_LARGE
from gateway.mqtt.outbox.event import Event, LateGap, Outgoing
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.parcels import EventParcels, Parcel, Subscription, of_message, of_subscription
from gateway.mqtt.requests import Answer
from gateway.mqtt.topics import Topics
from gateway.mqtt.untaken import Untaken
from gateway.mqtt.waiting import Acked, Message, Waiting

logger = logging.getLogger(__name__)

ACK_S = 20.0
"""A broker that does not acknowledge for so long is as good as gone."""
FLOWING_S = 0.2
"""A broker that has acknowledged so lately is at work."""
MAX_TOPICS = 10
"""Subscribed to at once, in a packet of some hundred bytes; while something is suspected, one by one."""
ANSWERS = 500
"""Answers that wait in a flood; with half of it no more requests are run, beyond it refusals are dropped."""


class Sent(NamedTuple):
    """What waits for its acknowledgement since `at` (monotonic)."""

    parcel: Parcel
    at: float


class Delivery:
    """`broken(text)` is told when the connection turns out to be no good."""

    def __init__(
        self, names: Topics, outbox: Outbox, broken: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._outbox = outbox
        self._broken = broken
        self._clock = clock
        self._connection: Connection | None = None
        self._max_bytes = 0
        self._window = 0
        self._last_ack = 0.0
        self._sent: dict[int, Sent] = {}
        self._waiting = Waiting()
        self._messages_sent = 0  # how many of `_sent` are answers, or retained
        self._events_turn = True
        self._events = EventParcels(names, outbox.head)
        self._told = Complaints(logger, 1)
        self._untaken = Untaken(clock)
        self.unreadable = self._untaken.unreadable
        self._gate = Gate(
            names.probe,
            leave_out=self._leave_out,
            pending=lambda: [self._size(message) for message in self._waiting.retained()],
        )
        self.sent = 0
        """Events that were sent, since the start."""
        self.published = 0
        """Events that the broker has."""

    @property
    def aside(self) -> Mapping[str, str]:
        """What the broker does not take, by topic, and why; to be read from any thread."""
        return self._untaken.aside.topics

    @property
    def busy(self) -> bool:
        """Whether something waits for its acknowledgement, or to be sent."""
        connection = self._connection
        return bool(self._sent or self._waiting) or (connection is not None and connection.blocked())

    @property
    def answers(self) -> int:
        """How many answers wait to be sent."""
        return len(self._waiting.answers)

    @property
    def full(self) -> bool:
        """Whether nothing can be sent before something is acknowledged."""
        return len(self._sent) >= self._window or self._gate.shut

    @property
    def crowded(self) -> bool:
        """Whether so many answers wait that no more requests are to be run."""
        return self.answers >= ANSWERS // 2

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
        if self._connection is None or self._connection.blocked():
            return math.inf
        if self.full:
            return self._gate.due
        return self._outbox.late_due

    def up(self, connection: Connection, accepted: Connected, *, was_away: bool = False) -> None:
        """There is a connection. `was_away`: before it the broker could not be reached."""
        self.down()  # of the one before, should that have failed
        self._connection = connection
        self._max_bytes = accepted.max_bytes
        self._window = accepted.window
        self._untaken.up(was_away=was_away)
        self._gate.up(self._clock(), was_away=was_away)
        self._outbox.up(accepted.window)

    def down(self, *, suspicious: bool = False) -> Ending:
        """There is none. `suspicious`: it has ended by itself, maybe because of what was in flight."""
        if self._connection is None:
            return Ending()
        self._connection = None
        flight = [sent.parcel for sent in self._sent.values()]
        self._sent.clear()
        self._waiting.clear()
        self._messages_sent = 0
        self._outbox.down()
        return self._gate.down(flight, suspicious=suspicious)

    def run(self, now: float) -> None:
        """Send what may go now."""
        connection, sent, gate = self._connection, self._sent, self._gate
        if connection is None:
            return
        if sent and now - next(iter(sent.values())).at > ACK_S:
            self._broken(f"nothing acknowledged for {ACK_S:g} s")
            return
        while len(sent) < self._window and not gate.alone and not connection.blocked():
            parcel = gate.held or self._next(connection)
            if parcel is None:
                return
            if parcel.size > self._max_bytes:
                self._leave_out(parcel)
                continue
            if not gate.quiet:
                parcel = gate.admit(connection, parcel, now=now, busy=bool(sent))
            if parcel is not None:
                self._send(connection, parcel, now)
            elif gate.held:
                return

    def acknowledged(self, note: Acknowledged) -> None:
        """The broker has answered to a message."""
        sent = self._sent.pop(note.mid, None)
        connection = self._connection
        if sent is None or connection is None:
            return
        self._last_ack = now = self._clock()
        parcel = sent.parcel
        if not self._gate.quiet or note.problem is not None:
            self._gate.answered(parcel, taken=note.problem is None, connection=connection, now=now)
        if note.problem is None and not self._untaken.calm:
            self._untaken.taken(parcel)
        what = parcel.what
        if isinstance(what, Message):
            self._messages_sent -= 1
            if note.problem is not None:
                self._untaken.refused_message(parcel, note.problem)
            self._done(what, taken=note.problem is None)
        elif isinstance(what, Event | LateGap):
            self._event_acknowledged(parcel, what, note)

    def subscribed(self, mid: int) -> None:
        """The broker has answered to a subscription."""
        self.acknowledged(Acknowledged(mid, None))

    def pong(self) -> None:
        """The broker has answered to a ping."""
        self._gate.pong(self._clock(), busy=bool(self._sent))

    def subscribe(self, *topics: str) -> None:
        """Soon; for this connection."""
        if self._connection is not None:
            self._waiting.topics.extend(topics)
            self.run(self._clock())

    def retain(self, topic: str, payload: bytes, acked: Acked | None = None, /) -> None:
        """Publish what is to stay at the broker, in place of what waits for that topic already.

        `acked` is called once the broker has taken or refused it; never, if it was replaced or the connection
        lost before. A broker that keeps nothing gets it as any other message.
        """
        if self._connection is not None:
            self._waiting.push(Message(topic, payload, acked=acked))
            self.run(self._clock())

    def waits(self, topic: str) -> bool:
        """Whether something that is retained is on its way there."""
        return self._waiting.has(topic)

    def answer(self, answer: Answer) -> None:
        """An answer to a request; whoever asked on a connection that is gone has given up."""
        if self._connection is None:
            return
        if answer.refusal and self.answers >= ANSWERS:
            flood = "mqtt: a flood of requests: some are not even answered that the gateway is busy"
            self._told.tell(logging.WARNING, flood)
            return
        self._waiting.push(_answer(answer))
        self.run(self._clock())

    def _next(self, connection: Connection) -> Parcel | None:
        """What is to go next."""
        waiting, outbox = self._waiting, self._outbox
        if waiting.topics:
            together = min(len(waiting.topics), MAX_TOPICS if self._gate.calm else 1)
            return of_subscription(*(waiting.topics.popleft() for _ in range(together)))
        message_next = waiting and self._messages_sent < max(1, self._window // 2)
        if message_next and not (self._events_turn and outbox.has_live):
            self._events_turn = True
            return of_message(waiting.pop(), connection.size)
        outgoing = outbox.next()
        if outgoing is not None:
            self._events_turn = False
            outbox.sent(outgoing)
            return self._make(outgoing, connection)
        if message_next:
            self._events_turn = True
            return of_message(waiting.pop(), connection.size)
        return None

    def _make(self, outgoing: Outgoing, connection: Connection) -> Parcel | None:
        """The message of an event; None, if there is nothing else to be sent than what cannot be made."""
        try:
            return self._events.make(outgoing, connection.size)
        except Exception:
            if not self._untaken.is_poison(outgoing):
                raise
            logger.exception("mqtt: an event cannot be sent, and is left out; please report this")
        self._lose(outgoing, "an error of the gateway's")
        return self._next(connection)

    def _send(self, connection: Connection, parcel: Parcel, now: float) -> None:
        what = parcel.what
        try:
            if isinstance(what, Subscription):
                mid = connection.subscribe(*what.topics)
            else:
                mid = connection.publish(
                    parcel.topic, parcel.payload, retain=parcel.retain, correlation=parcel.correlation
                )
        except ValueError as error:  # of paho's: it is no message that MQTT knows
            self._gate.withdraw()
            if isinstance(what, Message):
                self._untaken.refused_message(parcel, str(error))
                self._done(what, taken=False)
            elif isinstance(what, Event | LateGap):
                self._refused(parcel, what, str(error))
            return
        self._sent[mid] = Sent(parcel, now)
        if isinstance(what, Message):
            self._messages_sent += 1
        elif isinstance(what, Event | LateGap):
            self.sent += 1

    def _event_acknowledged(self, parcel: Parcel, outgoing: Outgoing, note: Acknowledged) -> None:
        if note.problem is None:
            self.published += 1
            self._outbox.acked(outgoing)
        elif note.final or self._untaken.is_poison(outgoing):
            self._refused(parcel, outgoing, note.problem)
        else:
            self._broken(f"it cannot take a message now: {note.problem}")

    def _leave_out(self, parcel: Parcel) -> None:
        """The broker does not get it, as it cannot take it."""
        what = parcel.what
        why = self._untaken.left_out(parcel, self._max_bytes, self._gate)
        if isinstance(what, Event | LateGap):
            self._lose(what, f"refused by the broker: {why}")
        elif isinstance(what, Message):
            if why == TOO_LARGE and what.answer is not None:
                short = what.answer.too_large(min(self._max_bytes, (self._gate.limit or math.inf) - 1))
                self._waiting.push(_answer(short)._replace(answer=None))
            self._done(what, taken=False)

    def _done(self, message: Message, *, taken: bool) -> None:
        self._waiting.done(message)
        if message.acked is not None:
            message.acked(taken)

    def _size(self, message: Message) -> int:
        assert self._connection is not None
        return of_message(message, self._connection.size).size

    def _refused(self, parcel: Parcel, outgoing: Outgoing, why: str) -> None:
        """The broker will not have it, also not a second time: count it as lost, and say so once."""
        self._untaken.refused_event(parcel, outgoing, why)
        self._lose(outgoing, f"refused by the broker: {why}")

    def _lose(self, outgoing: Outgoing, reason: str) -> None:
        """Count an event as lost; of a gap record that is lost, there is no record."""
        if isinstance(outgoing, Event):
            self._outbox.lose(outgoing.sender, reason, outgoing.loss)
        self._outbox.acked(outgoing)


def _answer(answer: Answer) -> Message:
    return Message(answer.topic, answer.payload, retain=False, correlation=answer.correlation, answer=answer)
