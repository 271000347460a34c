"""How much may wait until it is written, so that nothing has to be dropped; and what had to be."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from gateway.collect.arrival import ROW_BYTES
from gateway.collect.placed import Placed
from gateway.fleet.message import MOST_BYTES as PAGE_BYTES

MOST_EVENTS, MOST_BYTES = 6000, 5_000_000
"""What waits to be written, with what is asked for and yet to come: a second of the whole of a large site.
Beyond it gateways are asked for no more."""
LIVE_EVENTS, LIVE_BYTES = 8000, 6_500_000
"""The same for what comes live, which has some room that pages do not take. Less than a recorder has
(`gateway.history.pending`), so that nothing is dropped."""


class Dropped(NamedTuple):
    """The first event of a gateway that was not kept, by its place (see `Placed`), in its newest life.
    `crowded`: there was no room, so it is not the event's own fault."""

    life: int
    turn: int
    crowded: bool


class Room:
    """`let_go`, `waits` and `dropped` are for any thread; the rest for the consumer's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows; held for a few assignments
        self._events = self._bytes = 0
        self._waiting: dict[str, int] = {}  # events, by gateway
        self._dropped: dict[str, Dropped] = {}
        self._awaited = self._awaited_bytes = 0  # of what is asked for: the consumer's alone

    @property
    def is_left(self) -> bool:
        """Whether what comes live is to be taken."""
        events, size = self._events + self._awaited, self._bytes + self._awaited_bytes
        return events < LIVE_EVENTS and size < LIVE_BYTES

    def reserve(self, events: int) -> bool:
        """Room for a page, of so many events with what waits for it, which is to be asked for; False if there
        is none. `unreserve` is to follow, with the same."""
        size = _awaited_bytes(events)
        if self._events + self._awaited + events > MOST_EVENTS:
            return False
        if self._bytes + self._awaited_bytes + size > MOST_BYTES:
            return False
        self._awaited += events
        self._awaited_bytes += size
        return True

    def unreserve(self, events: int) -> None:
        """It has come, or will not."""
        self._awaited -= events
        self._awaited_bytes -= _awaited_bytes(events)

    def take(self, placed: Placed) -> None:
        """It waits from now on."""
        with self._lock:
            self._events += 1
            self._bytes += placed.size
            self._waiting[placed.identity] = self._waiting.get(placed.identity, 0) + 1

    def let_go(self, placed: Placed, safe: bool) -> None:
        """It does not wait any more; not safe: it was not kept."""
        with self._lock:
            crowded = self._bytes >= MOST_BYTES
            self._events -= 1
            self._bytes -= placed.size
            self._waiting[placed.identity] = left = self._waiting.get(placed.identity, 0) - 1
            if left <= 0:
                del self._waiting[placed.identity]
            if safe:
                return
            dropped = Dropped(placed.life, placed.turn, crowded)
            known = self._dropped.get(placed.identity)
            if known is None or (-dropped.life, dropped.turn) < (-known.life, known.turn):
                self._dropped[placed.identity] = dropped

    def waits(self, gateway: str) -> bool:
        """Whether something of it may still be written."""
        with self._lock:
            return gateway in self._waiting

    def dropped(self) -> Mapping[str, Dropped]:
        """By gateway, since the last time."""
        with self._lock:
            found, self._dropped = self._dropped, {}
        return found


def _awaited_bytes(events: int) -> int:
    return PAGE_BYTES + events * ROW_BYTES
