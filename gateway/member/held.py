"""The newest events, in memory: those that wait to be confirmed or written, and some that are safe already,
for who has missed them just now. Pure; not for several threads.

    safe: confirmed by all, or written      neither
    | recent ............................. | waiting ............ |  head
    the oldest go when there are too many    written after the loss window
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from drivers.receipt import Receipt
from gateway.fleet.message import Event, Position
from gateway.fleet.paging import size_of

RECENT, RECENT_BYTES = 500, 500_000
"""Safe events that are kept all the same: a consumer of a script's asks for what it has missed in a router's
death, when a collector may have confirmed it."""
MOST, MOST_BYTES = 10_000, 8_000_000
"""That wait: 20 s of 500 a second. Of more, as when the disk hangs, the oldest are dropped."""


@dataclass(slots=True, eq=False)
class Held:
    """`utc`, `at`: when it was triggered, UTC and boottime. `receipt`: of a reading that its device keeps
    until it is safe here."""

    event: Event
    utc: float
    at: float
    receipt: Receipt | None = None

    def release(self) -> None:
        """It is safe. Once; who hears of it may do something, so no lock is to be held."""
        receipt, self.receipt = self.receipt, None
        if receipt is not None:
            receipt.release()

    def lose(self) -> None:
        """It never will be. The same holds."""
        receipt, self.receipt = self.receipt, None
        if receipt is not None:
            receipt.lose()


class Memory:
    """What it returns has its receipt still."""

    def __init__(self, after: Position) -> None:
        self.after = after
        """All events after it that there are, are here."""
        self._recent: deque[Held] = deque()
        self._recent_bytes = 0
        self._waiting: deque[Held] = deque()
        self._waiting_bytes = 0

    def __iter__(self) -> Iterator[Held]:
        return chain(self._recent, self._waiting)

    @property
    def waiting(self) -> int:
        """How many are not safe."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """Of those."""
        return self._waiting_bytes

    @property
    def oldest(self) -> Held | None:
        """Of those that are not safe."""
        return self._waiting[0] if self._waiting else None

    def add(self, held: Held) -> None:
        """The newest."""
        self._waiting.append(held)
        self._waiting_bytes += size_of(held.event)

    def surplus(self) -> Held | None:
        """The oldest that waits, if there are too many: it is dropped."""
        if len(self._waiting) <= MOST and self._waiting_bytes <= MOST_BYTES:
            return None
        return self._take()

    def unsafe(self) -> list[Held]:
        """All that wait, in order."""
        return list(self._waiting)

    def safe_upto(self, position: Position) -> list[Held]:
        """All up to it are confirmed, or written: those that were not safe before."""
        safe: list[Held] = []
        while self._waiting and self._waiting[0].event.position <= position:
            held = self._take()
            safe.append(held)
            self._recent.append(held)
            self._recent_bytes += size_of(held.event)
        while self._recent and (len(self._recent) > RECENT or self._recent_bytes > RECENT_BYTES):
            gone = self._recent.popleft()
            self._recent_bytes -= size_of(gone.event)
            self.after = gone.event.position
        return safe

    def forget_upto(self, position: Position) -> None:
        """What was dropped on disk is not here either."""
        while self._recent and self._recent[0].event.position <= position:
            self._recent_bytes -= size_of(self._recent.popleft().event)

    def renumbered(self, epoch: int) -> Position:
        """What waits gets the numbers of another epoch, from 1; what was safe goes. Returns the newest's."""
        self._recent.clear()
        self._recent_bytes, self.after = 0, Position(epoch, 0)
        for seq, held in enumerate(self._waiting, 1):
            held.event = held.event._replace(position=Position(epoch, seq))
        return Position(epoch, len(self._waiting))

    def _take(self) -> Held:
        held = self._waiting.popleft()
        self._waiting_bytes -= size_of(held.event)
        return held
