"""What a gateway has said and somebody may still be missing: numbered, and given out page by page.

`MemorySpool` is for a script's own senders, and for simulated gateways: it ends with the process. A gateway's
own, on disk, is `gateway.member.spool`.

An epoch is greater than all before it that the spool knows of, and is taken from the clock besides, so that
no two are the same where it knows of none. The clock of a Pi may stand anywhere: a consumer's position may
then be of an epoch that is later than all there are, or between them. Such a position says nothing of what
is here, and its page begins `anew`: with the oldest event.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from itertools import islice
from typing import Protocol

from gateway.fleet.gaps import Gaps
from gateway.fleet.message import START, Event, Page, Position
from gateway.fleet.paging import Numbers, page_of, start_of

MOST = 1000
"""Events in memory: at 300 bytes each, 0.3 MB."""
FULL = "there was no room for it"


class Spool(Protocol):
    """From any thread. Nothing but `page` waits for a disk."""

    def add(self, sender: str, event: str, data: str, utc_ms: int, known: bool) -> Event:
        """Number an event. `data`: JSON; `known`: whether the clock that `utc_ms` is of was believed."""

    def page(self, after: Position | None, before: Position | None) -> Page:
        """What comes after a position, and before another if there is one; with None, only where the head
        is. May raise OSError where the disk fails: it can be asked again."""

    def confirm(self, consumer: str, position: Position) -> None:
        """A durable consumer has all up to there, safe."""

    @property
    def head(self) -> Position:
        """The newest event's; `seq` 0 where the epoch has none yet."""


def new_epoch(last: int = 0) -> int:
    """One that comes after `last`: the clock's ms, wherever it stands. Reads the clock."""
    return max(last + 1, time.time_ns() // 1_000_000)


class MemorySpool:
    """The last `most` events of one epoch; of what has gone before, how much it was, and whose. Nobody's
    confirmation is waited for. See `Spool`."""

    def __init__(self, most: int = MOST, epoch: int | None = None) -> None:
        self._lock = threading.Lock()  # guards all; held for some µs, and 0.2 ms for a page
        self._events: deque[Event] = deque()
        self._most = most
        self._gaps = Gaps()
        self._head = Position(new_epoch() if epoch is None else epoch, 0)

    @property
    def head(self) -> Position:
        """See `Spool`."""
        return self._head

    def add(self, sender: str, event: str, data: str, utc_ms: int, known: bool) -> Event:
        """See `Spool`."""
        with self._lock:
            self._head = Position(self._head.epoch, self._head.seq + 1)
            added = Event(self._head, utc_ms, known, sender, event, data)
            self._events.append(added)
            if len(self._events) > self._most:
                oldest = self._events.popleft()
                self._gaps.drop(oldest.position, oldest.sender, oldest.utc_ms, FULL)
            return added

    def page(self, after: Position | None, before: Position | None) -> Page:
        """See `Spool`."""
        with self._lock:
            if after is None:
                return Page((), self._head, self._head)
            numbers = Numbers(self._head, {self._head.epoch: self._head.seq}, START)
            begin = start_of(numbers, after)
            skipped = 0
            if self._events and begin.epoch == self._head.epoch:
                skipped = max(0, begin.seq + 1 - self._events[0].position.seq)
            page, told = page_of(numbers, after, before, islice(self._events, skipped, None), self._gaps)
            for gap in told:
                gap.told = True
            return page

    def confirm(self, consumer: str, position: Position) -> None:
        """See `Spool`: it makes no difference here."""
