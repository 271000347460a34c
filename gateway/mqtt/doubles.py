"""Whether another gateway of our name publishes: what is on our topic `diagnostics` tells. Pure, no I/O.

What was retained may be of an earlier run of ours, so it counts only if somebody has published in our place:
it was not there before we published, or what it says of its own uptime goes on. No wall clock has a say: a
gateway's may be set at any time.
"""

from __future__ import annotations

from gateway.encoding import decode

MAX_OTHERS = 100
"""Other instances that are remembered."""


class Doubles:
    """`instance`: ours, of this run."""

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._born = False
        self._others: dict[str, float] = {}  # their uptime, as they said it last

    def born(self) -> None:
        """The broker has diagnostics of ours."""
        self._born = True

    def is_one(self, diagnostics: bytes, *, retained: bool) -> bool:
        """Whether these were said by another gateway of our name, while this one runs."""
        try:
            said = decode(diagnostics.decode())
        except (ValueError, RecursionError):
            return False
        if not isinstance(said, dict) or said.get("instance") in (None, self._instance):
            return False
        before, uptime = self._heard(str(said["instance"]), said.get("uptime"))
        return not retained or (self._born if before is None else uptime > before)

    def _heard(self, instance: str, uptime: object) -> tuple[float | None, float]:
        """What it said last, None if that is news, and what it says now."""
        now = float(uptime) if isinstance(uptime, int | float) else 0.0
        before = self._others.pop(instance, None)
        while len(self._others) >= MAX_OTHERS:
            del self._others[next(iter(self._others))]
        self._others[instance] = max(now, before or 0.0)
        return before, now
