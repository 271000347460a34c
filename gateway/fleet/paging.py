"""A page of what a spool has: which events, up to where, and what should have been among them. Pure.

    epochs      1 ......... 1041 | 1 .......................... 733
    here         (confirmed) [gap: the disk was full] [events ......]
                   ^ after                                  ^ upto

Numbers that are neither events that are here nor in a gap are counted too: every number between `after` and
`upto` is delivered, or told as lost. Only what was numbered after the last that the disk knows of an epoch
cannot be, since nobody knows that it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gateway.fleet.gaps import Gap, within
from gateway.fleet.message import MOST_BYTES, MOST_EVENTS, START, Event, Lost, Page, Position

NO_LONGER = "not kept any longer: all who are to have it have confirmed it"
VANISHED = "the disk has lost it"
EVENT_BYTES = 48
"""Of an event in a page, beside its texts: numbers, brackets, quotes."""


class Numbers(NamedTuple):
    """What is known of the numbering. `head`: the newest event's position; `epochs`: each that there was,
    with the last number that is known of it; `floor`: all who are to have it have confirmed all up to it."""

    head: Position
    epochs: Mapping[int, int]
    floor: Position

    def knows(self, position: Position) -> bool:
        """Whether it can have been given by this numbering, or is of before it. It cannot where the file was
        lost, and the clock stands where it has not stood before."""
        if position.epoch == START.epoch:
            return True
        return position.epoch in self.epochs and (position.epoch != self.head.epoch or position <= self.head)


def start_of(numbers: Numbers, after: Position) -> Position:
    """Where a page begins for one that has all up to `after`."""
    return after if numbers.knows(after) else START


def page_of(
    numbers: Numbers,
    after: Position,
    before: Position | None,
    events: Iterable[Event],
    gaps: Iterable[Gap],
    *,
    more: bool = False,
) -> tuple[Page, list[Gap]]:
    """`events`: all there are after `start_of(numbers, after)`, in order, or (`more`) at least one; as many
    are taken as fit. Returns the gaps too that the page tells of."""
    begin = start_of(numbers, after)
    taken, whole = _taken(events, before, more=more)
    end = numbers.head if before is None else min(numbers.head, Position(before.epoch, before.seq - 1))
    upto = end if whole else taken[-1].position
    told = [gap for gap in gaps if _is_any(gap, begin, upto)]
    lost = [each for gap in told for each in gap.lost(begin, upto)]
    lost += _missing(numbers, begin, upto, taken, told)
    return Page(taken, upto, numbers.head, lost, anew=begin != after), told


def size_of(event: Event) -> int:
    """Bytes of it in a page, as good as exactly."""
    return EVENT_BYTES + len(event.data) + len(event.sender) + len(event.event)


def _taken(events: Iterable[Event], before: Position | None, *, more: bool) -> tuple[list[Event], bool]:
    """As many as fit into a page, and whether these are all that there are before `before`."""
    taken: list[Event] = []
    size = 0
    for event in events:
        if before is not None and event.position >= before:
            return taken, True
        size += size_of(event)
        if taken and (size > MOST_BYTES or len(taken) >= MOST_EVENTS):
            return taken, False
        taken.append(event)
    return taken, not more


def _is_any(gap: Gap, after: Position, upto: Position) -> bool:
    first, last = within(gap, after, upto)
    return first <= last


def _missing(
    numbers: Numbers, begin: Position, upto: Position, taken: list[Event], told: list[Gap]
) -> Iterator[Lost]:
    """What is neither here nor in a gap; for one that begins at the beginning, only of what comes after the
    oldest that there is."""
    ranges = [(event.position, event.position.seq) for event in taken]
    ranges += [(Position(gap.epoch, gap.first), gap.last) for gap in told]
    ranges.sort()
    if begin.epoch == START.epoch:
        if not ranges:
            return
        first = ranges[0][0]
        begin = Position(first.epoch, first.seq - 1)
    gone = vanished = 0
    for hole in _holes(numbers, begin, upto, ranges):
        confirmed = _confirmed_part(hole, numbers.floor)
        gone += confirmed
        vanished += hole.last - hole.first + 1 - confirmed
    if gone:
        yield Lost("", gone, 0, 0, NO_LONGER)
    if vanished:
        yield Lost("", vanished, 0, 0, VANISHED)


class _Hole(NamedTuple):
    epoch: int
    first: int
    last: int


def _holes(
    numbers: Numbers, begin: Position, upto: Position, ranges: list[tuple[Position, int]]
) -> Iterator[_Hole]:
    """Between the ranges, each from a position to a number of the same epoch."""
    by_epoch: dict[int, list[tuple[int, int]]] = {}
    for first, last in ranges:
        by_epoch.setdefault(first.epoch, []).append((first.seq, last))
    for epoch in sorted(each for each in numbers.epochs if begin.epoch <= each <= upto.epoch):
        next_seq = begin.seq + 1 if epoch == begin.epoch else 1
        end = upto.seq if epoch == upto.epoch else numbers.epochs[epoch]
        for first, last in [*by_epoch.get(epoch, ()), (end + 1, end + 1)]:
            if first > next_seq:
                yield _Hole(epoch, next_seq, first - 1)
            next_seq = last + 1


def _confirmed_part(hole: _Hole, floor: Position) -> int:
    """How many numbers of it."""
    if hole.epoch != floor.epoch:
        return hole.last - hole.first + 1 if hole.epoch < floor.epoch else 0
    return max(0, min(hole.last, floor.seq) - hole.first + 1)
