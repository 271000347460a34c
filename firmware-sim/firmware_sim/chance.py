"""Which of many things are hit, each with the same probability.

Instead of a random number a thing, it draws the distance to the next hit (a geometric distribution), so that
one flipped bit in a thousand costs one draw in a thousand bits. What is hit depends only on the seed and
on how many things went by, not on how they were cut into pieces.
"""

from math import log, log1p
from random import Random

_NEVER = 1 << 62


class Chance:
    """Hits with probability `probability` (0 to 1) a thing."""

    def __init__(self, rng: Random, probability: float) -> None:
        self._rng = rng
        self._probability = probability
        self._gap = self._draw()

    def hits(self, count: int) -> list[int]:
        """Which of the next `count` things are hit: their indices, ascending."""
        found = []
        at = self._gap
        while at < count:
            found.append(at)
            at += 1 + self._draw()
        self._gap = at - count
        return found

    def hit(self) -> bool:
        """Is the next thing hit?"""
        return bool(self.hits(1))

    def _draw(self) -> int:
        if self._probability <= 0:
            return _NEVER
        if self._probability >= 1:
            return 0
        return int(min(log(1 - self._rng.random()) / log1p(-self._probability), _NEVER))
