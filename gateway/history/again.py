"""When what has failed is tried again: after longer and longer. Pure."""

from __future__ import annotations

import math

AGAIN_S = (2.0, 60.0)
"""The first pause after the disk could not be written, and the longest."""


class Again:
    """Of one thing that is tried. Times are those of the caller's clock."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        """The last pause; 0 for none."""
        self.due = -math.inf
        """When it is to be tried again; -inf where it has not failed."""

    @property
    def waits(self) -> bool:
        """Whether it has failed, and is to be tried again."""
        return self.due > -math.inf

    def failed(self, now: float) -> None:
        """Once more."""
        first_s, longest_s = AGAIN_S
        self.pause_s = min(max(first_s, 2 * self.pause_s), longest_s)
        self.due = now + self.pause_s

    def worked(self) -> None:
        """The next failure is the first."""
        self.pause_s, self.due = 0.0, -math.inf
