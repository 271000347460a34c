"""A spool in a file that a kill -9 of its process leaves whole: what `add` has returned is written.

It has no disk's slowness and no bound of bytes, so that a test of the fleet tests the fleet; a gateway's own
is `gateway.member.spool`.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from pathlib import Path

from gateway.fleet.gaps import Gaps
from gateway.fleet.message import START, Event, Page, Position
from gateway.fleet.paging import Numbers, page_of, start_of
from gateway.fleet.spool import FULL, new_epoch


class FileSpool:
    """The last `most` events of all epochs. See `gateway.fleet.spool.Spool`."""

    def __init__(self, path: Path, most: int) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._events: deque[Event] = deque()
        self._gaps = Gaps()
        self._epochs: dict[int, int] = {}
        path.touch()
        for line in path.read_text().splitlines():
            epoch, seq, *rest = json.loads(line)
            self._epochs[epoch] = seq
            if rest:
                self._append(Event(Position(epoch, seq), *rest))
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self.head = Position(new_epoch(max(self._epochs, default=0)), 0)
        self._epochs[self.head.epoch] = 0
        self._write(self.head)

    def add(self, sender: str, event: str, data: str, utc_ms: int, known: bool) -> Event:
        """See `Spool`."""
        with self._lock:
            added = Event(Position(self.head.epoch, self.head.seq + 1), utc_ms, known, sender, event, data)
            self._write((*added.position, *added[1:]))
            self.head = added.position
            self._epochs[self.head.epoch] = self.head.seq
            self._append(added)
            return added

    def page(self, after: Position | None, before: Position | None) -> Page:
        """See `Spool`."""
        with self._lock:
            if after is None:
                return Page((), self.head, self.head)
            numbers = Numbers(self.head, self._epochs, START)
            begin = start_of(numbers, after)
            page, told = page_of(
                numbers, after, before, (each for each in self._events if each.position > begin), self._gaps
            )
            for gap in told:
                gap.told = True
            return page

    def confirm(self, consumer: str, position: Position) -> None:
        """See `Spool`: it makes no difference here."""

    def _write(self, line: tuple[object, ...]) -> None:
        os.write(self._file, f"{json.dumps(line)}\n".encode())

    def _append(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > self._most:
            oldest = self._events.popleft()
            self._gaps.drop(oldest.position, oldest.sender, oldest.utc_ms, FULL)
