"""The recorder: from the feed of events to the disk, a window at a time.

One thread owns it, which wakes for the first event after a pause, takes what comes within the next two
seconds at once, and writes when the oldest of it is almost as old as the window: that is what a kill or a
power cut may lose. Who wants to see what is not written yet takes it out of the mailbox, too, so nobody waits
for the disk.

    the disk cannot be written    it is tried again and again; what comes meanwhile waits in bounded memory
    the clock is not set          readings are written without a time, which they get when it is
    somebody asks for it          what there is is written at once, but at most once a second
    nothing happens               "alive until" is written every five minutes: where the next start finds that
                                  it ended long before, there is a gap
"""

from __future__ import annotations

import logging
import math
import select
import threading
from collections.abc import Callable
from typing import NamedTuple

from gateway.clock.wall import WallClock
from gateway.event_id import EventId
from gateway.history.again import Again
from gateway.history.disk import Store
from gateway.history.flushing import Flushing
from gateway.history.heard import Heard
from gateway.history.rows import Batch, Item
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
STEP_S = 0.2
"""Between two steps of the store's housekeeping, so that it disturbs nobody."""
LONGEST_S = 3600.0
CLOCK_SET = "clock set"
"""A letter: the machine's clock is believed now, or not any more, or was set."""
FLUSH = "flush"
"""A letter: somebody wants all to be on disk."""


class Status(NamedTuple):
    """How a recorder fares. `written_until`: UTC in ms of the last commit; `waiting`, `lost`: events;
    `problem`: why nothing can be written, None while it can; `written`: bytes on the disk since the
    start, None where the system does not tell."""

    opened: bool
    written_until: int | None
    waiting: int
    lost: int
    problem: str | None
    written: int | None = None


class Recorder:
    """`run` is its thread's; `stopping` ends it. The others are for any thread. `go_on_after`: told of the
    last id that an earlier run has given; `pause_s`: instead of PAUSE_S."""

    def __init__(
        self,
        store: Store,
        mailbox: Mailbox,
        clock: WallClock,
        window_s: float,
        stopping: threading.Event,
        go_on_after: Callable[[EventId], None] = lambda _last: None,
        *,
        pause_s: float | None = None,
    ) -> None:
        self._pause_s = PAUSE_S if pause_s is None else pause_s
        self._store = store
        self._mailbox = mailbox
        self._clock = clock
        self._wait_s = window_s - min(EARLY_S, window_s * EARLY_SHARE)
        self._stopping = stopping
        self._go_on_after = go_on_after
        self._heard = Heard(mailbox, clock)
        self._flushing = Flushing()
        self.goes_on = False
        """Whether another one, or this one until it failed, has recorded until now: then what was left is no
        gap."""
        self._opened = False  # this and what follows is the thread's own
        self._settle = False  # whether there may be rows without a time on disk, and the time is known
        self._alive_due = -math.inf
        self._step_due = math.inf
        self._again = Again()
        self._told_loss = False
        self._turned = clock.monotonic()
        self._asleep = False
        self._status = Status(opened=False, written_until=None, waiting=0, lost=0, problem=None)

    # Any thread

    @property
    def status(self) -> Status:
        """How it fares now."""
        heard = self._heard
        return self._status._replace(waiting=heard.count, lost=heard.lost, written=self._store.written)

    def dropped(self) -> dict[str, int]:
        """Events that are lost, by sender."""
        return self._heard.dropped()

    @property
    def repeated(self) -> int:
        """Readings that came once more and were on disk already, since the start."""
        return self._store.repeated

    @property
    def turned(self) -> float:
        """When (monotonic) its loop went round last; one that waits for something to do does so now."""
        return self._clock.monotonic() if self._asleep else self._turned

    @property
    def lost_until(self) -> EventId:
        """Events up to this one may be missing, as they were dropped."""
        return self._heard.lost_until

    def unwritten(self) -> list[Item]:
        """What is not on disk yet, in the order in which it was heard. Ask it before the disk: what is
        written meanwhile is then in both."""
        return self._heard.unwritten()

    def flush(self, within_s: float) -> bool:
        """Have all that was heard until now written; whether it is, after that time at most. The thread may
        be in its pause, of two seconds."""
        return self._flushing.wait(self.flush_soon(), within_s)

    def flush_soon(self) -> int:
        """The same, without waiting for it; returns what `Flushing.wait` takes."""
        ticket = self._flushing.ask()
        self._mailbox.post(FLUSH)
        return ticket

    def give_up(self) -> None:
        """It will not run again: readings that are not written, and that their devices keep, are to be sent
        again. On its thread."""
        self._heard.give_up()

    def leave(self, at: float) -> None:
        """From then on (`monotonic`) the gateway is about to end: senders that go then are not broken."""
        self._heard.left_at = at

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
        wanted = self._flushing.wanted
        if CLOCK_SET in self._mailbox.letters():
            self._settle = True
        if self._heard.take():
            self._tell_of_loss()
        if not self._heard.count:
            self._flushing.nothing_left(wanted)
        now = self._clock.monotonic()
        if now >= self._due():
            self._commit(now, wanted)
        elif now >= self._step_due:
            self._step()

    def _due(self) -> float:
        """When to write."""
        if self._again.waits:
            return self._again.due
        heard = self._heard
        if not self._opened or heard.bytes >= BATCH_BYTES or (self._settle and self._clock.believed):
            return -math.inf
        oldest = math.inf if heard.since is None else heard.since + self._wait_s
        alive = self._alive_due if self._clock.believed else math.inf
        return min(oldest, alive, self._flushing.due)

    def _sleep(self) -> None:
        """Until something is due, or something comes; then a little longer, as more will come."""
        wait_s = self._until_due()
        if wait_s > 0 and self._mailbox.prepare_to_sleep():
            select.select([self._mailbox.fd], [], [], wait_s)
            self._mailbox.woken()
        self._mailbox.awake()
        self._stopping.wait(max(0.0, min(self._pause_s, self._until_due())))

    def _until_due(self) -> float:
        due = min(self._due(), self._step_due) - self._clock.monotonic()
        return min(due, LONGEST_S)

    def _commit(self, now: float, wanted: int, *, is_last: bool = False) -> None:
        """Write what there is, and that the gateway is at work. `wanted`: by whom, before it was taken."""
        try:
            if not self._opened:
                self._open()
            alive = self._alive()
            batch = Batch(self._heard.begin(), alive, is_last)
            self._store.write(batch)
        except StoreError as error:
            self._failed(str(error), now)
            return
        self._wrote(batch, now)
        self._flushing.wrote(wanted, now)
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
        self._heard.follow(opened, self._clock.monotonic(), goes_on=self.goes_on)
        self.goes_on = True
        self._status = self._status._replace(opened=True, written_until=opened.alive)

    def _wrote(self, batch: Batch, now: float) -> None:
        self._heard.done(now)
        if self._status.problem is not None:
            logger.info("history: it can be written again; %d events were lost", self._heard.lost)
        self._told_loss = False
        self._again.worked()
        self._alive_due = now + ALIVE_S
        self._step_due = now
        self._status = self._status._replace(
            opened=True,
            written_until=batch.alive or self._status.written_until,
            problem=None,
        )

    def _failed(self, text: str, now: float) -> None:
        """Nothing was written; what waits is kept to its bound."""
        self._again.failed(now)
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
                offset = self._heard.offset(boot)
                if offset is not None:
                    self._store.settle(boot, offset)
        except StoreError as error:
            self._settle = True
            self._failed(str(error), self._clock.monotonic())

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
        wanted = self._flushing.wanted
        self._heard.take()
        self._commit(self._clock.monotonic(), wanted, is_last=True)
        if left := self._heard.count:
            logger.error("history: %d events are lost: %s", left, self._status.problem)
