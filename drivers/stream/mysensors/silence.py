"""How long a node may say nothing before it counts as gone. Learnt from what it did before. Pure.

A node that measures and sleeps says everything within a second or two and is silent for minutes or hours; one
that reports an open window may be silent for a day, but for its heartbeat. None of them says how often it
will be heard. So: three times the longest of the last eight silences, since radio loses a message now and
then.
"""

import collections
import math
from typing import NamedTuple

REMEMBERED = 8
TIMES = 3
# What is said within so long of a first message belongs to one waking.
WAKING_S = 5.0


class Limits(NamedTuple):
    """After which silence a node is gone, in seconds: at least and at most, and at least so long until eight
    silences are known. Most nodes sleep for less than 20 minutes, which is an hour by `TIMES`; some say
    something once a day, and an hour late."""

    least: float = 300.0
    most: float = 25 * 3600.0
    unknown: float = 3600.0


DEFAULT_LIMITS = Limits()
# What is noted of a node's silence, so that few changes of it are written: this times a power of two.
NOTED_S = 100.0


class Silence:
    """The silences of one node. `usual_s`: what was noted of them in an earlier run, 0 if nothing."""

    def __init__(self, usual_s: float = 0.0, limits: Limits = DEFAULT_LIMITS) -> None:
        self.usual_s = usual_s
        self._limits = limits
        self.heard = -math.inf
        self.wakings = 0
        self._waking = -math.inf
        self._silences: collections.deque[float] = collections.deque(maxlen=REMEMBERED)

    def hear(self, now: float) -> bool:
        """Something came at `now` (monotonic seconds). Whether `usual_s` is another by that."""
        before, self.heard = self.heard, now
        if now - self._waking < WAKING_S:
            return False
        self._waking = now
        self.wakings += 1
        if before == -math.inf:
            return False
        self._silences.append(min(now - before, self._limits.most))
        return self._learn()

    @property
    def limit_s(self) -> float:
        """Seconds of silence after which the node is gone."""
        limits = self._limits
        longest, least = max(self._silences, default=0.0), limits.least
        if len(self._silences) < REMEMBERED:
            longest = max(longest, self.usual_s)
            least = limits.least if self.usual_s else limits.unknown
        return min(max(TIMES * longest, least), limits.most)

    @property
    def due(self) -> float:
        """When it is gone, if nothing comes until then."""
        return self.heard + self.limit_s

    def _learn(self) -> bool:
        """Keep `usual_s` at the longest silence, rounded up to what is noted."""
        longest = max(self._silences)
        step = NOTED_S
        while step < longest:
            step *= 2
        full = len(self._silences) == REMEMBERED
        if (step > self.usual_s and (full or step > NOTED_S)) or (full and 4 * step <= self.usual_s):
            self.usual_s = step
            return True
        return False
