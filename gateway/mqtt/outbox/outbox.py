"""Which event goes to the broker next, and when what is written to disk.

    new event --> live ---------------> in flight --> acknowledged: gone
                   |  (connection lost,     |
                   v   or it waits long)    v
                 backlog: on disk, in its order, sent late and at a bounded rate

Strategy: an event that is acknowledged within the loss window is never written: with a broker that answers,
nothing goes to the SD card. Once an event has waited for the loss window, all that are not yet on disk are
written, in one transaction, and stay there until they are acknowledged; live ones stay live. With a window
of zero every event is committed before it is sent.

All of it belongs to the bridge's thread. While the file cannot be written, events wait in memory, at most
MEMORY_EVENTS and MEMORY_BYTES of them, and live ones go on.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections import deque
from collections.abc import Callable

from drivers.receipt import Receipt
from gateway.loss import Loss
from gateway.mqtt.outbox.backlog import RETRY_S, Backlog
from gateway.mqtt.outbox.event import FLYING, LIVE, WAITING, Event, LateGap, Outgoing, is_late, uid_of
from gateway.mqtt.outbox.events_table import Row
from gateway.mqtt.outbox.in_time import head_of_event, head_of_gap
from gateway.mqtt.outbox.store import Store
from gateway.storage.schema import StoreError

logger = logging.getLogger(__name__)

MEMORY_EVENTS = 10_000
"""Events that are not on disk: the loss window at 10,000 a second, or more if the disk is full."""
MEMORY_BYTES = 8_000_000
"""The same in bytes of their messages; 10,000 readings have 1.8 MB."""
LIVE_EVENTS = 10_000
"""Live events that wait for the broker, on disk or not; beyond it they become backlog."""
LIVE_BYTES = 8_000_000
"""The same in bytes of their messages."""
LIVE_S = 5.0
"""What has waited for so long is not live any more: what comes now is to go before it."""
CROWD = 200
"""Live events that wait in a burst."""
DELETE_S = (0.1, 1.0)
"""Acknowledged rows are deleted together, after the loss window, within these limits."""
SOON_S = 1.0
"""Between two commits for devices that have little room left."""
NO_DISK = "the disk could not be written"


class Outbox:
    """`loss_s`: what a kill -9 may lose. `rate`: events of the backlog a second."""

    def __init__(
        self, store: Store, *, loss_s: float, rate: float, incarnation: str, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._loss_s = loss_s
        self._incarnation = incarnation
        self._clock = clock
        self._window = 1  # how many may be in flight, as the broker says at each connect
        self._told: str | None = None
        self._numbers = itertools.count(1)
        self.taken = 0
        """The number of the newest event that it has: from then on it is its own, with its receipt."""
        self._connected = False
        self._live: deque[Event] = deque()
        self._live_bytes = 0
        self._unwritten: dict[int, Event] = {}  # by number, ascending: live, in flight, or waiting
        self._memory = 0  # bytes of their messages
        self._waiting = 0  # how many of them are
        self._flying: set[Outgoing] = set()
        self._late_flying = 0
        # Live ones that were in flight when later ones became backlog, which has to wait: should the
        # connection break, they will be late as well, and are to come first.
        self._before_late: set[Outgoing] = set()
        # Rows on disk that are not to be read as backlog: on their way, and acknowledged but not yet deleted.
        self._owned: set[int] = set()
        self._done: set[int] = set()
        self._done_gaps: set[int] = set()
        self._losses: dict[tuple[str, str], Loss] = {}
        self._dropped = 0
        self._retry_at = -math.inf
        self._commit_at = math.inf
        self._soon, self._soon_at = False, -math.inf
        self._opened = 0
        self._backlog = Backlog(store, rate, taken=self._is_taken, problem=self._problem, clock=clock)

    @property
    def due(self) -> float:
        """When `run` has something to do, by the clock: to write, or to see whether that can be done."""
        well = self._store.is_open and self._told is None
        return self._commit_at if well else min(self._commit_at, self._retry_at)

    @property
    def late_due(self) -> float:
        """When the next late event may go; infinite while none may, or there is none."""
        if self._backlog.exhausted and not self._waiting:
            return math.inf
        if not self._connected or self._live or self._before_late or self._full:
            return math.inf
        if self._late_flying >= self._late_window:
            return math.inf
        return min(self._backlog.due, self._backlog.wake if self._waiting_may_go else math.inf)

    @property
    def has_live(self) -> bool:
        """Whether a live event waits."""
        return bool(self._live)

    @property
    def crowded(self) -> bool:
        """Whether so many live events wait that they are a burst."""
        return len(self._live) >= CROWD

    def __len__(self) -> int:
        """How many events wait for their acknowledgement."""
        return max(0, self._store.rows - len(self._done)) + len(self._unwritten)

    @property
    def unwritten(self) -> int:
        """How many of them are in memory alone. From any thread."""
        return len(self._unwritten)

    @property
    def lost(self) -> int:
        """Events dropped since the start."""
        return self._store.lost + self._store.damaged + self._dropped

    @property
    def problem(self) -> str | None:
        """Why the disk cannot be used; None while it can."""
        return self._told

    def add(
        self,
        sender: str,
        event: str,
        head: str,
        utc: float,
        at: float,
        *,
        known: bool = True,
        receipt: Receipt | None = None,
    ) -> None:
        """A new event, noted as `utc` at `at`, when the machine's clock was believed or not (`known`).
        `receipt`: held for the outbox, which lets go of it when the event is safe, or lost. If it fails,
        `taken` tells whether the event is in it all the same."""
        number = next(self._numbers)
        uid = f"{self._incarnation}-{number}" if receipt is None else uid_of(receipt, event)
        new = Event(number, sender, event, head, utc, at, uid, known=known, receipt=receipt)
        self._unwritten[number] = new
        self.taken = number
        self._memory += new.size
        if self._connected:
            new.place = LIVE
            self._live.append(new)
            self._live_bytes += new.size
            if len(self._live) > LIVE_EVENTS or self._live_bytes > LIVE_BYTES:
                self._give_up_live()
        else:
            self._waiting += 1
        # Also where rows are to be deleted: they may wait for longer than a short window.
        self._commit_at = min(self._commit_at, max(at + self._loss_s, self._retry_at))
        if self._too_much:
            self._make_room()

    def open(self) -> None:
        """Open the file, if that can be done now."""
        try:
            self._store.open()
        except StoreError as error:
            self._retry_at = self._clock() + RETRY_S
            self._problem(str(error))
            return
        self._look_anew()

    def close(self) -> None:
        """Write what there is, and close the file."""
        self._retry_at = -math.inf
        try:
            if not self._store.is_open:
                self._store.close()  # one more attempt, also soon after one that failed
            self.write()
            self._store.close()
        finally:
            if self._unwritten:
                logger.error("mqtt: %d events could not be written and are lost", len(self._unwritten))
            for event in self._unwritten.values():
                event.is_lost()

    def lose(self, sender: str, reason: str, loss: Loss) -> None:
        """Events were dropped before they came here."""
        self._dropped += loss.count
        self._store.lost_of.add(sender, loss.count)
        known = self._losses.setdefault((sender, reason), loss)
        if known is not loss:
            known.add(loss)
        self._commit_at = min(self._commit_at, max(self._clock() + self._loss_s, self._retry_at))

    def up(self, window: int) -> None:
        """There is a connection. What waited becomes the backlog."""
        self._window = window
        self._connected = True
        self._backlog.begin()
        if self._waiting:
            self.write()

    def down(self) -> None:
        """There is none any more. What was not acknowledged will be sent again, late."""
        self._connected = False
        self._give_up_live()
        for outgoing in self._flying:
            self._let_wait(outgoing)
        self._flying.clear()
        self._before_late.clear()
        self._late_flying = 0
        self._owned.clear()
        self._backlog.rewind()
        self.write()

    def next(self) -> Outgoing | None:
        """What to send now: live events first, then late ones as their rate allows; None: nothing now."""
        if not self._connected or self._full:
            return None
        now = self._clock()
        if self._live and now - self._live[0].at > LIVE_S:
            self._give_up_live()
        if self._live and not (self._loss_s or self._live[0].row):
            self.write()
        if self._live:
            event = self._live.popleft()
            self._live_bytes -= event.size
            return event
        if now < self.late_due:
            return None
        return self._backlog.take(now) or self._take_waiting(now)

    def head(self, outgoing: Outgoing) -> str:
        """Its message's beginning, with its time as it is known now."""
        if isinstance(outgoing, LateGap):
            return head_of_gap(outgoing.gap, self._store.clock)
        return head_of_event(outgoing, self._store.clock)

    def sent(self, outgoing: Outgoing) -> None:
        """It is in flight."""
        self._flying.add(outgoing)
        self._late_flying += is_late(outgoing)
        if isinstance(outgoing, Event):
            outgoing.place = FLYING
            if outgoing.row:
                self._owned.add(outgoing.row)

    def acked(self, outgoing: Outgoing) -> None:
        """The broker has it, or will not have it."""
        self._flying.discard(outgoing)
        self._before_late.discard(outgoing)
        self._late_flying -= is_late(outgoing)
        if isinstance(outgoing, LateGap):
            self._done_gaps.add(outgoing.gap.id)
        elif not outgoing.row:
            if self._unwritten.pop(outgoing.number, None) is not None:
                self._memory -= outgoing.size
            outgoing.is_safe()
            return
        else:
            self._owned.discard(outgoing.row)
            self._done.add(outgoing.row)
        if self._commit_at == math.inf:
            shortest, longest = DELETE_S
            wait_s = min(max(self._loss_s, shortest), longest)
            self._commit_at = max(self._clock() + wait_s, self._retry_at)

    def run(self, now: float) -> None:
        """Write, if it is time: only if an event has really waited for so long, or a row is to go."""
        if not self._store.is_open and now >= self._retry_at:
            self.open()
        self._look_anew()
        if self._told is not None and self._store.is_open and now >= self._retry_at:
            self._try_again(now)
        if self._soon:
            self._soon = False
            if now >= self._soon_at and any(event.receipt is not None for event in self._unwritten.values()):
                self._soon_at = now + SOON_S
                self.write()
        if now < self._commit_at:
            return
        oldest = next(iter(self._unwritten.values())).at if self._unwritten else math.inf
        if oldest + self._loss_s > now and not (self._done or self._done_gaps or self._losses):
            self._commit_at = oldest + self._loss_s
            return
        self.write(young=self._waiting > 0 or oldest + self._loss_s <= now)

    def write(self, *, young: bool = True) -> None:
        """Bring to disk what is to be there, in one transaction; if that fails, keep it, and try again.

        Without the `young`, only rows go: an event that is acknowledged in a moment would be one more to
        delete, beside which the next would be written, and so on, for as long as readings come.
        """
        self._commit_at = math.inf
        if not (self._unwritten or self._done or self._done_gaps or self._losses):
            return
        now = self._clock()
        if now < self._retry_at:
            self._commit_at = self._retry_at
            return
        events = list(self._unwritten.values()) if young else []
        try:
            written = self._store.write(
                [
                    Row(0, e.utc, e.sender, e.event, e.uid, e.head, self._store.clock.boot, e.at, e.known)
                    for e in events
                ],
                self._done,
                self._losses,
                done_gaps=self._done_gaps,
                keep={e.row for e in self._flying if isinstance(e, Event) and e.row},
                keep_new={index for index, e in enumerate(events) if e.place == FLYING},
                opened=self._opened,
            )
        except StoreError as error:
            self._retry_at = self._commit_at = now + RETRY_S
            self._problem(str(error))
            return
        self._problem(None)
        self._look_anew()
        for row, event in enumerate(events, written.first):
            event.row = row
            event.is_safe()
            if event.place != WAITING:
                self._owned.add(row)
        if self._waiting or self._losses or written.damaged:
            self._backlog.grown()
        if young:
            self._memory = self._waiting = 0
            self._unwritten.clear()
        elif self._unwritten:
            self._commit_at = next(iter(self._unwritten.values())).at + self._loss_s
        self._done.clear()
        self._done_gaps.clear()
        self._losses.clear()
        if written.dropped:
            self._forget_dropped(written.dropped)

    def write_soon(self) -> None:
        """A device has little room left for readings that are not safe: `run` writes, if any waits, at most
        once in SOON_S. The device asks on while that holds."""
        self._soon = True

    def _try_again(self, now: float) -> None:
        """See whether the disk can be written by now, also if nothing waits: a broker that answers leaves
        nothing to write for days, and who asks how we are is to hear of today."""
        self._retry_at = now + RETRY_S
        try:
            self._store.prove()
        except StoreError as error:
            self._problem(str(error))
            return
        self._retry_at = now
        self._problem(None)

    @property
    def _full(self) -> bool:
        return len(self._flying) >= self._window

    @property
    def _late_window(self) -> int:
        """Half of the window stays free for live events."""
        return max(1, self._window // 2)

    @property
    def _too_much(self) -> bool:
        return len(self._unwritten) > MEMORY_EVENTS or self._memory > MEMORY_BYTES

    def _is_taken(self, row: int) -> bool:
        return row in self._owned or row in self._done

    def _look_anew(self) -> None:
        """After the file was opened, the first or another in its place, where the ids are other events'.

        What has been written and is live or in flight may be sent once more, late, under its own id.
        """
        if self._opened == self._store.opened_times:
            return
        self._opened = self._store.opened_times
        for event in (*self._live, *self._flying):
            if isinstance(event, Event):
                event.row = 0
        self._owned.clear()
        self._done.clear()
        self._done_gaps.clear()
        self._backlog.rewind()
        if self._store.rows:
            logger.info("mqtt: %d events of earlier wait in the outbox", self._store.rows)

    def _problem(self, text: str | None) -> None:
        """Why the disk cannot be used, or None when it can; logged once."""
        if text is not None and self._told is None:
            held = "events wait in memory, and live ones go on"
            logger.error("mqtt: the outbox cannot be used: %s; %s; trying again", text, held)
        elif text is None and self._told is not None:
            logger.info("mqtt: the outbox can be used again")
        self._told = text

    def _give_up_live(self) -> None:
        """What is live and not in flight becomes backlog."""
        written = [event.row for event in self._live if event.row]
        if written:
            self._owned.difference_update(written)
            self._backlog.back_to(written[0])
        for event in self._live:
            self._let_wait(event)
        self._live.clear()
        self._live_bytes = 0
        self._before_late = {outgoing for outgoing in self._flying if not is_late(outgoing)}

    def _let_wait(self, outgoing: Outgoing) -> None:
        """In memory, unless it is on disk."""
        if isinstance(outgoing, Event) and outgoing.number in self._unwritten:
            outgoing.place = WAITING
            self._waiting += 1

    @property
    def _waiting_may_go(self) -> bool:
        """Whether there is something that waits in memory, and nothing on disk that is to go before it."""
        return self._waiting > 0 and (self._backlog.exhausted or not self._store.is_open)

    def _take_waiting(self, now: float) -> Event | None:
        """The oldest of those that wait in memory."""
        if not self._waiting_may_go:
            return None
        event = next(event for event in self._unwritten.values() if event.place == WAITING)
        self._waiting -= 1
        event.late = True
        self._backlog.spend(now)
        return event

    def _forget_dropped(self, upto: int) -> None:
        """The outbox was full: rows up to that one went, but for those in flight."""
        while self._live and self._live[0].row <= upto:
            event = self._live.popleft()
            self._live_bytes -= event.size
            self._owned.discard(event.row)
        self._backlog.dropped(upto)

    def _make_room(self) -> None:
        """Memory is full: write or, while the disk cannot be written, drop the oldest."""
        self.write()
        while self._too_much:
            oldest = next((event for event in self._unwritten.values() if event.place != FLYING), None)
            if oldest is None:
                return
            del self._unwritten[oldest.number]
            oldest.is_lost()
            self._memory -= oldest.size
            if oldest.place == WAITING:
                self._waiting -= 1
            else:
                self._live.remove(oldest)
                self._live_bytes -= oldest.size
            self.lose(oldest.sender, NO_DISK, oldest.loss)
