"""A history's disk in memory, for tests of who writes to it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.event_id import BEFORE_ALL, EventId
from gateway.history.intake import event_of
from gateway.history.rows import Batch, Item, Kept, Series, Untimed
from gateway.storage.schema import StoreError


class Opening(NamedTuple):
    """What was found."""

    last_id: EventId = BEFORE_ALL
    alive: int | None = None
    senders: Mapping[str, str | None] = {}


class MemoryStore:
    """For anything that takes a `gateway.history.disk.Store`. `problem`: why nothing can be written;
    `held`: a write waits for it."""

    def __init__(self, opening: Opening | None = None) -> None:
        self.opening = opening or Opening()
        self.problem: str | None = None
        self.held = threading.Event()
        self.held.set()
        self.begun = threading.Event()
        self.batches: list[Batch] = []
        self.settled: list[tuple[str, int]] = []
        self.boots: set[str] = set()
        self.maintained: list[int] = []
        self.more = 0
        self.opened = 0
        self.closed = 0
        self.written: int | None = 0
        self.repeated = 0

    @property
    def items(self) -> list[Item]:
        """All that was written."""
        return [item for batch in self.batches for item in batch.items]

    def open(self) -> Opening:
        """See `Store`."""
        self._check()
        self.opened += 1
        return self.opening

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        self.begun.set()
        assert self.held.wait(20)
        self._check()
        self.written = None if self.written is None else self.written + 1024 * len(batch.items)
        self.batches.append(batch)
        self.boots |= {item.boot for item in batch.items if isinstance(item, Untimed)}

    def maintain(self, now_ms: int) -> bool:
        """See `Store`."""
        self._check()
        self.maintained.append(now_ms)
        self.more -= 1
        return self.more > 0

    def settle(self, boot: str, offset_ms: int) -> None:
        """See `Store`."""
        self._check()
        self.settled.append((boot, offset_ms))
        self.boots.discard(boot)

    def untimed_boots(self) -> Collection[str]:
        """See `Store`."""
        return sorted(self.boots)

    def close(self) -> None:
        """See `Store`."""
        self.closed += 1

    def _check(self) -> None:
        if self.problem is not None:
            raise StoreError(self.problem)


class MemoryArchive:
    """For anything that takes a `gateway.history.recall.Archive`: answers what `store` has."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[Any] = []
        self.reaches_back = True

    def points(
        self, sender: str, since_ms: int, until_ms: int, points: int, unwritten: Sequence[Item] = ()
    ) -> Series | None:
        """Notes what it was asked."""
        self.asked.append((sender, since_ms, until_ms, points, list(unwritten)))
        return Series("°C", None, (), ())

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """See `Archive`."""
        if not self.reaches_back:
            return None
        events = [event for item in self._store.items if (event := event_of(item)) is not None]
        return [event for event in events if event.id > after][:limit]
