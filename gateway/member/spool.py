"""A gateway's spool: what not all consumers have confirmed, in memory for the loss window, then on disk.

    add, confirm    any thread: memory alone
    page            any thread: memory, and the disk where it begins before that
    turn            the service's thread: writes, at most once in the loss window

Two locks. `_lock` guards memory and is held for microseconds. `_disk` is held by `turn` while it writes, and
by a page that reads the disk, so that what goes from one to the other is seen once: taken before `_lock`.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from drivers.receipt import Receipt
from gateway.clock.wall import WallClock
from gateway.fleet.message import Event, Page, Position
from gateway.fleet.paging import start_of
from gateway.loss import Loss
from gateway.member.held import Held
from gateway.member.rows import Row
from gateway.member.spool_status import Status, status_of
from gateway.member.store import Store
from gateway.member.unconfirmed import Unconfirmed
from gateway.storage.schema import StoreError

logger = logging.getLogger(__name__)

PAUSE_S = 2.0
"""After the disk has failed."""
SOON_S = 1.0
"""Between two writes that a device's lack of room asks for."""
MOST_UNWRITTEN = 2000
"""Events that wait in memory: more are written before the loss window ends."""
MOST_UNWRITTEN_BYTES = 1_600_000
"""And their bytes: a fifth of what memory has room for, as of their number."""


class DiskSpool:
    """See `gateway.fleet.spool.Spool`. `consumers`: who is to have all; where there is none, nothing is
    written. `woken`: called, on any thread, when `turn` has something to do. `after`: the `ended` of another
    one on that file, whose numbering goes on: with an epoch of its own the gateway would seem to have been
    off. `open`, `turn`, `close`, and what is added, are the service's thread's."""

    def __init__(
        self,
        store: Store,
        clock: WallClock,
        consumers: Sequence[str],
        loss_window_s: float,
        woken: Callable[[], object] = lambda: None,
        after: Position | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._loss_window_s = loss_window_s
        self._woken = woken
        self._taking: tuple[float, float, Receipt | None] | None = None
        self._begun = False
        self._after = after
        self.ended: Position | None = None
        """Once it is closed: its last number, if the disk has all that is not confirmed."""
        self._disk = threading.Lock()
        self._lock = threading.Lock()  # guards what follows
        self._kept = Unconfirmed(consumers, clock)
        self._problem: str | None = None
        self._again_at = -math.inf  # after the disk has failed
        self._wrote_at = -math.inf
        self._delete_at = math.inf  # when what has been confirmed is deleted, at the latest
        self._soon = False

    @property
    def head(self) -> Position:
        """See `Spool`."""
        return self._kept.head

    @property
    def is_full(self) -> bool:
        """Whether so much waits in memory that `turn` writes it at once."""
        memory = self._kept.memory
        return memory.waiting >= MOST_UNWRITTEN or memory.waiting_bytes >= MOST_UNWRITTEN_BYTES

    def open(self) -> None:
        """Open the file, and begin an epoch, or go on. Where that fails it does all the same, in memory, and
        `turn` tries again."""
        if self._after is not None:
            self._kept.begin(self._after)
        self._begin(self._clock.monotonic())
        if not self._begun and self._after is None:
            with self._lock:
                self._kept.begin(Position(new_epoch_of(self._clock), 0))

    @contextmanager
    def taking(self, utc: float, at: float, receipt: Receipt | None) -> Iterator[None]:
        """What is added within it was triggered then (UTC, boottime), and takes over a hold of a receipt."""
        self._taking = utc, at, receipt
        try:
            yield
        finally:
            self._taking = None

    def add(self, sender: str, event: str, data: str, utc_ms: int, known: bool) -> Event:
        """See `Spool`."""
        utc, at, receipt = self._taking or (utc_ms / 1000, self._clock.monotonic(), None)
        with self._lock:
            added = Event(self._kept.number(), utc_ms, known, sender, event, data)
            self._kept.memory.add(Held(added, utc, at, receipt))
            safe = self._settle() if not self._kept.confirmed else []
            dropped = self._kept.surplus()
        _release(safe)
        for held in dropped:
            held.lose()
        return added

    def lose(self, sender: str, loss: Loss) -> None:
        """So many were dropped before they could be added: they have numbers, and are told as lost."""
        utc, _ = self._clock.noted(loss.boot or self._clock.boot, loss.at or 0.0, loss.last, known=loss.known)
        with self._lock:
            self._kept.lose(sender, loss.count, round(utc * 1000))

    def confirm(self, consumer: str, position: Position) -> None:
        """See `Spool`. Nobody who is not named has a say, nor a position that cannot have been given."""
        with self._lock:
            if not self._kept.confirm(consumer, position):
                return
            safe = self._settle()
            wake = self._delete_at < math.inf
        _release(safe)
        if wake:
            self._woken()

    def page(self, after: Position | None, before: Position | None) -> Page:
        """See `Spool`."""
        kept = self._kept
        with self._lock:
            if after is None:
                return Page((), kept.head, kept.head)
            if not kept.on_disk or start_of(kept.numbers, after) >= kept.memory.after:
                return kept.page(after, before)
        with self._disk:
            with self._lock:
                begin, upto = start_of(kept.numbers, after), kept.memory.after
            try:
                rows, whole = self._store.between(begin, upto)
            except StoreError as error:
                raise OSError(f"the disk cannot be read: {error}") from error
            with self._lock:
                return kept.page(after, before, rows, whole=whole)

    def write_soon(self) -> None:
        """Some device has little room left for readings that are not safe: at most once a second all is
        written. Returns at once; from any thread."""
        self._soon = True
        self._woken()

    def turn(self, now: float) -> float:
        """Write what is due (boottime). Returns when there will be something to do, if nothing happens."""
        if not self._begun and now >= self._again_at:
            self._begin(now)
        if self._due(now) <= now:
            self._write(now)
        return self._due(now)

    def close(self) -> None:
        """Write all that is not safe, and close the file."""
        now = self._clock.monotonic()
        if not self._begun:
            self._begin(now)
        if self._begun:
            self._write(now)
        self._store.close()
        with self._lock:
            left = self._kept.memory.unsafe()
            if self._begun and self._problem is None:
                self.ended = self._kept.head
        for held in left:
            held.lose()

    def status(self) -> Status:
        """From any thread."""
        kept = self._kept
        with self._lock:
            status = status_of(self._store, kept.memory, kept.numbers, kept.confirmed, self._clock)
            return status._replace(lost=sum(kept.lost.counts().values()), problem=self._problem)

    def dropped(self) -> dict[str, int]:
        """By sender, since the start."""
        return self._kept.lost.counts()

    def _settle(self) -> list[Held]:
        """What all have confirmed by now. Within `_lock`."""
        floor, safe = self._kept.floor, self._kept.settle()
        if self._kept.floor > floor and self._kept.on_disk and self._delete_at == math.inf:
            self._delete_at = self._wrote_at + self._loss_window_s
        return safe

    # The service's thread

    def _due(self, now: float) -> float:
        """When to write."""
        with self._lock:
            oldest = self._kept.memory.oldest
            due = self._delete_at if oldest is None else min(self._delete_at, oldest.at + self._loss_window_s)
        if self.is_full:
            due = now
        if self._soon:
            due = min(due, self._wrote_at + SOON_S)
        if not self._begun:
            return self._again_at
        return max(due, self._again_at)

    def _begin(self, now: float) -> None:
        """Take over what the file has, and have an epoch in it."""
        try:
            self._store.open()
            last = max(self._store.epochs, default=0)
            head = self._kept.head
            goes_on = self._after is not None and head.epoch == last
            if head.epoch <= last and not goes_on:
                head = Position(new_epoch_of(self._clock, last), 0)
            self._store.begin(head)
        except StoreError as error:
            self._failed(error, now)
            return
        with self._lock:
            self._begun, self._problem = True, None
            self._wrote_at = now
            self._kept.take_over(self._store, head.epoch)
            safe = self._settle()
        _release(safe)

    def _write(self, now: float) -> None:
        with self._disk:
            with self._lock:
                soon, self._soon = self._soon, False  # who asks from now on means what comes from now on
                new, state = self._kept.memory.unsafe(), self._kept.state()
            rows = [_row_of(held, self._clock.boot) for held in new]
            try:
                gaps, dropped = self._store.write(state._replace(new=rows))
            except StoreError as error:
                self._soon |= soon
                self._failed(error, now)
                return
            with self._lock:
                upto = new[-1].event.position if new else None
                safe = self._kept.wrote(upto, gaps, dropped, self._store.rows)
                self._problem, self._again_at = None, -math.inf
                self._wrote_at = now
                late = self._kept.on_disk and self._kept.floor > state.floor  # confirmed meanwhile
                self._delete_at = now + self._loss_window_s if late else math.inf
        _release(safe)

    def _failed(self, error: StoreError, now: float) -> None:
        if self._problem is None:
            logger.warning("fleet: what waits stays in memory: %s", error)
        self._problem, self._again_at = str(error), now + PAUSE_S


def new_epoch_of(clock: WallClock, last: int = 0) -> int:
    """One that comes after `last`: the ms of the house's clock, wherever it stands."""
    return max(last + 1, round(clock.utc() * 1000))


def _row_of(held: Held, boot: str) -> Row:
    event = held.event
    names = event.sender, event.event, event.data
    return Row(*event.position, held.utc, *names, boot, held.at, event.known)


def _release(safe: Sequence[Held]) -> None:
    """Without a lock."""
    for held in safe:
        held.release()
