"""Who comes and goes, for the log: at once where it is seldom, and together where it is not. Pure; time is
passed in (monotonic)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

AGAIN_S = 60.0
MOST_LINES = 10
"""In that time: of what comes and goes after them is told when it is over."""
NAMED = 5


class Goings:
    """`came`, `went`: what stands before names."""

    def __init__(self, came: str, went: str) -> None:
        self._words = came, went
        self._came: dict[str, None] = {}
        self._went: dict[str, None] = {}
        self._since = -AGAIN_S
        self._lines = 0

    def note(self, name: str, *, there: bool) -> None:
        """It has come, or gone."""
        (self._came if there else self._went)[name] = None

    def look(self, now: float, whole: str = "") -> tuple[int, str] | None:
        """What is to be logged, and how loudly; None if nothing is. `whole`: what stands behind it."""
        if now - self._since >= AGAIN_S:
            self._since, self._lines = now, 0
        if not (self._came or self._went) or self._lines >= MOST_LINES:
            return None
        self._lines += 1
        level = logging.WARNING if self._went else logging.INFO
        came, went = self._words
        parts = [_named(went, self._went), _named(came, self._came), whole]
        self._came, self._went = {}, {}
        return level, f"fleet: {'; '.join(filter(None, parts))}"


def _named(word: str, names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - NAMED:,} more" if len(listed) > NAMED else ""
    return f"{word} {', '.join(listed[:NAMED])}{more}" if listed else ""
