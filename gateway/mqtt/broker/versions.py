"""Which version of MQTT to speak.

A broker that refuses a version says so, and that settles it. Some just hang up on what they do not know, or
say nothing; but so does what stands before a broker that is down: docker-proxy, an ssh tunnel, HAProxy. So
after HANG_UPS in a row the other version is a guess, for one connection; afterwards the settled one comes
first again. Where the guess was right the last time, one is enough.
"""

from __future__ import annotations

HANG_UPS = 3
GREETING_S = 5.0
"""How long a broker may be silent if there is another version to be tried: ten round trips of a bad link."""
GREETING_AGAIN_S = 1.0
"""The same, of one that was silent the last time."""


class Versions:
    """`preferred`: in that order."""

    def __init__(self, preferred: tuple[int, ...]) -> None:
        self._preferred = preferred
        self._settled = 0
        self._hang_ups = 0
        self._guessed = False
        self.guessing = False
        self.tries = 0
        """Connections without an answer that have led to the last guess."""

    @property
    def current(self) -> int:
        """The version for the next connection."""
        return self._preferred[(self._settled + self.guessing) % len(self._preferred)]

    @property
    def patience_s(self) -> float:
        """How long the broker may take to answer, as far as that is a matter of the version."""
        if self.guessing or len(self._preferred) == 1:
            return float("inf")
        return GREETING_AGAIN_S if self._guessed else GREETING_S

    def refused(self) -> bool:
        """The broker says that it does not speak it: the next one, for good; False if there is none."""
        if self.guessing or self._settled + 1 == len(self._preferred):
            return False
        self._settled += 1
        self._hang_ups = 0
        return True

    def hung_up(self) -> None:
        """The connection was made, and nothing was answered."""
        if self.guessing:
            self._guessed = False
        self._hang_ups = 0 if self.guessing else self._hang_ups + 1
        enough = self._hang_ups >= (1 if self._guessed else HANG_UPS)
        self.guessing = enough and len(self._preferred) > 1
        self.tries = self._hang_ups or self.tries

    def accepted(self) -> None:
        """The broker speaks it."""
        self._guessed = self.guessing

    def answered(self) -> None:
        """Something else came of it, good or bad."""
        self._hang_ups = 0
        self.guessing = False
