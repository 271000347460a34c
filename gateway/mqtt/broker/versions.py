"""Which version of MQTT to speak.

A broker that refuses a version says so, and that settles it. Some just hang up on what they do not know, but
so does what stands before a broker that is down: docker-proxy, an ssh tunnel, HAProxy. So after HANG_UPS in a
row the other version is a guess, for one connection; afterwards the settled one comes first again.
"""

from __future__ import annotations

HANG_UPS = 3


class Versions:
    """`preferred`: in that order."""

    def __init__(self, preferred: tuple[int, ...]) -> None:
        self._preferred = preferred
        self._settled = 0
        self._hang_ups = 0
        self.guessing = False

    @property
    def current(self) -> int:
        """The version for the next connection."""
        return self._preferred[(self._settled + self.guessing) % len(self._preferred)]

    def refused(self) -> bool:
        """The broker says that it does not speak it: the next one, for good; False if there is none."""
        if self.guessing or self._settled + 1 == len(self._preferred):
            return False
        self._settled += 1
        self._hang_ups = 0
        return True

    def hung_up(self) -> None:
        """The connection was made, and ended without an answer."""
        self._hang_ups = 0 if self.guessing else self._hang_ups + 1
        self.guessing = self._hang_ups >= HANG_UPS and len(self._preferred) > 1

    def answered(self) -> None:
        """Something else came of it, good or bad."""
        self._hang_ups = 0
        self.guessing = False
