"""Records of a file, brought into a history: in batches, whatever is there already. For one thread.

What is there stays as it is if it comes again: a reading has the place of its sensor's of that time, a mark
in a gap changes nothing, an event has its id, and what has no known time is looked for. So an import that was
cut off is made again from its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.history.archive import Archive
from gateway.history.buckets import DAY
from gateway.history.rows import Batch, Item, Kept, Reading, Untimed
from gateway.history.store import Store
from gateway.history.transfer.records import Record, Silence, item

MOST_ITEMS = 5000
"""Of a batch: some 2 MB, and a tenth of a second's work between two syncs."""


class Counts(NamedTuple):
    """What a file had."""

    readings: int = 0
    gaps: int = 0
    events: int = 0
    untimed: int = 0
    senders: frozenset[str] = frozenset()


class Importing:
    """Into the file that `store` has opened; `archive` is of the same. `now`: UTC in ms."""

    def __init__(self, store: Store, archive: Archive, now: int) -> None:
        self._store = store
        self._archive = archive
        self._now = now
        self._batch: list[Item] = []
        self._events: dict[int, list[Kept]] = {}  # of the batch, by ms
        self._untimed: set[Untimed] | None = None
        self._day = 0
        self._since_upkeep = 0

    def add(self, records: Iterable[Record]) -> None:
        """All of them, and what is to be done beside. Raises StoreError; what was written by then stays."""
        for record in records:
            self._add(record)
        self._write()
        self._upkeep()

    def _add(self, record: Record) -> None:
        new = item(record)
        if isinstance(new, Untimed):
            if new in self._known_untimed():
                return
            self._known_untimed().add(new)
        elif isinstance(new, Kept):
            new = self._with_free_id(new)
            self._events.setdefault(new.id.ms, []).append(new)
        elif isinstance(new, Reading):
            self._look_at_day(new.time // DAY)
        self._batch.append(new)
        if len(self._batch) >= MOST_ITEMS:
            self._write()

    def _look_at_day(self, day: int) -> None:
        """A day that is over is sealed as a whole: sealing it twice is twice the work."""
        if day != self._day and self._since_upkeep + len(self._batch) >= MOST_ITEMS:
            self._write()
            self._upkeep()
        self._day = day

    def _write(self) -> None:
        if self._batch:
            self._store.write(Batch(self._batch, None))
            self._since_upkeep += len(self._batch)
        self._batch, self._events = [], {}

    def _upkeep(self) -> None:
        self._since_upkeep = 0
        while self._store.maintain(self._now):
            pass

    def _known_untimed(self) -> set[Untimed]:
        """A history has 100,000 of them at most."""
        if self._untimed is None:
            self._untimed = set(self._archive.untimed())
        return self._untimed

    def _with_free_id(self, event: Kept) -> Kept:
        """With its own id, or, where another event has that, as of two gateways, with the next; its own again
        where it is there by then."""
        there = {each.id: each for each in self._archive.events(event.id.ms, event.id.ms + 1)}
        there |= {each.id: each for each in self._events.get(event.id.ms, ())}
        new = event
        while (other := there.get(new.id)) is not None and other != new:
            new = new._replace(id=new.id._replace(number=new.id.number + 1))
        return new


class Counting:
    """Counts as records go by."""

    def __init__(self) -> None:
        self._readings = self._gaps = self._events = self._untimed = 0
        self._senders: set[str] = set()

    def add(self, record: Record) -> None:
        """One."""
        if isinstance(record, Untimed):
            self._untimed += 1
            self._senders.add(record.item.sender)
            return
        self._senders.add(record.sender)
        if isinstance(record, Reading):
            self._readings += 1
        elif isinstance(record, Silence):
            self._gaps += 1
        else:
            self._events += 1

    @property
    def counts(self) -> Counts:
        """So far."""
        senders = frozenset(self._senders)
        return Counts(self._readings, self._gaps, self._events, self._untimed, senders)
