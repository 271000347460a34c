"""What the log says of the clock: each step and each change of belief once."""

from __future__ import annotations

import logging
from collections import deque

from gateway.clock.belief import Verdict

logger = logging.getLogger(__name__)

STEPS_AN_HOUR = 10
"""Of more, the log tells the count."""


class Words:
    """Gathered by `step` and `verdict`, and given away by `take`: nothing is logged while a lock is held."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, str]] = []
        self._steps: deque[float] = deque(maxlen=STEPS_AN_HOUR)
        self._untold = 0
        self._verdict: Verdict | None = None

    def step(self, size: float, now: float) -> None:
        """The clock was set by `size` seconds at `now`."""
        steps = self._steps
        if len(steps) == STEPS_AN_HOUR and now - steps[0] < 3600.0:
            self._untold += 1
            return
        steps.append(now)
        more = f"; {self._untold} more steps were not told of" if self._untold else ""
        self._untold = 0
        self._waiting.append((logging.WARNING, f"clock: it was set by {span(size)}{more}"))

    def verdict(self, verdict: Verdict) -> None:
        """What is held of the clock now, if that is news. That it is synchronised at the start is none."""
        told, self._verdict = self._verdict, verdict
        if told is not None and told[:2] == verdict[:2]:
            return
        if not verdict.believed:
            then = 'what is measured carries "clock": "unset", and gets its right time when the clock is set'
            self._waiting.append((logging.WARNING, f"clock: not believed: {verdict.why}; {then}"))
        elif told is not None:
            self._waiting.append((logging.INFO, f"clock: believed: {verdict.why}"))
        elif not verdict.synchronised:
            self._waiting.append((logging.INFO, f"clock: used as it is: {verdict.why}"))

    def take(self) -> list[tuple[int, str]]:
        """Level and text of what is to be logged."""
        waiting, self._waiting = self._waiting, []
        return waiting


def say(words: list[tuple[int, str]]) -> None:
    """Log what was taken."""
    for level, text in words:
        logger.log(level, "%s", text)


def span(seconds: float) -> str:
    """`+691200.000 s (8.0 d)`."""
    text = f"{seconds:+.3f} s"
    for unit, size in (("years", 31_557_600.0), ("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if abs(seconds) >= 2 * size:
            return f"{text} ({abs(seconds) / size:.1f} {unit})"
    return text
