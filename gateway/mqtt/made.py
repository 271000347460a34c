"""When a message was made, and by which clock: what has to be said anew when the machine's clock is set."""

from __future__ import annotations

from typing import NamedTuple, Self

from drivers.clock import Clock
from drivers.readings import MOVED_S
from gateway.encoding import retimed


class Made(NamedTuple):
    """Noted as `utc` at `at` (the clock's `monotonic`), when the machine's clock was believed (`known`) or
    not."""

    at: float
    utc: float
    known: bool

    def by(self, clock: Clock) -> Self:
        """The same by what is known now; itself if that is no other."""
        utc, unset = clock.stamp(self.at)
        if unset is not self.known and abs(utc - self.utc) < MOVED_S:
            return self
        return self._replace(utc=utc, known=not unset)

    def told(self, text: str, now: Made) -> str:
        """The JSON object that was made so, as it would be made now."""
        return retimed(text, self.utc, now.utc, unset=not now.known)
