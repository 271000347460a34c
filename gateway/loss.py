"""Events that had to be dropped, as they are counted until a gap record tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Loss:
    """Events of one sender: how many, triggered from when to when (UTC).

    `at`: `last` by the clock of the boot called `boot` (None: this one); None where that is not noted.
    `known`: whether the machine's clock was believed.
    """

    __slots__ = ("at", "boot", "count", "first", "known", "last")

    def __init__(
        self,
        first: float,
        last: float,
        count: int,
        at: float | None = None,
        boot: str | None = None,
        *,
        known: bool = True,
    ) -> None:
        self.first = first
        self.last = last
        self.count = count
        self.at = at
        self.boot = boot
        self.known = known

    @classmethod
    def of(cls, utc: float, at: float | None = None, boot: str | None = None, *, known: bool = True) -> Self:
        """One event."""
        return cls(utc, utc, 1, at, boot, known=known)

    def times(self, count: int) -> Self:
        """So many, of the same time; another object."""
        return type(self)(self.first, self.last, count, self.at, self.boot, known=self.known)

    @property
    def offset(self) -> float:
        """UTC less the boot's own time; that is where the clock stood."""
        return self.last - (self.at or 0.0)

    def add(self, other: Loss) -> None:
        """And those. Of one boot, all are told by the clock that was believed, or else by the later one."""
        first, last = other.first, other.last
        if other.at is not None and self.at is not None and other.boot == self.boot:
            step = other.offset - self.offset
            if other.known >= self.known:
                self.first, self.last = self.first + step, self.last + step
            else:
                first, last = first - step, last - step
            self.at, self.known = max(self.at, other.at), self.known or other.known
        else:
            self.known = self.known and other.known
            if last > self.last:
                self.at, self.boot = other.at, other.boot
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.count += other.count


class Tally:
    """How many events of each sender were lost since the start. `add`: one thread at a time, or under its
    lock; `counts`: any."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, sender: str, count: int) -> None:
        """So many more; of more than MOST_COUNTED senders, the others' go to the name ""."""
        name = sender if sender in self._counts or len(self._counts) < MOST_COUNTED else ""
        self._counts[name] = self._counts.get(name, 0) + count

    def counts(self) -> dict[str, int]:
        """By sender."""
        return dict(self._counts)


MOST_COUNTED = 2000
"""Senders; a name has 1024 characters at most, so 2 MB."""

Losses = Mapping[tuple[str, str], Loss]
"""By sender and reason."""
