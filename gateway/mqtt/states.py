"""What is retained of each sender: its newest reading, and whether it is online.

A reading goes out at once, and then at most every EVERY_S for each sender, always the newest: who wants each
one listens to the events. All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from drivers.clock import Clock
from gateway.encoding import stale
from gateway.mqtt.made import Made
from gateway.mqtt.topics import OFFLINE, ONLINE, Topics

logger = logging.getLogger(__name__)

EVERY_S = 0.1
MAX_SENDERS = 1000
"""Senders whose states are kept; those of more are published as events only."""
MAX_LEFT_OUT = 1000
"""Of those, so many are counted."""

GONE = "not connected"

Publish = Callable[[str, bytes], None]
"""Publish a payload retained on a topic."""


class States:
    """`publish` may be called only between `up` and `down`."""

    def __init__(self, names: Topics, publish: Publish, clock: Callable[[], float]) -> None:
        self._names = names
        self._publish = publish
        self._clock = clock
        self._connected = False
        self._topics: dict[str, str] = {}
        self._senders: set[str] = set()
        self._left_out: set[str] = set()
        self._newest: dict[str, str] = {}
        self._made: dict[str, Made] = {}
        self._online: dict[str, bool] = {}
        self._next: dict[str, float] = {}  # when the next reading of a sender may go
        self._dirty: set[str] = set()
        self.due = math.inf
        """When `run` has something to do."""

    def reading(self, sender: str, data: str, now: float, made: Made | None = None) -> None:
        """The newest reading of a sender. `made`: by which clock, None where that stays as it was."""
        if self._newest.get(sender) == data or not self._admits(sender):
            return
        self._newest[sender] = data
        if made is not None:
            self._made[sender] = made
        self._dirty.add(sender)
        if self._connected:
            self.due = min(self.due, self._next.get(sender, now))

    def online(self, sender: str, now: float, *, online: bool) -> None:
        """A sender has come, or has gone: then its reading is stale."""
        if self._online.get(sender) is online or not self._admits(sender):
            return
        self._online[sender] = online
        self._say(sender)
        if not online and sender in self._newest:
            self.reading(sender, stale(self._newest[sender], GONE), now)

    def forget(self, sender: str) -> None:
        """There is no such sender any more; what is retained of it is somebody else's to take away."""
        self._senders.discard(sender)
        self._left_out.discard(sender)
        self._dirty.discard(sender)
        for known in (self._topics, self._newest, self._made, self._online, self._next):
            known.pop(sender, None)

    def in_time(self, clock: Clock, now: float) -> None:
        """The machine's clock was set: publish once more what was made by a wrong one, corrected."""
        for sender, made in self._made.items():
            right = made.by(clock)
            if right != made and right.known:
                self.reading(sender, made.told(self._newest[sender], right), now, right)

    def knows(self, sender: str) -> bool:
        """Whether it has been online, or should have been."""
        return sender in self._online

    @property
    def left_out(self) -> int:
        """Senders of which nothing is retained, as there are too many."""
        return len(self._left_out)

    def up(self) -> None:
        """There is a connection: publish everything."""
        self._connected = True
        for sender in self._online:
            self._say(sender)
        self._dirty.update(self._newest)
        self._next.clear()
        self.due = -math.inf if self._dirty else math.inf

    def down(self) -> None:
        """There is none."""
        self._connected = False
        self.due = math.inf

    def run(self, now: float) -> None:
        """Publish the readings whose time has come."""
        if not self._connected or now < self.due:
            self.due = self.due if self._connected else math.inf
            return
        soonest = math.inf
        for sender in list(self._dirty):
            when = self._next.get(sender, 0.0)
            if when > now:
                soonest = min(soonest, when)
                continue
            self._dirty.remove(sender)
            self._next[sender] = now + EVERY_S
            self._publish(self._topic(sender), self._newest[sender].encode(errors="replace"))
        self.due = soonest

    def _admits(self, sender: str) -> bool:
        """Whether it is one of MAX_SENDERS; the first that is not is told of."""
        if sender in self._senders:
            return True
        if len(self._senders) < MAX_SENDERS:
            self._senders.add(sender)
            return True
        if not self._left_out:
            logger.warning(
                "mqtt: more than %d senders: of %r, and of those that come after it, there are events only, "
                "no state and no availability; spread the senders over several gateways. Senders that are "
                "gone count too: use their names again rather than new ones (docs/mqtt.md)",
                *(MAX_SENDERS, sender[:100]),
            )
        if len(self._left_out) < MAX_LEFT_OUT:
            self._left_out.add(sender)
        return False

    def _say(self, sender: str) -> None:
        if self._connected:
            state = ONLINE if self._online[sender] else OFFLINE
            self._publish(self._names.availability(sender), state.encode())

    def _topic(self, sender: str) -> str:
        topic = self._topics.get(sender)
        if topic is None:
            topic = self._topics[sender] = self._names.state(sender)
        return topic
