"""The bridge: a listener of the router's, a caller of its requests, and a client of an MQTT broker.

One thread, `mqtt`, owns all of it: the connection, the outbox, the states, what the log says. It sleeps on
two descriptors, the mailbox's and the connection's, until the next thing is due. Others only post to the
mailbox: the router's threads (events), `mqtt-connect` (an open connection), `mqtt-request-N` (answers).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import sig
from drivers.publisher import LATE
from gateway.clock.wall import WallClock
from gateway.feed import Feed
from gateway.loss import Loss
from gateway.mailbox import LIFECYCLE, Mailbox, Noted
from gateway.mqtt.broker.broker import Broker
from gateway.mqtt.broker.client import MAX_PACKET
from gateway.mqtt.broker.complaints import Complaints
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.dialling import Dialled
from gateway.mqtt.broker.notes import (
    Acknowledged,
    Connected,
    Ending,
    Pong,
    Received,
    Skipped,
    Subscribed,
    SubscriptionRefused,
)
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.guard import Guard
from gateway.mqtt.made import Made
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.requests import Done, Requests
from gateway.mqtt.retained import Retained
from gateway.mqtt.settings import Settings
from gateway.mqtt.sleep import BURST_S, Sleep
from gateway.mqtt.status import Status
from gateway.mqtt.subscriptions import Subscriptions
from gateway.mqtt.topics import OFFLINE, Topics
from gateway.service_thread import ServiceThread

logger = logging.getLogger(__name__)

BATCH = 256
"""Events taken between two looks at the connection."""
MAX_HEAD = 256 * 1024
"""Characters of an event's message."""
MOST_SKIPPED = 50
"""Messages to us that were too large to be read, and are told of."""


class Known(NamedTuple):
    readings: Sequence[Noted]


"""A letter: what was heard last of senders before this bridge was there. Retained, and no event."""
CLOCK_SET = "clock set"
"""A letter: the machine's clock is believed again, or not any more, or was set."""
WRITE_SOON = "write soon"
"""A letter: a device has little room left for what is not safe."""
DRAIN_S = 0.15
"""What `stop` gives the broker to acknowledge what is on its way."""


class Bridge:
    """`start` and `stop` belong to whoever made it. The constructor opens nothing. `feed`: of that router;
    None for one of its own; `mailbox`: where it is to have the events, likewise."""

    def __init__(
        self,
        router: sig.Router,
        settings: Settings,
        wall: WallClock | None = None,
        feed: Feed | None = None,
        mailbox: Mailbox | None = None,
    ) -> None:
        self._settings = settings
        wall = wall or WallClock()
        self._feed = feed or Feed(router, wall)
        self._mailbox = mailbox or Mailbox(keeps=True)
        self._clock = clock = wall.monotonic
        self._thread = ServiceThread("mqtt", self._run)
        self._stopping = threading.Event()
        names = Topics(settings.gateway)
        incarnation = os.urandom(4).hex()
        gaps = iter(range(1, 1 << 62))
        self._store = Store(settings.database, settings.bounds, lambda: f"{incarnation}-g{next(gaps)}", wall)
        self._outbox = Outbox(
            self._store,
            loss_s=settings.loss_s,
            rate=settings.backlog_rate,
            incarnation=incarnation,
            clock=clock,
        )
        self._broker = Broker(
            settings.target,
            settings.versions,
            (names.status, OFFLINE),
            post=self._mailbox.post,
            up=self._up,
            down=self._down,
            clock=clock,
        )
        self._delivery = Delivery(names, self._outbox, self._broker.broken, clock)
        self._requests = Requests(
            router.request,
            names,
            settings.request_s,
            post=self._mailbox.post,
            send=self._delivery.answer,
            crowded=lambda: self._delivery.crowded,
            clock=clock,
        )
        self._retained = Retained(names, settings, router, self._store, self._delivery, incarnation, clock)
        fixed = [topic for topic in (names.diagnostics, names.status, settings.birth_topic) if topic]
        self._subscriptions = Subscriptions(names, router, tuple(fixed), self._delivery.subscribe)
        self._names = names
        self._sleep = Sleep(self._mailbox, clock)
        self._awake = True
        self._turned = clock()
        self._complaints = Complaints(logger, MOST_SKIPPED)
        self._guard = Guard(clock)
        self._guarded = self._guard.works

    def start(self) -> None:
        """Listen, and begin to connect; returns at once."""
        if self._thread.is_begun:
            return
        self._feed.add(self._mailbox)
        self._store.clock.listen(self._clock_set)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Publish and write what there is, and close; False if that took longer than `timeout_s`."""
        if not self._thread.is_begun:
            return True
        self._feed.remove(self._mailbox)
        self._stopping.set()
        self._mailbox.post(None)
        return self._thread.wait(timeout_s)

    def use(self, settings: Settings) -> None:
        """Sensors are others now, or links; the rest of the settings is as it was. From any thread."""
        self._mailbox.post(settings)

    def write_soon(self) -> None:
        """Have readings that their devices keep on disk soon, if the broker does not have them. From any
        thread."""
        self._mailbox.post(WRITE_SOON)

    def status(self) -> Status:
        """How it fares now; from any thread."""
        broker, delivery = self._broker, self._delivery
        return Status(
            connected=broker.accepted,
            failures=broker.failures,
            breaks=broker.breaks,
            clashes=broker.clashes,
            next_s=broker.due - self._clock(),
            unread=self._mailbox.depth,
            waiting=delivery.waiting,
            answers=delivery.answers,
            busy=delivery.busy,
            published=delivery.published,
            lost=delivery.lost,
            problem=broker.problem,
            disk=self._outbox.problem,
            size=self._store.size,
            written=self._store.written,
            turned=self._turned if self._awake else self._clock(),
            aside=delivery.aside,
        )

    @property
    def unwritten(self) -> int:
        """Events that are neither at the broker nor on disk; from any thread."""
        return self._mailbox.depth + self._outbox.unwritten

    @property
    def bounds(self) -> Bounds:
        """How much may wait on disk."""
        return self._settings.bounds

    def dropped(self) -> dict[str, int]:
        """Events that were lost, by sender, since the start; from any thread."""
        return self._store.lost_of.counts()

    def _clock_set(self) -> None:
        """On whichever thread found it."""
        self._mailbox.post(CLOCK_SET)

    # The bridge's thread

    def _run(self) -> None:
        try:
            self._guarded(self._outbox.open)
            self._guarded(self._retained.open)
            while not self._stopping.is_set():
                if self._guarded(lambda: self._turn(self._due())):
                    continue
                self._guarded(lambda: self._broker.restart("an error of our own"))
                self._stopping.wait(self._guard.rest_s)
            self._guarded(self._end)
        finally:
            self._close()

    def _due(self) -> float:
        return min(
            self._broker.due,
            self._outbox.due,
            self._delivery.due,
            self._retained.due,
            self._requests.due,
        )

    def _turn(self, due: float) -> None:
        """Sleep until there is something to do, and do it."""
        connection = self._broker.connection
        mailbox, delivery = self._mailbox, self._delivery
        # In a burst that the broker keeps up with, only its answers are waited for, if events may wait.
        burst = self._settings.loss_s > BURST_S and delivery.keeping_up and mailbox.depth < BATCH
        self._awake = False
        readable = self._sleep.until(due, connection, full=delivery.full, burst=burst)
        self._turned, self._awake = self._clock(), True
        self._take_letters()
        self._take_events()
        if losses := mailbox.losses():
            self._lost(losses)
        if connection is not None and connection is self._broker.connection:
            if readable:
                connection.read()
            if connection.blocked():
                connection.write()
            self._heed(connection)
        now = self._clock()
        self._outbox.run(now)
        if now >= due:  # what became due in this turn comes with the next, which does not sleep
            self._broker.run(now)
            self._requests.run(now)
            self._retained.run(now)
        sent = delivery.sent
        delivery.run(now)
        if delivery.sent > sent:
            self._sleep.sent(now)
        if self._broker.connection is not None:
            self._broker.connection.flush()

    def _take_events(self) -> None:
        """From the mailbox. One that cannot be taken is lost, and is told of when the others are; if its
        device keeps it, it is to be sent again."""
        failure: Exception | None = None
        lost: list[Noted] = []
        for noted in self._mailbox.events(BATCH):
            before = self._outbox.taken
            try:
                self._take(noted)
            except Exception as error:  # noqa: BLE001 - raised again below
                failure = error
                if self._outbox.taken == before:
                    lost.append(noted)
                    if noted.receipt is not None:
                        noted.receipt.lose()
        for noted in lost:
            self._outbox.lose(noted.sender, "an error of the gateway's", noted.loss)
        if failure is not None:
            raise failure

    def _take(self, noted: Noted) -> None:
        """An event."""
        sender, event, body, utc, at, known, _, receipt = noted
        if len(body.head) > MAX_HEAD:
            self._outbox.lose(sender, f"longer than {MAX_HEAD} characters", noted.loss)
            if receipt is not None:  # it would be as long the next time
                receipt.release()
            return
        self._outbox.add(sender, event, body.head, utc, at, known=known, receipt=receipt)
        if body.reading and event != LATE:
            self._retained.reading(sender, body.data, at, Made(at, utc, known))
        elif event in LIFECYCLE:
            self._retained.lifecycle(sender, online=event == sig.EVENT_CONNECT)
            self._subscriptions.sender(sender)

    def _lost(self, losses: dict[str, Loss]) -> None:
        """The mailbox was full: connects and disconnects may have been among what was dropped."""
        for sender, loss in losses.items():
            self._outbox.lose(sender, "the bridge could not keep up", loss)
        self._retained.ask_router()

    def _take_letters(self) -> None:
        """From the mailbox, all of them, whatever one of them leads to: with the letter of a thread that
        dialled would be lost that it has ended, and nobody would ever dial again."""
        failure: Exception | None = None
        for letter in self._mailbox.letters():
            try:
                self._open_letter(letter)
            except Exception as error:  # noqa: BLE001 - raised again below
                failure = error
        if failure is not None:
            raise failure

    def _open_letter(self, letter: Any) -> None:
        if isinstance(letter, Dialled):
            self._broker.dialled(letter)
        elif isinstance(letter, Done):
            self._requests.done(letter)
        elif letter is CLOCK_SET:
            self._retained.clock_set()
        elif letter is WRITE_SOON:
            self._outbox.write_soon()
        elif isinstance(letter, Settings):
            self._use(letter)
        elif isinstance(letter, Known):
            for noted in letter.readings:
                made = Made(noted.at, noted.utc, noted.known)
                self._retained.reading(noted.sender, noted.body.data, noted.at, made)

    def _use(self, settings: Settings) -> None:
        self._retained.expect(settings)
        try:
            self._empty_mailbox()
        finally:
            self._settings = settings
            self._retained.use(settings)

    def _heed(self, connection: Connection) -> None:
        """What the connection has noted."""
        notes = connection.notes
        while notes and connection is self._broker.connection:
            note = notes.popleft()
            if isinstance(note, Acknowledged):
                self._delivery.acknowledged(note)
            elif isinstance(note, Received):
                self._receive(note)
            elif isinstance(note, Subscribed):
                self._delivery.subscribed(note.mid)
            elif isinstance(note, Pong):
                self._delivery.pong()
            elif isinstance(note, Skipped):
                self._skip(note)
            else:
                if isinstance(note, SubscriptionRefused):
                    self._delivery.unreadable(note.topic, note.text)
                self._broker.take(note)

    def _receive(self, message: Received) -> None:
        if message.topic == self._names.diagnostics:
            if self._retained.is_a_double(message.payload, retained=message.retained):
                self._broker.double()
        elif message.topic == self._names.status:
            self._retained.status_heard(message.payload, retained=message.retained)
        elif message.topic == self._settings.birth_topic:
            if message.payload == b"online" and not message.retained:
                self._retained.birth()
        elif not message.retained:  # a request that somebody had retained would run at every connect
            self._requests.take(message.topic, message.payload, message.response_topic, message.correlation)

    def _skip(self, note: Skipped) -> None:
        """A message that is too large to be read; a request is answered all the same."""
        text = f"a message of {note.size} bytes, and the gateway takes {MAX_PACKET} at most"
        self._complaints.tell(logging.WARNING, f"mqtt: {text}; it came on {note.topic}, and is not read")
        if not note.retained:
            self._requests.refuse(note.topic, text)

    def _up(self, connection: Connection, accepted: Connected) -> None:
        self._delivery.up(connection, accepted, was_away=self._broker.was_away)
        self._subscriptions.up(wildcards=accepted.abilities.wildcards)
        self._retained.up()

    def _down(self, suspicious: bool) -> Ending:
        try:
            return self._delivery.down(suspicious=suspicious)
        finally:
            self._subscriptions.down()
            self._retained.down()

    def _end(self) -> None:
        """The last words: what is in the mailbox and in flight, as far as the time allows."""
        deadline = self._clock() + DRAIN_S
        self._turn(self._clock())
        self._empty_mailbox()
        self._outbox.write()  # before the broker's last chance: a slow disk may need all the time there is
        self._retained.last_states()
        while self._broker.accepted and self._delivery.busy and self._clock() < deadline:
            self._turn(deadline)

    def _empty_mailbox(self) -> None:
        """Into the outbox, which writes them down."""
        while self._mailbox.depth:
            self._take_events()

    def _close(self) -> None:
        steps: tuple[Callable[[], object], ...] = (
            *(letter.connection.close for letter in self._mailbox.close() if isinstance(letter, Dialled)),
            self._broker.farewell,
            self._delivery.down,
            self._empty_mailbox,
            self._outbox.close,
            self._mailbox.give_up,
            partial(self._broker.close, timeout_s=0.05),
            partial(self._requests.stop, 0.05),
        )
        for step in steps:
            self._guard.forget()  # what goes wrong now is told in any case
            self._guarded(step)
