"""A visit to the broker, to see what it can and cannot do for us: with the gateway's own connection, and
another client id, so that a gateway that runs is not thrown out.

What is published is one retained message on a topic of its own below `sig/GATEWAY/probe`, which is taken away
again, as the will would do; and an empty one where a discovery message might stand and none does.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gateway.mqtt.broker.abilities import ALL, Abilities
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.hints import of_hanging_up, of_opening, of_refusal
from gateway.mqtt.broker.notes import (
    UNSUPPORTED_VERSION,
    Acknowledged,
    Connected,
    Lost,
    Pong,
    Received,
    Refused,
    Subscribed,
    SubscriptionRefused,
)
from gateway.mqtt.broker.target import Target

ANSWER_S = 3.0
"""For each answer of the broker's."""
ECHO_S = 1.0
"""For a message to come back after it was acknowledged: a broker may take its time."""
SAID = b"sig-gateway doctor"
HUNG_UP = "it hung up"


class Route(NamedTuple):
    """Where to look. `probe`, `discovery`: topics to publish on, None for none; `read`: those that the
    gateway subscribes to; `expected`: where discovery messages of ours should stand."""

    probe: str
    discovery: str | None
    read: tuple[str, ...]
    expected: tuple[str, ...] = ()


@dataclass(slots=True)
class Seen:
    """What was found. `problem`: why there is no connection; then the rest says nothing. `echoed`, `kept`:
    topics whose message came back to us, and was there for who subscribes later. `refused`: by topic, what
    the broker says of a message; `unreadable`: of a subscription. `standing`: retained messages."""

    problem: str | None = None
    version: int = 0
    abilities: Abilities = ALL
    oddities: tuple[str, ...] = ()
    echoed: set[str] = field(default_factory=set)
    kept: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    standing: dict[str, bytes] = field(default_factory=dict)
    lost: str | None = None


def visit(target: Target, versions: tuple[int, ...], route: Route, token: str) -> Seen:
    """Go there, on this thread; takes some 30 s where nobody answers in time. `token`: of this visit alone,
    for its client id."""
    mine = replace(target, client_id=f"{target.client_id}-doctor-{token}")
    left, learned = list(versions), ALL
    while True:
        talk = _Talk(mine, left[0], route, learned)
        try:
            if talk.greet():
                talk.look_around()
                return talk.seen
        finally:
            talk.end()
        known = learned.without(talk.refused)
        if known != learned:  # our will alone asks for more than it can do
            learned = known
        elif talk.other_version_may_do and len(left) > 1:
            del left[0]
        else:
            return talk.seen


class _Talk:
    """One connection."""

    def __init__(self, target: Target, version: int, route: Route, abilities: Abilities) -> None:
        self._target = target
        self._route = route
        self._connection = Connection(target, version, (route.probe, ""), abilities)
        self.seen = Seen(version=version)
        self.refused = 0
        """The broker's reason for not accepting us."""
        self._accepted = self._pong = False
        self._subscribed: set[int] = set()
        self._answered: dict[int, str | None] = {}
        self.other_version_may_do = False

    def greet(self) -> bool:
        """Connect; whether the broker has accepted us."""
        try:
            self._connection.open()
        except Exception as error:  # noqa: BLE001 - what answers may be anything
            self.seen.problem = of_opening(error, self._target, time.time())
            return False
        self._until(lambda: self._accepted or self.seen.problem is not None)
        if not self._accepted and self.seen.problem is None:
            self.other_version_may_do = True
            self.seen.problem = f"it says nothing: is it an MQTT broker?{of_hanging_up(self._target)}"
        return self._accepted

    def look_around(self) -> None:
        """Read, publish, and read what was published."""
        route, seen, connection = self._route, self.seen, self._connection
        topics = [route.probe, *route.read, *route.expected, *filter(None, [route.discovery])]
        for first in range(0, len(topics), 100):
            self._subscribe(*topics[first : first + 100])
        sent = {connection.publish(route.probe, SAID, retain=True): route.probe}
        if route.discovery is not None:
            sent[connection.publish(route.discovery, b"", retain=True)] = route.discovery
        self._until(lambda: self._answered.keys() >= sent.keys())
        # Mosquitto 2.0.11 does either where its ACL says no: it mostly acknowledges, and at times hangs up.
        unanswered = "it did not answer" if seen.lost is None else f"{HUNG_UP}: {seen.lost}"
        for mid, topic in sent.items():
            problem = self._answered.get(mid, unanswered)
            if problem is not None:
                seen.refused[topic] = problem
        self._ping()
        self._until(lambda: seen.echoed >= set(sent.values()) - seen.refused.keys(), ECHO_S)
        if route.probe in seen.echoed:
            self._subscribe(route.probe)
            self._until(lambda: seen.kept, ECHO_S)
        connection.publish(route.probe, b"", retain=True)
        self._ping()

    def end(self) -> None:
        """Say goodbye."""
        with suppress(Exception):
            self._connection.close()

    def _subscribe(self, *topics: str) -> None:
        mid = self._connection.subscribe(*topics)
        self._until(lambda: mid in self._subscribed)

    def _ping(self) -> None:
        self._pong = False
        self._connection.ping()
        self._until(lambda: self._pong)

    def _until(self, wanted: Callable[[], object], within_s: float | None = None) -> None:
        """Serve the connection until that is so, or the time is over, or the connection."""
        connection, deadline = self._connection, time.monotonic() + (within_s or ANSWER_S)
        while not wanted() and self.seen.lost is None and connection.fileno() >= 0:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            connection.flush()
            if not connection.pending():
                writing = [connection.fileno()] if connection.blocked() else []
                select.select([connection.fileno()], writing, [], min(left, 0.5))
            connection.read()
            if connection.blocked():
                connection.write()
            connection.tick()
            self._heed()

    def _heed(self) -> None:
        notes, seen = self._connection.notes, self.seen
        while notes:
            match notes.popleft():
                case Connected() as accepted:
                    self._accepted = True
                    seen.abilities, seen.oddities = accepted.abilities, accepted.oddities
                case Refused(code, text):
                    self.refused = code
                    self.other_version_may_do = code == UNSUPPORTED_VERSION
                    seen.problem = f"it refuses us: {text}{of_refusal(code)}"
                case Lost(_, text):
                    self._lost(text)
                case Subscribed(mid):
                    self._subscribed.add(mid)
                case SubscriptionRefused(topic, text, _):
                    seen.unreadable[topic] = text
                case Acknowledged(mid, problem, _):
                    self._answered[mid] = problem
                case Pong():
                    self._pong = True
                case Received(topic, payload, retained, _, _):
                    self._received(topic, payload, retained=retained)

    def _lost(self, text: str) -> None:
        self.seen.lost = text
        if not self._accepted and self.seen.problem is None:
            self.other_version_may_do = True
            self.seen.problem = f"it hung up: {text}{of_hanging_up(self._target)}"

    def _received(self, topic: str, payload: bytes, *, retained: bool) -> None:
        seen, route = self.seen, self._route
        if topic == route.probe:
            seen.echoed.add(topic)
            seen.kept = seen.kept or (retained and payload == SAID)
        elif topic == route.discovery:
            seen.echoed.add(topic)
        elif retained and payload:
            seen.standing[topic] = payload
