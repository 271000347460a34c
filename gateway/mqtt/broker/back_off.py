"""How long to wait before the next connection.

It grows with failures to connect, not with connections that held and broke; with jitter, so that a house of
gateways does not come back at one moment.
"""

from __future__ import annotations

import random

FIRST_S = 0.25
ABSENT_S = 1.5
"""At most, while nobody is there: one small packet each time, and live again within 2 s of the broker's
return, were it after an hour."""
REFUSED_S = 15.0
"""At most, where a broker is there and refuses us: a password is not mended every second."""
HELD_S = 1.0
"""A connection that held so long is no storm."""
FREE = 8
"""Shorter ones in a row that are followed by the next at once."""


class BackOff:
    """Of one broker. All calls return seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._flashes = 0
        self.away = False
        """Whether the broker could not be reached since the last connection."""

    def accepted(self) -> None:
        """There is a connection."""
        self._failures = 0
        self.away = False

    def failed(self, *, absent: bool) -> float:
        """There is none. `absent`: nobody is there."""
        self._failures += 1
        self.away = self.away or absent
        return _wait(self._failures, ABSENT_S if absent else REFUSED_S)

    def broke(self, held_s: float, *, tested: bool) -> float:
        """One that had been accepted has ended. `tested`: to see whether what was sent would end it, and of
        those there are only so many."""
        if held_s >= HELD_S:
            self._flashes = 0
        elif not tested:
            self._flashes += 1
        return _wait(max(0, self._flashes - FREE), REFUSED_S)


def _wait(failures: int, longest_s: float) -> float:
    return random.uniform(0.5, 1.0) * min(longest_s, FIRST_S * 2.0 ** min(failures, 10))
