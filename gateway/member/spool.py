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
from itertools import chain

from drivers.receipt import Receipt
from gateway.clock.wall import WallClock
from gateway.fleet.gaps import Gaps
from gateway.fleet.message import START, Event, Page, Position
from gateway.fleet.paging import Numbers, page_of, start_of
from gateway.loss import Loss, Tally
from gateway.member.held import Held, Memory
from gateway.member.in_time import event_of_held, event_of_row
from gateway.member.rows import Row
from gateway.member.spool_status import Status, status_of
from gateway.member.store import State, Store
from gateway.storage.schema import StoreError

logger = logging.getLogger(__name__)

HELD_UP = "it could not be written to the disk, and there was no room for it in memory"
TOO_MANY = "more came at once than could be taken"
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
    written. `woken`: called, on any thread, when `turn` has something to do. `open`, `turn`, `close`, and
    what is added, are the service's thread's."""

    def __init__(
        self,
        store: Store,
        clock: WallClock,
        consumers: Sequence[str],
        loss_window_s: float,
        woken: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._loss_window_s = loss_window_s
        self._woken = woken
        self._taking: tuple[float, float, Receipt | None] | None = None
        self._begun = False
        self._disk = threading.Lock()
        self._lock = threading.Lock()  # guards what follows
        self._confirmed: dict[str, tuple[Position, float] | None] = dict.fromkeys(consumers)
        self._head = Position(0, 0)
        self._epochs: dict[int, int] = {}
        self._memory = Memory(START)
        self._gaps = Gaps()
        self._floor = START
        self._on_disk = 0
        self._problem: str | None = None
        self._again_at = -math.inf  # after the disk has failed
        self._wrote_at = -math.inf
        self._delete_at = math.inf  # when what has been confirmed is deleted, at the latest
        self._soon = False
        self._lost = Tally()

    @property
    def head(self) -> Position:
        """See `Spool`."""
        return self._head

    @property
    def is_full(self) -> bool:
        """Whether so much waits in memory that `turn` writes it at once."""
        memory = self._memory
        return memory.waiting >= MOST_UNWRITTEN or memory.waiting_bytes >= MOST_UNWRITTEN_BYTES

    def open(self) -> None:
        """Open the file, and begin an epoch. Where that fails it begins all the same, in memory, and `turn`
        tries again."""
        self._begin(self._clock.monotonic())
        if not self._begun:
            with self._lock:
                self._number_from(new_epoch_of(self._clock))

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
        dropped: list[Held] = []
        with self._lock:
            self._head = Position(self._head.epoch, self._head.seq + 1)
            self._epochs[self._head.epoch] = self._head.seq
            added = Event(self._head, utc_ms, known, sender, event, data)
            self._memory.add(Held(added, utc, at, receipt))
            safe = self._settle() if not self._confirmed else []
            while (held := self._memory.surplus()) is not None:
                gone = held.event
                self._gaps.drop(gone.position, gone.sender, gone.utc_ms, HELD_UP)
                self._lost.add(gone.sender, 1)
                dropped.append(held)
        _release(safe)
        for held in dropped:
            if held.receipt is not None:
                held.receipt.lose()
        return added

    def lose(self, sender: str, loss: Loss) -> None:
        """So many were dropped before they could be added: they have numbers, and are told as lost."""
        utc, _ = self._clock.noted(loss.boot or self._clock.boot, loss.at or 0.0, loss.last, known=loss.known)
        with self._lock:
            for _ in range(loss.count):
                self._head = Position(self._head.epoch, self._head.seq + 1)
                self._gaps.drop(self._head, sender, round(utc * 1000), TOO_MANY)
            self._epochs[self._head.epoch] = self._head.seq

    def confirm(self, consumer: str, position: Position) -> None:
        """See `Spool`. Nobody who is not named has a say, nor a position that cannot have been given."""
        with self._lock:
            before = self._confirmed.get(consumer, (START, 0.0))
            if consumer not in self._confirmed or not self._numbers().knows(position):
                return
            newest = position if before is None else max(position, before[0])
            self._confirmed[consumer] = newest, self._clock.utc()
            safe = self._settle()
            wake = self._delete_at < math.inf
        _release(safe)
        if wake:
            self._woken()

    def page(self, after: Position | None, before: Position | None) -> Page:
        """See `Spool`."""
        with self._lock:
            if after is None:
                return Page((), self._head, self._head)
            if not self._on_disk or start_of(self._numbers(), after) >= self._memory.after:
                return self._page(after, before)
        with self._disk:
            with self._lock:
                begin, upto = start_of(self._numbers(), after), self._memory.after
            try:
                rows, whole = self._store.between(begin, upto)
            except StoreError as error:
                raise OSError(f"the disk cannot be read: {error}") from error
            with self._lock:
                return self._page(after, before, rows, whole=whole)

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
            left = self._memory.unsafe()
        for held in left:
            receipt, held.receipt = held.receipt, None
            if receipt is not None:
                receipt.lose()

    def status(self) -> Status:
        """From any thread."""
        with self._lock:
            return status_of(
                self._store, self._memory, self._numbers(), self._confirmed, self._clock
            )._replace(lost=sum(self._lost.counts().values()), problem=self._problem)

    def dropped(self) -> dict[str, int]:
        """By sender, since the start."""
        return self._lost.counts()

    # Within `_lock`

    def _numbers(self) -> Numbers:
        return Numbers(self._head, self._epochs, self._floor)

    def _number_from(self, epoch: int) -> None:
        self._head = Position(epoch, 0)
        self._epochs[epoch] = 0
        self._memory.after = self._head

    def _settle(self) -> list[Held]:
        """What all have confirmed by now; where nobody is to have it, all."""
        confirmed = [START if each is None else each[0] for each in self._confirmed.values()]
        floor = min(confirmed, default=self._head)
        if floor <= self._floor:
            return []
        self._floor = floor
        self._gaps.forget(floor)
        if self._on_disk and self._delete_at == math.inf:
            self._delete_at = self._wrote_at + self._loss_window_s
        return self._memory.safe_upto(floor)

    def _page(
        self, after: Position, before: Position | None, rows: Sequence[Row] = (), *, whole: bool = True
    ) -> Page:
        begin = start_of(self._numbers(), after)
        newest = rows[-1].position if rows else begin
        held = (each for each in self._memory if each.event.position > newest) if whole else ()
        events = chain(
            (event_of_row(row, self._clock) for row in rows),
            (event_of_held(each, self._clock) for each in held),
        )
        page, told = page_of(self._numbers(), after, before, events, self._gaps, more=not whole)
        for gap in told:
            gap.told = True
        return page

    # The service's thread

    def _due(self, now: float) -> float:
        """When to write."""
        with self._lock:
            oldest = self._memory.oldest
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
            epoch = self._head.epoch if self._head.epoch > last else new_epoch_of(self._clock, last)
            self._store.begin(epoch)
        except StoreError as error:
            self._failed(error, now)
            return
        with self._lock:
            self._begun, self._problem = True, None
            self._wrote_at = now
            was_numbered = self._head.epoch > 0
            given, self._epochs = self._epochs, {each: last for each, (_, last) in self._store.epochs.items()}
            if not was_numbered:
                self._number_from(epoch)
            elif epoch != self._head.epoch:
                # The disk came late, and the clock has named an epoch that is not after all that were: what
                # waits begins anew, and who has had it already has it twice.
                self._head = self._memory.renumbered(epoch)
                self._epochs[epoch] = self._head.seq
            else:
                self._epochs |= given
            self._gaps = Gaps([*self._store.gaps, *self._gaps])
            self._on_disk = self._store.rows
            for consumer, confirmed in self._store.confirmed.items():
                if self._confirmed.get(consumer, ()) is None and self._numbers().knows(confirmed[0]):
                    self._confirmed[consumer] = confirmed
            safe = self._settle()
        _release(safe)

    def _write(self, now: float) -> None:
        with self._disk:
            with self._lock:
                soon, self._soon = self._soon, False  # who asks from now on means what comes from now on
                new, head, floor = self._memory.unsafe(), self._head, self._floor
                confirmed = {name: each for name, each in self._confirmed.items() if each is not None}
                gaps = self._gaps.copy()
            rows = [_row_of(held, self._clock.boot) for held in new]
            try:
                gaps, dropped = self._store.write(State(rows, *head, floor, confirmed, gaps))
            except StoreError as error:
                self._soon |= soon
                self._failed(error, now)
                return
            with self._lock:
                gaps.tell({(gap.epoch, gap.first) for gap in self._gaps if gap.told})  # meanwhile
                gaps.forget(self._floor)
                self._gaps, self._on_disk = gaps, self._store.rows
                self._problem, self._again_at = None, -math.inf
                self._wrote_at = now
                late = self._on_disk and self._floor > floor  # confirmed meanwhile
                self._delete_at = now + self._loss_window_s if late else math.inf
                safe = self._memory.safe_upto(new[-1].event.position) if new else []
                if dropped:
                    self._memory.forget_upto(dropped[-1].position)
                for each in dropped:
                    self._lost.add(each.sender, 1)
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
    """Their receipts, once; without a lock, as who hears of it may do something."""
    for held in safe:
        receipt, held.receipt = held.receipt, None
        if receipt is not None:
            receipt.release()
