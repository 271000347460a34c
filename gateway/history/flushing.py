"""Who wants what was heard to be on disk now, as `export` does beside a gateway that runs.

Each commit is synced, and wears a card out: so those who ask within EVERY_S wait for the same one, and where
nothing waits to be written there is none.
"""

from __future__ import annotations

import math
import threading

EVERY_S = 1.0
"""Between two commits that were asked for, however many ask."""


class Flushing:
    """`ask` and `wait` are for any thread; the others belong to the recorder's."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wanted = 0  # how often it was asked for
        self._done = 0  # up to which of them it was done
        self._next = -math.inf

    def ask(self) -> int:
        """Want it; returns what to wait for."""
        with self._changed:
            self._wanted += 1
            return self._wanted

    def wait(self, ticket: int, within_s: float) -> bool:
        """Whether all that was heard before `ask` was is on disk, once it is, or the time is
        over."""
        with self._changed:
            return self._changed.wait_for(lambda: self._done >= ticket, within_s)

    @property
    def wanted(self) -> int:
        """The newest ticket: look at it before you take what there is to be written."""
        return self._wanted

    @property
    def due(self) -> float:
        """When to write for those who wait, by the clock of `wrote`; never if nobody does."""
        return self._next if self._wanted > self._done else math.inf

    def wrote(self, ticket: int, now: float) -> None:
        """A commit has what those up to that one want."""
        if ticket > self._done:
            self._next = now + EVERY_S
            self.nothing_left(ticket)

    def nothing_left(self, ticket: int) -> None:
        """Nothing waited to be written."""
        with self._changed:
            self._done = max(self._done, ticket)
            self._changed.notify_all()
