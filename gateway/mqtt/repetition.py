"""When to say again what is retained: all of it within a round, evenly, one topic after the other. Pure: time
is passed in.

A broker may lose what it retains, somebody may delete it there (MQTT Explorer makes that easy), a message may
have been refused for a reason that is gone. None of it is seen from here, so everything is said again.

The topics stand in a ring. A new one comes in behind all others, so that its turn is a round later; how many
there are gives the pace.
"""

from __future__ import annotations

import math
from collections import OrderedDict

ROUND_S = 50.0
"""From one turn of a topic to its next: within a minute, also on a machine that is late."""
SHORTEST_S = 0.1
"""Between two turns. With more than 500 topics several have theirs at once: 1,000 senders in Home Assistant's
device form have some 2,000, four at a time, 40 a second."""


class Repetition:
    """Of topics and what was said there last. One thread's."""

    def __init__(self) -> None:
        self._ring: OrderedDict[str, bytes] = OrderedDict()
        self.due = math.inf
        """When `take` has something."""

    def said(self, topic: str, payload: bytes, now: float) -> None:
        """This stands at the broker now, or should; an empty payload: nothing stands there any more.

        The topic keeps its place in the ring: what is said all the time must not make the others wait.
        """
        if not payload:
            self._ring.pop(topic, None)
            return
        is_new = topic not in self._ring
        self._ring[topic] = payload
        if is_new:
            self.due = min(self.due, now + self._pause_s)

    def clear(self) -> None:
        """The connection is gone; with the next one everything is said anew."""
        self._ring.clear()
        self.due = math.inf

    def take(self, now: float) -> list[tuple[str, bytes]]:
        """Topics and payloads whose turn it is. After a time in which nobody asked, no more than ever."""
        if now < self.due:
            return []
        ring, taken = self._ring, []
        for _ in range(self._at_once):
            topic, payload = next(iter(ring.items()))
            ring.move_to_end(topic)
            taken.append((topic, payload))
        self.due = max(self.due + self._pause_s, now) if ring else math.inf
        return taken

    @property
    def _at_once(self) -> int:
        return math.ceil(len(self._ring) * SHORTEST_S / ROUND_S)

    @property
    def _pause_s(self) -> float:
        return ROUND_S * self._at_once / len(self._ring)
