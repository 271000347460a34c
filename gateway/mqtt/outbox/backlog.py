"""What is on disk and goes late: gap records first, then events in their order, at a bounded rate.

It reads a page at a time and sends nothing itself. All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from gateway.mqtt.outbox.event import Event, LateGap, Outgoing
from gateway.mqtt.outbox.events_table import Row
from gateway.mqtt.outbox.store import Store
from gateway.storage.schema import StoreError

PAGE = 100
"""Rows that are read at a time."""
BURST_S = 0.05
"""Late events go in bunches of what the rate allows in that time, so that the bridge wakes less often."""
RETRY_S = 10.0
"""After the file could not be read or written."""


class Backlog:
    """`rate`: events a second. `taken(row)`: whether a row is on its way already, or was acknowledged."""

    def __init__(
        self,
        store: Store,
        rate: float,
        *,
        taken: Callable[[int], bool],
        problem: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._rate = rate
        self._taken = taken
        self._problem = problem
        self._clock = clock
        self._gaps: deque[LateGap] = deque()
        self._page: deque[Event] = deque()
        self._gap_cursor = 0
        self._cursor = 0
        self.exhausted = False
        """Whether all that is on disk has been taken."""
        self._retry_at = -math.inf
        self._next = 0.0  # when the rate allows the next one; they go in bunches, at `wake`
        self.wake = 0.0
        """When the rate allows late events again, from disk or from elsewhere."""

    @property
    def due(self) -> float:
        """When there is something to take; infinite if there is nothing."""
        return math.inf if self.exhausted else max(self.wake, self._retry_at)

    def begin(self) -> None:
        """A connection: from its beginning, and at once."""
        self._next = self.wake = self._clock()
        self.rewind()

    def rewind(self) -> None:
        """From its beginning."""
        self._cursor = self._gap_cursor = 0
        self._page.clear()
        self._gaps.clear()
        self.grown()

    def grown(self) -> None:
        """There is more on disk than before."""
        self.exhausted = False

    def back_to(self, row: int) -> None:
        """That row is to be read again."""
        first = self._page[0].row if self._page else row
        self._cursor = min(self._cursor, row - 1, first - 1)
        self._page.clear()
        self.grown()

    def dropped(self, upto: int) -> None:
        """Rows up to that one are not on disk any more, and a gap is."""
        while self._page and self._page[0].row <= upto:
            self._page.popleft()
        self.grown()

    def take(self, now: float) -> Outgoing | None:
        """The next one, if it is due."""
        if now < self.due:
            return None
        if not (self._gaps or self._page):
            self._read(now)
        found: Outgoing
        if self._gaps:
            found = self._gaps.popleft()
        elif self._page:
            found = self._page.popleft()
        else:
            return None
        self.spend(now)
        return found

    def spend(self, now: float) -> None:
        """One more goes late."""
        self._next = max(self._next, now - 2 * BURST_S) + 1 / self._rate
        if self._next > now:
            self.wake = self._next + BURST_S

    def _read(self, now: float) -> None:
        try:
            gaps = self._store.gaps(self._gap_cursor, PAGE)
            if gaps:
                self._gap_cursor = gaps[-1].id
                self._gaps.extend(map(LateGap, gaps))
            while not (self._gaps or self._page):
                damaged = self._store.damaged
                rows = self._store.after(self._cursor, PAGE, self._taken)
                if not rows:
                    self.exhausted = self._store.damaged == damaged  # else there is a gap to tell of
                    return
                self._cursor = rows[-1].id
                self._page.extend(_event(row) for row in rows if not self._taken(row.id))
        except StoreError as error:
            self._retry_at = now + RETRY_S
            self._problem(str(error))


def _event(row: Row) -> Event:
    known, boot = row.known, row.boot
    return Event(
        0,
        row.sender,
        row.event,
        row.head,
        row.time,
        row.at,
        row.uid,
        late=True,
        row=row.id,
        boot=boot,
        known=known,
    )
