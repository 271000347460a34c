"""What the log says of problems: each once, and not too many different ones."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

MENDED_S = 10.0
"""So long a refusal must have been away to be news when it comes again; then twice as long as before."""
LONGEST_S = 3600.0
ALIKE = 32
"""Bytes by which messages on one topic differ though they say the same: a longer number, a reason."""


class Complaints:
    """Each text once, until `clear`; `most` different ones until then."""

    def __init__(self, logger: logging.Logger, most: int) -> None:
        self._logger = logger
        self._most = most
        self._told: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there were any."""
        return bool(self._told)

    def tell(self, level: int, text: str) -> None:
        """Log it, unless that was done already."""
        if text not in self._told and len(self._told) < self._most:
            self._told.add(text)
            self._logger.log(level, "%s", text)

    def clear(self) -> None:
        """It is over: should a problem come again, that is news."""
        self._told.clear()


@dataclass(slots=True)
class _Refusal:
    """What was told of: `topic` and bytes there. `at`: when one of its kind came last."""

    topic: str
    size: int
    at: float
    mended: bool = False
    away_s: float = MENDED_S


class Refusals:
    """What the broker refuses: one line for each kind and reason, as what is refused one sender is mostly
    refused all; and another one when it comes again after the broker had taken what it refused before.

    `most`: kinds with reasons that are told of. `clock`: monotonic.
    """

    def __init__(self, logger: logging.Logger, most: int, clock: Callable[[], float]) -> None:
        self._logger = logger
        self._most = most
        self._clock = clock
        self._known: dict[tuple[str, str], _Refusal] = {}

    def __bool__(self) -> bool:
        """Whether there were any."""
        return bool(self._known)

    def refused(self, kind: str, which: str, why: str, topic: str, size: int) -> None:
        """A message of `size` bytes on `topic` was. `which`: an example of the kind, for the log."""
        now, known = self._clock(), self._known.get((kind, why))
        if known is None and len(self._known) >= self._most:
            return
        away_s = MENDED_S
        if known is not None:
            if not known.mended or now - known.at < known.away_s:
                known.at, known.mended = now, False
                return
            away_s = min(2 * known.away_s, LONGEST_S)
        self._known[kind, why] = _Refusal(topic, size, now, away_s=away_s)
        self._logger.error("mqtt: the broker refuses %s such as %s: %s", kind, which, why)

    def taken(self, topic: str, size: int) -> None:
        """The broker took one. What is far smaller than what was refused says nothing of that."""
        for known in self._known.values():
            if known.topic == topic and size + ALIKE >= known.size:
                known.mended = True
