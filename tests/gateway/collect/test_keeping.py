"""`gateway.collect.keeping`: what waits while a disk is full, and what is said of what had no room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from drivers.receipt import Receipt
from gateway.clock.wall import WallClock
from gateway.collect.arrival import noted_of, size_of
from gateway.collect.keeping import Keeping, Made
from gateway.collect.placed import Placed
from gateway.collect.room import LIVE_EVENTS, MOST_BYTES, MOST_EVENTS, Dropped
from gateway.event_id import BEFORE_ALL
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event, Position
from gateway.history.disk import Opened
from gateway.history.rows import Batch
from gateway.history.store import Opening
from gateway.storage.schema import StoreError
from tests.support.waiting import until

SHED = Gateway("north", "shed")
PAGE = 500


class Disk:
    """A store that is full until `full` is cleared."""

    written = None
    repeated = 0

    def __init__(self, opened: Callable[[Any], object]) -> None:
        self.full = threading.Event()
        self.full.set()
        self.wrote = 0
        self._opened = opened

    def open(self) -> Opened:
        self._opened({})
        return Opening(BEFORE_ALL, None, {})

    def write(self, batch: Batch) -> None:
        if self.full.is_set():
            raise StoreError("the disk is full")
        self.wrote += len(batch.items)

    def maintain(self, now_ms: int) -> bool:  # noqa: ARG002
        return False

    def settle(self, boot: str, offset_ms: int) -> None:
        """Nothing."""

    def untimed_boots(self) -> Collection[str]:
        return ()

    def close(self) -> None:
        """Nothing."""


@contextmanager
def keeping() -> Iterator[tuple[Keeping, Disk]]:
    """Of the north, for the length of a with block."""
    disks: list[Disk] = []

    def made(opened: Any, _wrote: Any) -> Made:
        disks.append(Disk(opened))
        return Made(disks[0], None, lambda: None)  # type: ignore[arg-type]  # nobody reads

    kept = Keeping("north", made, WallClock(), 0.2, lambda: None)
    kept.start()
    try:
        until(lambda: kept.news().opened is not None)
        yield kept, disks[0]
    finally:
        disks[0].full.clear()
        assert kept.stop(60.0)


def put(kept: Keeping, turns: range, life: int = 1, size: int = 10) -> None:
    """So many events of the shed."""
    for turn in turns:
        event = Event(Position(7, turn), turn, True, "temp", "log", '"' + "x" * size + '"')
        noted = noted_of(SHED, event, kept.next_id(1_790_000_000.0), 0.0)
        assert noted is not None
        kept.put(noted, Placed(str(SHED), event.position, turn, life, turn, size_of(noted), kept.tell))


def test_room_is_for_all_that_was_asked_for() -> None:
    """Pages of any size fit in with what is there; what comes live has some more room."""
    with keeping() as (kept, disk):
        pages = 0
        while kept.room.reserve(PAGE):
            pages += 1
        assert pages == 8  # of 606 kB each, 5 MB
        for _ in range(pages):
            put(kept, range(PAGE), size=512)
            kept.room.unreserve(PAGE)
        while kept.room.is_left:
            put(kept, range(10))
        until(lambda: kept.status()["history.north"].message.count("full"))
        assert not kept.news().lost
        assert not kept.room.reserve(PAGE)
        disk.full.clear()
        until(lambda: kept.room.reserve(PAGE))
        kept.room.unreserve(PAGE)
        assert not kept.news().lost


def test_who_waits_is_known_until_it_is_written() -> None:
    """And nobody else."""
    with keeping() as (kept, disk):
        put(kept, range(1, 3))
        assert [kept.room.waits(str(SHED)), kept.room.waits("north/house")] == [True, False]
        disk.full.clear()
        until(lambda: not kept.room.waits(str(SHED)))
        assert not kept.news().lost


def test_small_events_are_counted() -> None:
    """What is many is much, whatever it says."""
    with keeping() as (kept, _):
        put(kept, range(MOST_EVENTS - PAGE))
        assert MOST_EVENTS * 710 < MOST_BYTES
        assert kept.room.reserve(PAGE)
        assert not kept.room.reserve(1)
        put(kept, range(LIVE_EVENTS - MOST_EVENTS - 1))
        assert [kept.room.is_left] == [True]
        put(kept, range(1))
        assert not kept.room.is_left


def test_what_was_dropped_first_is_told_of_the_newest_life() -> None:
    """With that there was no room for it; two times do not take each other's place."""
    with keeping() as (kept, _):
        put(kept, range(1, 20), life=4, size=1000)
        put(kept, range(1, 700), life=5, size=16_000)
        lost: list[Dropped] = []

        def heard() -> bool:
            lost.extend(kept.news().lost.values())
            return Dropped(5, 1, crowded=True) in lost

        until(heard)
        assert all(each.crowded for each in lost)
        assert {each.life for each in lost[1:]} <= {5}


def test_what_cannot_be_taken_is_its_own_fault() -> None:
    """There was room."""
    with keeping() as (kept, _):
        for life, turn in ((2, 3), (3, 5), (3, 4), (2, 1), (3, 6)):
            receipt: Receipt = Placed(str(SHED), Position(7, turn), turn, life, turn, 0, kept.tell)
            receipt.lose()
        assert kept.news().lost == {str(SHED): Dropped(3, 4, crowded=False)}
        assert not kept.news().lost
