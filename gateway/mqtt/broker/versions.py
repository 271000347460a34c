"""Which version of MQTT to speak.

A broker that refuses a version says so, and that settles it. Some just hang up on what they do not know, or
say nothing; but so does what stands before a broker that is down: docker-proxy, an ssh tunnel, HAProxy. So
after HANG_UPS in a row the other version is a guess, for one connection; afterwards the settled one comes
first again. Where the guess was right the last time, one is enough.
"""

from __future__ import annotations

import math

V5, V311 = 5, 4
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
        self._was_right = False  # the last guess
        self._tries = 0  # without an answer, that led to it
        self._did = ""
        self.guessing = False

    @property
    def current(self) -> int:
        """The version for the next connection."""
        return self._preferred[(self._settled + self.guessing) % len(self._preferred)]

    @property
    def name(self) -> str:
        """Of the current one, for the log."""
        return "MQTT 5" if self.current == V5 else "MQTT 3.1.1"

    @property
    def guess(self) -> str:
        """Why the current one is a guess; "" if it is none."""
        if not self.guessing:
            return ""
        times = "again" if self._tries == 1 else f"{self._tries} times"
        return f"it {self._did} {times} on the other version, which comes first again next time"

    @property
    def patience_s(self) -> float:
        """How long the broker may take to answer, as far as that is a matter of the version."""
        if self.guessing or len(self._preferred) == 1:
            return math.inf
        return GREETING_AGAIN_S if self._was_right else GREETING_S

    def refused(self) -> bool:
        """The broker says that it does not speak it: the next one, for good; False if there is none."""
        if self.guessing or self._settled + 1 == len(self._preferred):
            return False
        self._settled += 1
        self._hang_ups = 0
        return True

    def hung_up(self, did: str = "hung up") -> None:
        """The connection was made, and nothing was answered. `did`: what the broker did instead."""
        if self.guessing:
            self._was_right = self.guessing = False
            self._hang_ups = 0
            return
        self._did = did
        self._hang_ups += 1
        enough = self._hang_ups >= (1 if self._was_right else HANG_UPS)
        self.guessing = enough and len(self._preferred) > 1
        self._tries = self._hang_ups

    def accepted(self) -> None:
        """The broker speaks it."""
        self._was_right = self.guessing

    def answered(self) -> None:
        """Something else came of it, good or bad."""
        self._hang_ups = 0
        self.guessing = False
