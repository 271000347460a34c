"""What not all consumers have confirmed: how it is numbered, who has confirmed what, what of it is in memory,
and what had to be dropped. Without a disk; not for several threads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from gateway.fleet.gaps import Gaps
from gateway.fleet.message import START, Page, Position
from gateway.fleet.paging import Numbers, page_of, start_of
from gateway.loss import Tally
from gateway.member.held import Held, Memory
from gateway.member.in_time import event_of_held, event_of_row
from gateway.member.rows import Row
from gateway.member.store import Dropped, State, Store

if TYPE_CHECKING:
    from gateway.clock.wall import WallClock

HELD_UP = "it could not be written to the disk, and there was no room for it in memory"
TOO_MANY = "more came at once than could be taken"


class Unconfirmed:
    """`consumers`: who is to have all; where there is none, all is safe at once."""

    def __init__(self, consumers: Sequence[str], clock: WallClock) -> None:
        self._clock = clock
        self._epochs: dict[int, int] = {}
        self._gaps = Gaps()
        self.head = Position(0, 0)
        self.floor = START
        """All have confirmed all up to it."""
        self.confirmed: dict[str, tuple[Position, float] | None] = dict.fromkeys(consumers)
        """Up to where, and when (UTC), by consumer."""
        self.memory = Memory(START)
        self.on_disk = 0
        """Events that are there."""
        self.lost = Tally()
        """What was dropped, since the start."""

    @property
    def numbers(self) -> Numbers:
        """What is known of the numbering."""
        return Numbers(self.head, self._epochs, self.floor)

    def begin(self, head: Position) -> None:
        """What comes is numbered after it, in its epoch."""
        self.head = self.memory.after = head
        self._epochs[head.epoch] = head.seq

    def number(self) -> Position:
        """The next."""
        self.head = Position(self.head.epoch, self.head.seq + 1)
        self._epochs[self.head.epoch] = self.head.seq
        return self.head

    def surplus(self) -> list[Held]:
        """What there is no room for: it is dropped."""
        dropped: list[Held] = []
        while (held := self.memory.surplus()) is not None:
            gone = held.event
            self._gaps.drop(gone.position, gone.sender, gone.utc_ms, HELD_UP)
            self.lost.add(gone.sender, 1)
            dropped.append(held)
        return dropped

    def lose(self, sender: str, count: int, utc_ms: int) -> None:
        """So many were dropped before they could be numbered: they have numbers, and are told as lost."""
        for _ in range(count):
            self._gaps.drop(self.number(), sender, utc_ms, TOO_MANY)

    def confirm(self, consumer: str, position: Position) -> bool:
        """False from one who is not named, and of a position that cannot have been given."""
        before = self.confirmed.get(consumer, (START, 0.0))
        if consumer not in self.confirmed or not self.numbers.knows(position):
            return False
        newest = position if before is None else max(position, before[0])
        self.confirmed[consumer] = newest, self._clock.utc()
        return True

    def settle(self) -> list[Held]:
        """What all have confirmed by now; where nobody is to have it, all."""
        confirmed = [START if each is None else each[0] for each in self.confirmed.values()]
        floor = min(confirmed, default=self.head)
        if floor <= self.floor:
            return []
        self.floor = floor
        self._gaps.forget(floor)
        return self.memory.safe_upto(floor)

    def page(
        self, after: Position, before: Position | None, rows: Sequence[Row] = (), *, whole: bool = True
    ) -> Page:
        """`rows`: what is on the disk after `after`, `whole` if that is all; then what is in memory."""
        begin = start_of(self.numbers, after)
        newest = rows[-1].position if rows else begin
        held = (each for each in self.memory if each.event.position > newest) if whole else ()
        events = chain(
            (event_of_row(row, self._clock) for row in rows),
            (event_of_held(each, self._clock) for each in held),
        )
        page, told = page_of(self.numbers, after, before, events, self._gaps, more=not whole)
        for gap in told:
            gap.told = True
        return page

    # The disk

    def take_over(self, store: Store, epoch: int) -> None:
        """What the file has, in which that epoch has begun."""
        was_numbered = self.head.epoch > 0
        given, self._epochs = self._epochs, {each: last for each, (_, last) in store.epochs.items()}
        if not was_numbered:
            self.begin(Position(epoch, 0))
        elif epoch != self.head.epoch:
            # The disk came late, and the clock has named an epoch that is not after all that were: what waits
            # begins anew, and who has had it already has it twice.
            self.head = self.memory.renumbered(epoch)
            self._epochs[epoch] = self.head.seq
        else:
            self._epochs |= given
        self._gaps = Gaps([*store.gaps, *self._gaps])
        self.on_disk = store.rows
        for consumer, confirmed in store.confirmed.items():
            if self.confirmed.get(consumer, ()) is None and self.numbers.knows(confirmed[0]):
                self.confirmed[consumer] = confirmed

    def state(self) -> State:
        """What is to be on disk, but for the rows."""
        confirmed = {name: each for name, each in self.confirmed.items() if each is not None}
        return State((), *self.head, self.floor, confirmed, self._gaps.copy())

    def wrote(
        self, upto: Position | None, gaps: Gaps, dropped: Sequence[Dropped], on_disk: int
    ) -> list[Held]:
        """All up to there is on disk, if anything new is; what the store had to drop, and its gaps. Returns
        what is safe with that."""
        gaps.tell({(gap.epoch, gap.first) for gap in self._gaps if gap.told})  # meanwhile
        gaps.forget(self.floor)
        self._gaps, self.on_disk = gaps, on_disk
        safe = [] if upto is None else self.memory.safe_upto(upto)
        if dropped:
            self.memory.forget_upto(dropped[-1].position)
        for each in dropped:
            self.lost.add(each.sender, 1)
        return safe
