"""When what has changed is written to a disk: soon; what changes all day long, ever more rarely. Pure.

A radio network that somebody floods, or two nodes of one number, must not wear out an SD card.
"""

import math


class Pace:
    """The first change is written `first_s` later, with all that has come meanwhile. Each that comes within
    `longest_s` of a writing waits twice as long as the one before, at most `longest_s`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._delay_s = first_s
        self._due = -math.inf

    def due(self, now: float) -> float:
        """When a change at `now` is to be written (both monotonic). Once for each writing."""
        calm = now - self._due >= self._longest_s
        self._delay_s = self._first_s if calm else min(2 * self._delay_s, self._longest_s)
        self._due = now + self._delay_s
        return self._due
