"""Events that had to be dropped, as they are counted until a gap record tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Loss:
    """Events of one sender: how many, triggered from when to when (UTC)."""

    __slots__ = ("count", "first", "last")

    def __init__(self, first: float, last: float, count: int) -> None:
        self.first = first
        self.last = last
        self.count = count

    @classmethod
    def of(cls, utc: float) -> Self:
        """One event."""
        return cls(utc, utc, 1)

    def add(self, other: Loss) -> None:
        """And those."""
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.count += other.count


Losses = Mapping[tuple[str, str], Loss]
"""By sender and reason."""
