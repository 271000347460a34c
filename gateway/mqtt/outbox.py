"""Which event goes to the broker next, and when what is written to disk.

    new event --> live ---------------> in flight --> acknowledged: gone
                   |  (connection lost,     |
                   v   or too many wait)    v
                 backlog: on disk, in its order, sent late and at a bounded rate

Strategy: an event that is acknowledged within the loss window is never written: with a broker that answers,
nothing goes to the SD card. Once an event has waited for the loss window, all that are not yet on disk are
written, in one transaction, and stay there until they are acknowledged. With a window of zero every event
is committed before it is sent.

All of it belongs to the bridge's thread. While the file cannot be written, events wait in memory, at most
MEMORY_EVENTS and MEMORY_BYTES of them, and live ones go on.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gateway.mqtt.database import StoreError
from gateway.mqtt.mailbox import Loss
from gateway.mqtt.store import Gap, Row, Store, loss_of

logger = logging.getLogger(__name__)

MEMORY_EVENTS = 10_000
"""Events that wait in memory: the loss window at 10,000 a second, or longer if the disk is full."""
MEMORY_BYTES = 8_000_000
"""The same in bytes of their messages; 10,000 readings have 1.2 MB."""
LIVE_EVENTS = 2000
"""Live events that wait for acknowledgements: beyond it they are not live any more, and become backlog."""
CROWD = 200
"""Live events that wait before the rest of a burst is left in the mailbox, to be sent live from there."""
PAGE = 100
"""Rows of the backlog that are read at a time."""
RETRY_S = 10.0
"""After the file could not be written."""
BURST_S = 0.05
"""The backlog goes in bunches of what its rate allows in that time, so that the bridge wakes less often."""
NO_DISK = "the disk could not be written"


@dataclass(slots=True, eq=False)
class Event:
    """An event on its way. `number` ascends; `row` is its id on disk, 0 while it is not there."""

    number: int
    sender: str
    event: str
    head: str
    utc: float
    at: float
    uid: str
    late: bool = False
    row: int = 0


class LateGap(NamedTuple):
    """A gap record on its way."""

    gap: Gap


Outgoing = Event | LateGap


class Outbox:
    """`loss_s`: what a kill -9 may lose. `rate`: events of the backlog a second."""

    def __init__(
        self, store: Store, *, loss_s: float, rate: float, incarnation: str, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._loss_s = loss_s
        self._rate = rate
        self._incarnation = incarnation
        self._clock = clock
        self._window = 1  # how many may be in flight, as the broker says at each connect
        self._told: str | None = None
        self._numbers = itertools.count(1)
        self._connected = False
        self._live: deque[Event] = deque()
        # Not on disk, by number: those that go live, and those that wait for a connection or for the disk.
        self._fresh: dict[int, Event] = {}
        self._waiting: dict[int, Event] = {}
        self._memory = 0  # bytes of the messages of both
        self._in_flight = 0
        self._late_in_flight = 0
        # Rows on disk that are not to be read as backlog: on their way, and acknowledged but not yet deleted.
        self._owned: set[int] = set()
        self._done: set[int] = set()
        self._losses: dict[tuple[str, str], Loss] = {}
        self._page: deque[Outgoing] = deque()
        self._cursor = 0
        self._gap_cursor = 0
        self._exhausted = False
        self._next_late = 0.0  # when the rate allows the next late one; they go in bunches, at _late_wake
        self._late_wake = 0.0
        self._dropped = 0
        self._retry_at = 0.0
        self._commit_at = math.inf

    @property
    def due(self) -> float:
        """When `run` has something to do, by the clock: to write."""
        return self._commit_at

    @property
    def late_due(self) -> float:
        """When the next late event may go; infinite if there is none, or no connection."""
        if not self._connected or self._exhausted or self._late_in_flight >= self._late_window:
            return math.inf
        return self._late_wake

    @property
    def crowded(self) -> bool:
        """Whether live events wait for others to be acknowledged."""
        return len(self._live) >= CROWD

    def __len__(self) -> int:
        """How many events wait for their acknowledgement."""
        return self._store.rows - len(self._done) + len(self._fresh) + len(self._waiting)

    @property
    def lost(self) -> int:
        """Events dropped since the start."""
        return self._store.lost + self._dropped

    def add(self, sender: str, event: str, head: str, utc: float, at: float) -> None:
        """A new event."""
        number = next(self._numbers)
        self._memory += len(head)
        new = Event(number, sender, event, head, utc, at, f"{self._incarnation}-{number}")
        if self._connected:
            self._fresh[number] = new
            self._live.append(new)
            if len(self._live) > LIVE_EVENTS:
                self._give_up_live()
        else:
            self._waiting[number] = new
            self._exhausted = False
        if self._commit_at == math.inf:
            self._commit_at = max(at + self._loss_s, self._retry_at)
        while len(self._fresh) + len(self._waiting) > MEMORY_EVENTS or self._memory > MEMORY_BYTES:
            self._drop_oldest()

    def open(self) -> None:
        """Open the file, if that can be done now."""
        try:
            self._store.open()
        except StoreError as error:
            self._problem(str(error))
            return
        if self._store.rows:
            logger.info("mqtt: %d events of earlier wait in the outbox", self._store.rows)

    def close(self) -> None:
        """Write what there is, and close the file."""
        self._retry_at = 0.0
        self.write()
        self._store.close()

    def lose(self, sender: str, reason: str, loss: Loss) -> None:
        """Events were dropped before they came here."""
        self._dropped += loss.count
        known = self._losses.setdefault((sender, reason), Loss(loss.first))
        known.add(loss.first, loss.last, loss.count)
        self._commit_at = min(self._commit_at, max(self._clock() + self._loss_s, self._retry_at))

    def up(self, window: int) -> None:
        """There is a connection. What waited becomes the backlog."""
        self._window = window
        self._connected = True
        self._next_late = self._late_wake = self._clock()
        self._rewind()
        if self._waiting:
            self.write()

    def down(self) -> None:
        """There is none any more. What was not acknowledged will be sent again, late."""
        self._connected = False
        self._give_up_live()
        self._in_flight = self._late_in_flight = 0
        self._owned.clear()
        self.write()
        self._rewind()

    def next(self) -> Outgoing | None:
        """What to send now: live events first, then late ones as their rate allows; None: nothing now."""
        if not self._connected or self._in_flight >= self._window:
            return None
        if self._live:
            if not self._loss_s and not self._live[0].row:
                self.write()
            return self._live.popleft()
        now = self._clock()
        if now < self.late_due:
            return None
        outgoing = self._next_of_page()
        if outgoing is not None:
            self._next_late = max(self._next_late, now - 2 * BURST_S) + 1 / self._rate
            if self._next_late > now:
                self._late_wake = self._next_late + BURST_S
        return outgoing

    def sent(self, outgoing: Outgoing) -> None:
        """It is in flight."""
        self._in_flight += 1
        self._late_in_flight += _is_late(outgoing)

    def acked(self, outgoing: Outgoing) -> None:
        """The broker has it."""
        self._in_flight -= 1
        self._late_in_flight -= _is_late(outgoing)
        if isinstance(outgoing, LateGap):
            self._forget_gap(outgoing.gap)
            return
        if not outgoing.row:
            if self._fresh.pop(outgoing.number, None):
                self._memory -= len(outgoing.head)
            return
        self._owned.discard(outgoing.row)
        self._done.add(outgoing.row)
        if self._commit_at == math.inf:
            self._commit_at = max(self._clock() + max(self._loss_s, 0.1), self._retry_at)

    def run(self, now: float) -> None:
        """Write, if it is time: only if an event has really waited for so long, or a row is to go."""
        if now < self._commit_at:
            return
        oldest = min(map(_first_at, (self._fresh, self._waiting)))
        if oldest + self._loss_s > now and not (self._done or self._losses):
            self._commit_at = oldest + self._loss_s
            return
        self.write()

    def write(self) -> None:
        """Bring to disk what is to be there, in one transaction; if that fails, keep it, and try again."""
        self._commit_at = math.inf
        events = sorted([*self._waiting.values(), *self._fresh.values()], key=_number)
        if not (events or self._done or self._losses):
            return
        now = self._clock()
        if now < self._retry_at:
            self._commit_at = self._retry_at
            return
        try:
            self._store.open()
            lost = self._store.lost
            first = self._store.next_id
            rows = [Row(first + i, e.utc, e.sender, e.event, e.uid, e.head) for i, e in enumerate(events)]
            self._store.write(rows, self._done, self._losses)
        except StoreError as error:
            self._retry_at = self._commit_at = now + RETRY_S
            self._problem(str(error))
            return
        self._problem(None)
        for row, event in zip(rows, events, strict=True):
            event.row = row.id
        self._owned.update(event.row for event in self._fresh.values())
        if self._waiting or self._losses or self._store.lost > lost:
            self._exhausted = False
        self._memory = 0
        self._waiting.clear()
        self._fresh.clear()
        self._done.clear()
        self._losses.clear()

    def _problem(self, text: str | None) -> None:
        """Why the disk cannot be used, or None when it can; logged once."""
        if text is not None and self._told is None:
            held = "events wait in memory, and live ones go on"
            logger.error("mqtt: the outbox cannot be written: %s; %s; trying again", text, held)
        elif text is None and self._told is not None:
            logger.info("mqtt: the outbox can be written again")
        self._told = text

    def _give_up_live(self) -> None:
        """What is live and not acknowledged becomes backlog."""
        for event in self._live:
            if event.row:
                self._owned.discard(event.row)
                self._cursor = min(self._cursor, event.row - 1)
            else:
                self._waiting[event.number] = event
                del self._fresh[event.number]
        self._live.clear()
        self._exhausted = False
        if not self._connected:  # those in flight too
            self._waiting.update(self._fresh)
            self._fresh.clear()

    def _rewind(self) -> None:
        """Read the backlog from its beginning."""
        self._cursor = self._gap_cursor = 0
        self._page.clear()
        self._exhausted = False

    def _next_of_page(self) -> Outgoing | None:
        if not self._page:
            self._page.extend(self._read_page())
            self._exhausted = not self._page
        return self._page.popleft() if self._page else None

    def _read_page(self) -> Iterator[Outgoing]:
        """The next of the backlog: gaps, then rows, then what the disk could not take."""
        try:
            gaps = self._store.gaps(self._gap_cursor, PAGE)
            rows: list[Row] = []
            while not rows:
                found = self._store.after(self._cursor, PAGE)
                if not found:
                    break
                self._cursor = found[-1].id
                rows = [row for row in found if row.id not in self._owned and row.id not in self._done]
        except StoreError as error:
            self._problem(str(error))
            gaps, rows = [], []
        if gaps:
            self._gap_cursor = gaps[-1].id
        yield from map(LateGap, gaps)
        self._owned.update(row.id for row in rows)
        for row in rows:
            yield Event(0, row.sender, row.event, row.head, row.time, 0.0, row.uid, late=True, row=row.id)
        if not (gaps or rows):
            for number in list(itertools.islice(self._waiting, PAGE)):
                event = self._fresh[number] = self._waiting.pop(number)
                event.late = True
                yield event

    def _drop_oldest(self) -> None:
        """The disk cannot be written, and memory is full."""
        events = self._waiting or self._fresh
        event = events.pop(next(iter(events)))
        self._memory -= len(event.head)
        self.lose(event.sender, NO_DISK, loss_of(event.utc))
        if events is self._fresh and event in self._live:
            self._live.remove(event)

    def _forget_gap(self, gap: Gap) -> None:
        try:
            self._store.forget_gaps([gap.id])
        except StoreError as error:
            self._problem(str(error))

    @property
    def _late_window(self) -> int:
        """Half of the window stays free for live events."""
        return max(1, self._window // 2)


def _is_late(outgoing: Outgoing) -> bool:
    return isinstance(outgoing, LateGap) or outgoing.late


def _number(event: Event) -> int:
    return event.number


def _first_at(events: dict[int, Event]) -> float:
    return next(iter(events.values())).at if events else math.inf
