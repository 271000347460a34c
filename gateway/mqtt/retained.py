"""What is retained at the broker, as one: readings, availabilities, the gateway's status and diagnostics, and
Home Assistant's messages.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import sig
from gateway.encoding import characters
from gateway.mailbox import MAX_NAME
from gateway.mqtt.broker.rival import Denials
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.diagnostics import Diagnostics
from gateway.mqtt.doubles import Doubles
from gateway.mqtt.home_assistant.announcer import Announcer
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.repetition import Repetition
from gateway.mqtt.settings import Settings
from gateway.mqtt.states import States
from gateway.mqtt.topics import ONLINE, Topics
from gateway.mqtt.waiting import Acked

DIAGNOSTICS_S = 60.0
DRAINING_S = 10.0
"""The same while the backlog goes out, which one may like to watch."""


class Retained:
    """`reading` and `lifecycle` follow the events; `up` publishes all there is to know."""

    def __init__(
        self,
        names: Topics,
        settings: Settings,
        router: sig.Router,
        store: Store,
        delivery: Delivery,
        instance: str,
        clock: Callable[[], float],
    ) -> None:
        self._names = names
        self._settings = settings
        self._router = router
        self._delivery = delivery
        self._clock = clock
        self._doubles = Doubles(instance)
        self.is_a_double = self._doubles.is_one
        self._repetition = Repetition()
        self._denials = Denials(settings.target.name, names.status)
        self._wall = store.clock
        self._states = States(names, self._retain, clock)
        self._diagnostics = Diagnostics(settings, delivery, self._states, instance, store.clock)
        self._adopted: set[str] = set()  # sensors that were discovered
        self._announcer = Announcer(
            store,
            [names.status, names.diagnostics, *self._topics_of(settings.sensors)],
            settings.announcements,
            publish=self._retain,
            refresh=self._refresh,
            clock=clock,
            spared=settings.spared,
        )
        self._connected = False
        self._opened = False
        self._diagnostics_due = math.inf
        self.reading = self._states.reading
        self.birth = self._announcer.birth

    @property
    def due(self) -> float:
        """When `run` has something to do."""
        return min(self._states.due, self._announcer.due, self._repetition.due, self._diagnostics_due)

    def open(self) -> None:
        """Who there is at the start: sensors of the config, senders of the router, those of earlier runs."""
        self._adopt()
        for sender in (*self._settings.sensors, *self._announcer.own_senders()):
            self._states.online(sender, self._clock(), online=False)
        self.ask_router()
        self._opened = True

    def expect(self, settings: Settings) -> None:
        """The config has changed, and these sensors may come. First of all; see `use`."""
        known = {*self._settings.sensors, *self._adopted}
        self._announcer.own(self._topics_of(set(settings.sensors) - known))

    def use(self, settings: Settings) -> None:
        """The config has changed: after what was heard by then of sensors that are gone."""
        before = {*self._settings.sensors, *self._adopted}
        self._settings = settings
        self._adopted = set(settings.discovered())
        sensors = dict.fromkeys((*settings.sensors, *self._adopted))
        for sensor in before - sensors.keys():
            self._states.forget(sensor)
        for sensor in sensors:
            if not self._states.knows(sensor):
                self._states.online(sensor, self._clock(), online=False)
        topics = [self._names.status, self._names.diagnostics, *self._topics_of(sensors)]
        self._announcer.use(topics, settings.announcements, settings.spared)

    def ask_router(self) -> None:
        """Who is connected now."""
        for sender in self._router.listSenders():
            name = characters(sender.getName())
            if len(name) <= MAX_NAME and (sender.isConnected() or self._states.knows(name)):
                self.lifecycle(name, online=sender.isConnected())

    def lifecycle(self, sender: str, *, online: bool) -> None:
        """A sender has come or gone."""
        self._adopt()
        self._states.online(sender, self._clock(), online=online)
        if online and self._states.knows(sender):
            self._announcer.remember_sender(sender, self._names.availability(sender))
        if self._connected:
            self._announcer.announce()  # the board may be another one than before
            self._diagnostics_due = -math.inf

    def up(self) -> None:
        """There is a connection: the birth."""
        if not self._opened:  # it failed at the start
            self.open()
        self._connected = True
        self._denials.connected()
        self._announcer.up()
        self._refresh()

    def down(self) -> None:
        """There is none."""
        self._connected = False
        self._states.down()
        self._announcer.down()
        self._repetition.clear()
        self._diagnostics_due = math.inf

    def last_states(self) -> None:
        """Those that wait for their time."""
        self._states.run(math.inf)

    def run(self, now: float) -> None:
        """Publish what is due."""
        self._states.run(now)
        self._announcer.run(now)
        if now >= self._diagnostics_due:
            self._say_diagnostics(now)
        for topic, payload in self._repetition.take(now):
            # What is on its way there is at least as new; and a step of the announcer's waits for its answer.
            if not (self._delivery.waits(topic) or self._announcer.is_changing(topic)):
                self._delivery.retain(topic, payload)

    def status_heard(self, status: bytes, *, retained: bool) -> None:
        """What our own `status` says at the broker: somebody may say there that we are not there, a script, a
        second gateway, a will of an earlier connection of ours that comes late.

        What was retained before we came, our farewell most often, is no news: we say that we are here anyway.
        """
        foreign = self._connected and not retained and status != ONLINE.encode()
        if foreign and self._denials.denied(self._clock()):
            self._say_status()

    def clock_set(self) -> None:
        """The machine's clock is believed again, or not any more, or was set."""
        self._states.in_time(self._wall, self._clock())
        if self._connected:
            self._diagnostics_due = -math.inf

    def _adopt(self) -> None:
        """What links have found meanwhile is as good as what the config has: it is there until it comes."""
        new = [sensor for sensor in self._settings.discovered() if sensor not in self._adopted]
        self._adopted.update(new)
        self._announcer.own(self._topics_of(new))
        for sensor in new:
            self._states.online(sensor, self._clock(), online=False)

    def _topics_of(self, sensors: Iterable[str]) -> list[str]:
        of = self._names.state, self._names.availability
        return [topic(sensor) for sensor in sensors for topic in of]

    def _refresh(self) -> None:
        """Say all states; that the gateway is online comes last, so what is shown then is new."""
        self._states.up()
        self._states.run(self._clock())
        self._say_diagnostics(self._clock())
        self._say_status()

    def _say_status(self) -> None:
        self._retain(self._names.status, ONLINE.encode())

    def _say_diagnostics(self, now: float) -> None:
        """They have a time, so they are made anew rather than repeated."""
        self._diagnostics_due = now + (DRAINING_S if self._delivery.waiting else DIAGNOSTICS_S)
        self._delivery.retain(self._names.diagnostics, self._diagnostics.message(), self._note_birth)

    def _retain(self, topic: str, payload: bytes, acked: Acked | None = None, /) -> None:
        """Publish what is to stay at the broker, now and again and again."""
        self._repetition.said(topic, payload, self._clock())
        self._delivery.retain(topic, payload, acked)

    def _note_birth(self, taken: bool) -> None:
        if taken:
            self._doubles.born()
