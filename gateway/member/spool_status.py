"""How a spool fares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.clock.wall import WallClock
from gateway.fleet.message import START, Position
from gateway.fleet.paging import Numbers
from gateway.member.held import Memory
from gateway.member.store import Store


class Behind(NamedTuple):
    """A consumer: how many events it has not confirmed, and when it last confirmed any (UTC), None if it
    never has."""

    events: int
    confirmed: float | None


class Status(NamedTuple):
    """`waiting`: events that not all have confirmed, of which `unwritten` are in memory alone; `oldest`: when
    the oldest of them was triggered (UTC). `rows`, `size`: on disk, in bytes; `written`: bytes since the
    start. `lost`: events dropped since the start; `problem`: why the disk cannot be written."""

    head: Position
    waiting: int
    unwritten: int
    oldest: float | None
    consumers: Mapping[str, Behind]
    rows: int
    size: int
    written: int | None
    lost: int = 0
    problem: str | None = None


def status_of(
    store: Store,
    memory: Memory,
    numbers: Numbers,
    confirmed: Mapping[str, tuple[Position, float] | None],
    clock: WallClock,
) -> Status:
    """`confirmed`: see `DiskSpool`."""
    waiting = store.rows + memory.waiting
    consumers = {
        name: Behind(
            min(waiting, _after(numbers, START if each is None else each[0])), each[1] if each else None
        )
        for name, each in confirmed.items()
    }
    return Status(
        numbers.head,
        waiting,
        memory.waiting,
        _oldest(store, memory, clock),
        consumers,
        store.rows,
        store.size,
        store.written,
    )


def _after(numbers: Numbers, position: Position) -> int:
    """How many numbers have been given after that; it may be after the last that is known of its epoch."""
    return sum(
        max(0, last - (position.seq if epoch == position.epoch else 0))
        for epoch, last in numbers.epochs.items()
        if epoch >= position.epoch
    )


def _oldest(store: Store, memory: Memory, clock: WallClock) -> float | None:
    row, held = store.oldest, memory.oldest
    if row is not None:
        return clock.noted(row.boot, row.at, row.time, known=row.known)[0]
    return None if held is None else clock.stamp(held.at)[0]
