"""The recorder: from the feed of events to the disk, a window at a time.

One thread owns it, which wakes for the first event after a pause, takes what comes within the next two
seconds at once, and writes when the oldest of it is almost as old as the window: that is what a kill or a
power cut may lose. Who wants to see what is not written yet takes it out of the mailbox, too, so nobody waits
for the disk.

    the disk cannot be written    it is tried again and again; what comes meanwhile waits in bounded memory
    the clock is not set          readings are written without a time, which they get when it is
    nothing happens               "alive until" is written every five minutes: where the next start finds that
                                  it ended long before, there is a gap
"""

from __future__ import annotations

import logging
import math
import select
import threading
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, Protocol

from gateway.clock.wall import WallClock
from gateway.event_id import EventId
from gateway.history.intake import OFF, items_of
from gateway.history.pending import LOST, Pending, renumbered
from gateway.history.rows import Batch, Item, Mark, Untimed
from gateway.history.untimed import timed
from gateway.loss import Loss
from gateway.mailbox import Mailbox
from gateway.storage.schema import StoreError

logger = logging.getLogger(__name__)

PAUSE_S = 2.0
"""After the first event: what comes meanwhile is taken at once. At 10,000 events, which the mailbox holds,
that is 5,000 a second."""
EARLY_S, EARLY_SHARE = 1.0, 0.1
"""So long before the window is over is written, or that share of it: a commit takes its time, too."""
BATCH_BYTES = 350_000
"""So much is written at once, however young: 1,000 readings, at 200 a second those of 5 s; what is written
is in memory several times."""
ALIVE_S = 300.0
"""The longest time without a commit; the archive takes twice that for a gateway that is off."""
AGAIN_S = (2.0, 60.0)
"""The first pause after the disk could not be written, and the longest."""
STEP_S = 0.2
"""Between two steps of the store's housekeeping, so that it disturbs nobody."""
LONGEST_S = 3600.0
BUNCH = 256
"""Events taken from the mailbox at once."""
CLOCK_SET = "clock set"
"""A letter: the machine's clock is believed now, or not any more, or was set."""


class Opened(Protocol):
    """What was found in the file. `alive`: until when (UTC in ms) a gateway was at work; `senders`: why
    nothing was known of each then, None for one whose value held."""

    @property
    def last_id(self) -> EventId: ...

    @property
    def alive(self) -> int | None: ...

    @property
    def senders(self) -> Mapping[str, str | None]: ...


class Store(Protocol):
    """See `gateway.history.store`. All of it may raise StoreError: then nothing was written."""

    def open(self) -> Opened: ...
    def write(self, batch: Batch) -> None: ...
    def maintain(self, now_ms: int) -> bool: ...
    def settle(self, boot: str, offset_ms: int) -> None: ...
    def untimed_boots(self) -> Collection[str]: ...
    def close(self) -> None: ...


class Status(NamedTuple):
    """How a recorder fares. `written_until`: UTC in ms of the last commit; `waiting`, `lost`: events;
    `problem`: why nothing can be written, None while it can."""

    opened: bool
    written_until: int | None
    waiting: int
    lost: int
    problem: str | None


class Recorder:
    """`run` is its thread's; `stopping` ends it. The others are for any thread. `go_on_after`: told of the
    last id that an earlier run has given."""

    def __init__(
        self,
        store: Store,
        mailbox: Mailbox,
        clock: WallClock,
        window_s: float,
        stopping: threading.Event,
        go_on_after: Callable[[EventId], None] = lambda _last: None,
    ) -> None:
        self._store = store
        self._mailbox = mailbox
        self._clock = clock
        self._wait_s = window_s - min(EARLY_S, window_s * EARLY_SHARE)
        self._stopping = stopping
        self._go_on_after = go_on_after
        self._lock = threading.Lock()  # guards the pending, and who takes from the mailbox
        self._pending = Pending()
        self.left_at = math.inf
        """From then on (`monotonic`) the gateway is about to end: senders that go then are not broken."""
        # The thread's own
        self._opened = False
        self._settle = False  # whether there may be rows without a time on disk, and the time is known
        self._alive_due = -math.inf
        self._step_due = math.inf
        self._again_s = 0.0
        self._again_due = -math.inf
        self._told_loss = False
        self._turned = clock.monotonic()
        self._asleep = False
        self._status = Status(opened=False, written_until=None, waiting=0, lost=0, problem=None)

    # Any thread

    @property
    def status(self) -> Status:
        """How it fares now."""
        waiting = self._pending.count + self._mailbox.depth
        return self._status._replace(waiting=waiting, lost=self._pending.lost)

    def dropped(self) -> dict[str, int]:
        """Events that are lost, by sender."""
        return self._pending.tally.counts()

    @property
    def turned(self) -> float:
        """When (monotonic) its loop went round last; one that waits for something to do does so now."""
        return self._clock.monotonic() if self._asleep else self._turned

    @property
    def lost_until(self) -> EventId:
        """Events up to this one may be missing, as they were dropped."""
        return self._pending.lost_until

    def unwritten(self) -> list[Item]:
        """What is not on disk yet, in the order in which it was heard. Ask it before the disk: what is
        written meanwhile is then in both."""
        with self._lock:
            self._collect()
            return self._pending.all()

    # The recorder's thread

    def run(self) -> None:
        """Until `stopping` is set."""
        self._opened = False
        self._clock.listen(self._clock_set)
        try:
            while not self._stopping.is_set():
                self._turned = self._clock.monotonic()
                self._turn()
                self._asleep = True
                self._sleep()
                self._asleep = False
            self._end()
        finally:
            self._clock.unlisten(self._clock_set)
            self._store.close()

    def _clock_set(self) -> None:
        """On whichever thread found it."""
        self._mailbox.post(CLOCK_SET)

    def _turn(self) -> None:
        """Take what there is, and do what is due."""
        if CLOCK_SET in self._mailbox.letters():
            self._settle = True
        with self._lock:
            self._collect(beyond=True)
            lost = self._pending.trim()
        if lost:
            self._tell_of_loss()
        now = self._clock.monotonic()
        if now >= self._due():
            self._commit(now)
        elif now >= self._step_due:
            self._step()

    def _due(self) -> float:
        """When to write."""
        if self._again_due > -math.inf:
            return self._again_due
        pending = self._pending
        if not self._opened or pending.bytes >= BATCH_BYTES or (self._settle and self._clock.believed):
            return -math.inf
        oldest = math.inf if pending.since is None else pending.since + self._wait_s
        return min(oldest, self._alive_due if self._clock.believed else math.inf)

    def _sleep(self) -> None:
        """Until something is due, or something comes; then a little longer, as more will come."""
        wait_s = self._until_due()
        if wait_s > 0 and self._mailbox.prepare_to_sleep():
            select.select([self._mailbox.fd], [], [], wait_s)
            self._mailbox.woken()
        self._mailbox.awake()
        self._stopping.wait(max(0.0, min(PAUSE_S, self._until_due())))

    def _until_due(self) -> float:
        due = min(self._due(), self._step_due) - self._clock.monotonic()
        return min(due, LONGEST_S)

    def _collect(self, *, beyond: bool = False) -> None:
        """From the mailbox to what waits, as far as there is room; `beyond`: or until the mailbox is empty.
        With the lock."""
        mailbox, pending = self._mailbox, self._pending
        while (beyond or not pending.full) and (events := mailbox.events(BUNCH)):
            for noted in events:
                leaving = noted.at >= self.left_at
                pending.add(items_of(noted, self._clock.boot, leaving=leaving), noted.at)
        if losses := mailbox.losses():
            self._lost(losses)
        if pending.untimed and self._clock.believed:
            offset = self._offset(self._clock.boot)
            if offset is not None:
                pending.replace(lambda item: self._timed(item, offset))

    def _timed(self, item: Item, offset: int) -> Item:
        return timed(item, offset) if isinstance(item, Untimed) else item

    def _lost(self, losses: dict[str, Loss]) -> None:
        """The mailbox was full. Its marks come after events of later times, which the store puts right."""
        marks = [_mark_of(sender, loss, self._clock.boot) for sender, loss in losses.items() if sender]
        self._pending.add(marks, self._clock.monotonic())
        self._pending.count_lost(losses)

    def _commit(self, now: float) -> None:
        """Write what there is, and that the gateway is at work."""
        try:
            if not self._opened:
                self._open()
            with self._lock:
                batch = Batch(self._pending.begin(), self._alive())
            self._store.write(batch)
        except StoreError as error:
            self._failed(str(error), now)
            return
        self._wrote(batch, now)
        if self._settle and self._clock.believed:
            self._settle_all()

    def _alive(self) -> int | None:
        utc, unset = self._clock.stamp(self._clock.monotonic())
        return None if unset else math.ceil(utc * 1000)

    def _open(self) -> None:
        """The file, and what an earlier run has left in it."""
        opened = self._store.open()
        self._opened = True
        self._settle = True
        self._go_on_after(opened.last_id)
        now = self._clock.monotonic()
        with self._lock:
            self._pending.replace(_Renumbering(opened.last_id))
            if opened.alive is not None:
                marks = [Mark(name, opened.alive, OFF) for name, gap in opened.senders.items() if gap is None]
                self._pending.put_first(marks, now)
        self._status = self._status._replace(opened=True, written_until=opened.alive)

    def _wrote(self, batch: Batch, now: float) -> None:
        with self._lock:
            self._pending.done(now)
        if self._status.problem is not None:
            logger.info("history: it can be written again; %d events were lost", self._pending.lost)
        self._told_loss = False
        self._again_s, self._again_due = 0.0, -math.inf
        self._alive_due = now + ALIVE_S
        self._step_due = now
        self._status = self._status._replace(
            opened=True,
            written_until=batch.alive or self._status.written_until,
            problem=None,
        )

    def _failed(self, text: str, now: float) -> None:
        """Nothing was written; what waits is kept to its bound."""
        first_s, longest_s = AGAIN_S
        self._again_s = min(max(first_s, 2 * self._again_s), longest_s)
        self._again_due = now + self._again_s
        if self._status.problem is None:
            logger.error("history: %s; what comes meanwhile waits in memory", text)
        self._status = self._status._replace(problem=text)

    def _tell_of_loss(self) -> None:
        if not self._told_loss:
            logger.error("history: memory is full; the oldest of it is lost until it can be written")
        self._told_loss = True

    def _settle_all(self) -> None:
        """Give rows of boots whose time is known now their times. Others stay as they are."""
        self._settle = False
        try:
            for boot in self._store.untimed_boots():
                offset = self._offset(boot)
                if offset is not None:
                    self._store.settle(boot, offset)
        except StoreError as error:
            self._settle = True
            self._failed(str(error), self._clock.monotonic())

    def _offset(self, boot: str) -> int | None:
        """UTC less CLOCK_BOOTTIME in ms of a boot; None if it is not known."""
        at = self._clock.monotonic() if boot == self._clock.boot else 0.0
        utc, unset = self._clock.noted(boot, at, math.nan, known=False)
        return None if unset else round((utc - at) * 1000)

    def _step(self) -> None:
        """Of the store's housekeeping: not by a clock that may be wrong."""
        alive = self._alive()
        more = False
        try:
            more = alive is not None and self._store.maintain(alive)
        except StoreError as error:
            self._failed(str(error), self._clock.monotonic())
        self._step_due = self._clock.monotonic() + STEP_S if more else math.inf

    def _end(self) -> None:
        """The last words."""
        with self._lock:
            self._collect(beyond=True)
        self._commit(self._clock.monotonic())
        left = self._pending.count + self._mailbox.depth
        if left:
            logger.error("history: %d events are lost: %s", left, self._status.problem)


class _Renumbering:
    """Ids of events that came before it was known that `last` is taken: after it, in their order."""

    def __init__(self, last: EventId) -> None:
        self._last = last
        self._new = last

    def __call__(self, item: Item) -> Item:
        return renumbered(item, self._id)

    def _id(self, was: EventId) -> EventId:
        if was > self._last:
            return was
        self._new = EventId(self._new.ms, self._new.number + 1)
        return self._new


def _mark_of(sender: str, loss: Loss, boot: str) -> Item:
    """Since when something is missing."""
    mark = Mark(sender, round(loss.first * 1000), LOST)
    if loss.known or loss.at is None:
        return mark
    at = round((loss.at - (loss.last - loss.first)) * 1000)
    return Untimed(boot, at, at, mark)
