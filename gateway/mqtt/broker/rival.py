"""Another client of our id: two of them throw each other out, for ever, so we come back more and more rarely.

MQTT 5 has a word for being thrown out, 3.1.1 and some brokers just end the connection. If another gateway of
our name has been heard, and a connection ends before the other would have been back, that is a clash, too.

One that has an id of its own, and whoever may write on our topics, can say there that we are offline.
"""

from __future__ import annotations

import logging
import random

logger = logging.getLogger(__name__)

CLASH_BACK_OFF_S = 30.0
LAST_CLASH_BACK_OFF_S = 600.0
PEACE_S = 2 * LAST_CLASH_BACK_OFF_S
"""A connection that held so long ends a clash: the rival, if it does as we do, would have been back twice."""
MAX_CONTRADICTIONS = 3
"""So often in a row somebody is contradicted who says that we are not there: it may contradict in turn."""


class Rival:
    """What is known of it; times are monotonic."""

    def __init__(self) -> None:
        self.clashes = 0
        self._heard: float | None = None

    @property
    def clashing(self) -> bool:
        """Whether there was a clash, and no peace since."""
        return self.clashes > 0

    @property
    def _longest_s(self) -> float:
        return min(LAST_CLASH_BACK_OFF_S, CLASH_BACK_OFF_S * 2.0 ** min(self.clashes, 10))

    def heard(self, now: float) -> bool:
        """Another gateway of our name publishes; True: that is news."""
        news = self._heard is None
        self._heard = now
        return news

    def is_to_blame(self, held_s: float, *, taken_over: bool) -> bool:
        """For the end of a connection that held so long."""
        known = self.clashes > 0 or self._heard is not None
        return taken_over or (known and held_s < 2 * self._longest_s)

    def clash(self) -> float:
        """There was one: how many seconds to stay away."""
        after_s = random.uniform(0.5, 1.0) * self._longest_s
        self.clashes += 1
        return after_s

    def held(self, held_s: float, now: float) -> None:
        """The connection has held so long by now: forget the rival after PEACE_S without a sign of it."""
        if held_s < PEACE_S:
            return
        self.clashes = 0
        if self._heard is not None and now - self._heard >= PEACE_S:
            self._heard = None


class Denials:
    """Somebody says on our `topic` that we are not there, and we that we are. `broker`: its name, for the
    log.

    A late will of an earlier connection of ours says so once. Who goes on is told of, and then contradicted
    no more often than everything that is retained is said again.
    """

    def __init__(self, broker: str, topic: str) -> None:
        self._broker = broker
        self._topic = topic
        self._count = 0
        self._last = 0.0
        self._told = False

    def connected(self) -> None:
        """A new connection: what comes first may be the will of the one before."""
        self._count = 0

    def denied(self, now: float) -> bool:
        """It was said, at `now` (monotonic): whether to contradict."""
        if now - self._last >= PEACE_S:
            self._count = 0
            self._told = False
        self._last = now
        self._count += 1
        if self._count > MAX_CONTRADICTIONS and not self._told:
            self._told = True
            logger.error(
                "mqtt: %s: somebody goes on saying on %s that this gateway is offline: is there another "
                "gateway of our name? Give one of the two another gateway.name; else find out who writes "
                "there. From now on it is contradicted once a minute",
                *(self._broker, self._topic),
            )
        return self._count <= MAX_CONTRADICTIONS
