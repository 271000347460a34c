"""Whether another gateway of our name publishes: what is on our topic `diagnostics` tells. Pure, no I/O.

What was retained may be of an earlier run of ours, so it counts only if somebody has published in our place:
it was not there before we published, or what it says of its own uptime goes on. No wall clock has a say: a
gateway's may be set at any time.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.encoding import decode

MAX_OTHERS = 100
"""Other instances that are remembered."""


class Said(NamedTuple):
    """Diagnostics of another instance: its uptime (whole seconds), and a hash of all."""

    uptime: float
    said: int


class Doubles:
    """`instance`: ours, of this run."""

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._born = False
        self._others: dict[str, Said] = {}

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
        before, now = self._heard(str(said["instance"]), said.get("uptime"), diagnostics)
        if not retained:
            return True
        if before is None:
            return self._born
        return now.uptime >= before.uptime and now.said != before.said

    def _heard(self, instance: str, uptime: object, diagnostics: bytes) -> tuple[Said | None, Said]:
        """What it said last, None if that is news, and what it says now."""
        now = Said(float(uptime) if isinstance(uptime, int | float) else 0.0, hash(diagnostics))
        before = self._others.pop(instance, None)
        while len(self._others) >= MAX_OTHERS:
            del self._others[next(iter(self._others))]
        self._others[instance] = now if before is None or now.uptime >= before.uptime else before
        return before, now
