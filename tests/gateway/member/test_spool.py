"""`gateway.member.spool`: what is kept until it is confirmed, over restarts, and what is told as lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from drivers.receipt import Receipt
from gateway.clock.memory import Memory
from gateway.fleet import paging
from gateway.fleet.message import MOST_EVENTS, START, Event, Lost, Page, Position
from gateway.fleet.paging import NO_LONGER, VANISHED
from gateway.fleet.spool import FULL
from gateway.loss import Loss
from gateway.member import held, rows
from gateway.member.spool import PAUSE_S, SOON_S, DiskSpool
from gateway.member.store import OLD, Bounds, State, Store
from gateway.member.unconfirmed import HELD_UP
from gateway.storage.schema import StoreError
from tests.support.examples import examples
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine, StagedClock

WINDOW_S = 5.0
ROOMY = Bounds(1 << 30, 7 * 86400.0)
DATA = '{"value":1.5,"unit":"°C","time":"2026-11-22T06:30:00.000Z","quality":"good","seq":1}'


class Keeper:
    """A spool on a file, which ends and begins again as a process does."""

    def __init__(self, path: Path, *consumers: str, bounds: Bounds = ROOMY) -> None:
        self.path, self.consumers, self.bounds = path, consumers or ("collector",), bounds
        self.clock = StagedClock()
        self.woken = 0
        self.start()

    def start(self, after: Position | None = None) -> None:
        self.store = Store(self.path, self.bounds, self.clock)
        self.spool = DiskSpool(self.store, self.clock, self.consumers, WINDOW_S, self._wake, after)
        self.spool.open()

    def kill(self, down_s: float = 1.0) -> None:
        """What was in memory alone is gone."""
        self.store.close()
        self.clock.advance(down_s)
        self.start()

    def restart(self, down_s: float = 1.0) -> None:
        self.spool.close()
        self.clock.advance(down_s)
        self.start()

    def reload(self) -> None:
        """Another one goes on, in the same process."""
        self.spool.close()
        self.clock.advance(1.0)
        self.start(self.spool.ended)

    def add(self, count: int = 1, sender: str = "temp", data: str = DATA) -> list[Event]:
        added = []
        for _ in range(count):
            utc, unset = self.clock.stamp(self.clock.monotonic())
            added.append(self.spool.add(sender, "#changed", data, round(utc * 1000), not unset))
        return added

    def turn(self, after_s: float = 0.0) -> float:
        self.clock.advance(after_s)
        return self.spool.turn(self.clock.monotonic()) - self.clock.monotonic()

    def confirm(self, position: Position, consumer: str = "collector") -> None:
        self.spool.confirm(consumer, position)

    def events(self, after: Position = START) -> list[Event]:
        return list(self.spool.page(after, None).events)

    @property
    def on_disk(self) -> int:
        return self.spool.status().rows

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[..., Keeper]]:
    made: list[Keeper] = []

    def make(*consumers: str, bounds: Bounds = ROOMY) -> Keeper:
        made.append(Keeper(tmp_path / "fleet.db", *consumers, bounds=bounds))
        return made[-1]

    yield make
    for each in made:
        each.spool.close()


def test_what_is_confirmed_in_time_is_never_written(keep: Callable[..., Keeper]) -> None:
    """An hour of events, each confirmed after four seconds: no row, and no write to the file."""
    kept = keep()
    before = kept.spool.status().written
    for _ in range(900):
        (event,) = kept.add()
        assert kept.turn() == WINDOW_S
        kept.turn(4.0)
        kept.confirm(event.position)
        assert kept.turn() > 3600
    assert (kept.on_disk, kept.spool.status().waiting) == (0, 0)
    assert kept.spool.status().written == before
    assert kept.woken == 0


def test_what_is_not_is_written_after_the_loss_window(keep: Callable[..., Keeper]) -> None:
    """All that waits, at once; a killed process has lost no more than what came since."""
    kept = keep()
    first = kept.add(3)
    kept.turn(4.9)
    assert kept.on_disk == 0
    second = kept.add(2)
    kept.turn(0.1)
    assert kept.on_disk == 5
    kept.add(4)
    kept.kill()
    assert kept.events() == first + second


def test_a_stop_writes_all(keep: Callable[..., Keeper]) -> None:
    """Nothing is lost, and the next start has a greater epoch."""
    kept = keep()
    added = kept.add(3)
    kept.restart()
    more = kept.add(2)
    assert kept.events() == added + more
    assert more[0].position.epoch > added[0].position.epoch
    assert [event.position.seq for event in more] == [1, 2]


def test_the_next_one_of_a_process_goes_on(keep: Callable[..., Keeper]) -> None:
    """With the same epoch and the next number, whether what was before was confirmed or not; a kill after it
    loses no number that was written."""
    kept = keep()
    added = kept.add(3)
    kept.reload()
    added += kept.add(2)
    kept.turn(WINDOW_S)
    assert kept.events() == added
    kept.confirm(added[3].position)
    kept.reload()
    kept.reload()
    added += kept.add(2)
    assert [event.position.seq for event in added] == [1, 2, 3, 4, 5, 6, 7]
    assert len({event.position.epoch for event in added}) == 1
    assert kept.events(added[2].position) == added[4:]
    assert kept.spool.status().consumers["collector"].events == 3
    kept.turn(WINDOW_S)
    kept.kill()
    (more,) = kept.add()
    assert more.position.epoch > added[0].position.epoch
    assert _followed(kept, added[3].position) == ([*added[4:], more], 0)


def test_one_that_goes_on_has_no_file(tmp_path: Path) -> None:
    """It cannot be opened until later, or was lost: the numbers go on all the same."""
    folder = tmp_path / "data"
    folder.mkdir()
    kept = Keeper(folder / "fleet.db")
    added = kept.add(3)
    kept.spool.close()
    folder.rename(tmp_path / "elsewhere")
    kept.start(kept.spool.ended)
    added += kept.add(2)
    (tmp_path / "elsewhere").rename(folder)
    kept.turn(PAUSE_S)
    added += kept.add(1)
    assert [event.position for event in added] == [(added[0].position.epoch, seq) for seq in range(1, 7)]
    assert _followed(kept, START) == (added, 0)
    kept.spool.close()
    kept.path.unlink()
    kept.start(kept.spool.ended)
    last = kept.add(2)
    kept.turn(WINDOW_S)
    last += kept.add(1)
    assert _followed(kept, added[-1].position) == (last, 0)
    assert last[0].position == (added[0].position.epoch, 7)
    kept.spool.close()


def test_after_one_that_has_lost_something_an_epoch_begins(
    keep: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it could not write is nowhere: who listens is to see that there is a gap."""
    kept = keep()
    added = kept.add(2)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", lambda *_: _fail())
        kept.spool.close()
    assert kept.spool.ended is None
    kept.start(kept.spool.ended)
    assert kept.add()[0].position.epoch > added[0].position.epoch


def test_a_page_has_what_is_on_disk_and_in_memory(keep: Callable[..., Keeper]) -> None:
    """Once each, in order, over starts and pages, from any position."""
    kept = keep()
    added = kept.add(700)
    kept.restart()
    added += kept.add(700)
    kept.turn(WINDOW_S)
    added += kept.add(700)
    for start in (0, 1, 699, 700, 1399, 1400, 2099, 2100):
        after = added[start - 1].position if start else START
        assert _followed(kept, after) == (added[start:], 0)
    part = kept.spool.page(added[650].position, added[660].position)
    assert (list(part.events), part.upto) == (added[651:660], added[659].position)


def _followed(kept: Keeper, after: Position, most_pages: int = 1000) -> tuple[list[Event], int]:
    """What a consumer gets from there on, and how many it is told are lost."""
    events: list[Event] = []
    lost = 0
    for _ in range(most_pages):
        page = kept.spool.page(after, None)
        events += page.events
        lost += sum(each.events for each in page.lost)
        assert page.upto >= after
        after = page.upto
        if after == page.head:
            break
    return events, lost


def test_confirmations_empty_the_file(keep: Callable[..., Keeper]) -> None:
    """Rows go when all consumers have confirmed them, at most one write in a loss window."""
    kept = keep("collector", "second")
    added = kept.add(10)
    kept.turn(WINDOW_S)
    kept.confirm(added[7].position)
    assert (kept.turn() > 3600, kept.woken) == (True, 0)
    kept.confirm(added[4].position, "second")
    assert kept.woken == 1
    assert 0 < kept.turn() <= WINDOW_S
    kept.turn(WINDOW_S)
    assert kept.on_disk == 5
    kept.confirm(added[9].position)
    kept.confirm(added[9].position, "second")
    kept.turn(WINDOW_S)
    assert kept.on_disk == 0
    kept.restart()
    assert kept.spool.status().waiting == 0
    assert kept.events() == []


def test_what_is_confirmed_while_it_is_written(
    keep: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goes with the next write, which is due a loss window later."""
    kept = keep()
    added = kept.add(3)
    write = kept.store.write

    def confirmed_meanwhile(state: State) -> object:
        kept.confirm(added[2].position)
        return write(state)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(kept.store, "write", confirmed_meanwhile)
        assert kept.turn(WINDOW_S) == pytest.approx(WINDOW_S)
    assert kept.on_disk == 3
    kept.turn(WINDOW_S)
    assert kept.on_disk == 0


def test_what_is_told_or_wanted_while_it_is_written(
    keep: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gap that a page tells of meanwhile grows no more, so that what is lost later has its senders; one
    that is confirmed is not kept; and a write that is wanted meanwhile comes a second later."""
    kept = keep()
    write = kept.store.write

    def lost(sender: str) -> None:
        kept.spool.lose(sender, Loss.of(kept.clock.utc()))

    def during(meanwhile: Callable[[], object], after_s: float = WINDOW_S) -> float:
        def slow(state: State) -> object:
            meanwhile()
            return write(state)

        with monkeypatch.context() as context:
            context.setattr(kept.store, "write", slow)
            return kept.turn(after_s)

    kept.add()
    lost("temp")
    head = kept.spool.head
    during(lambda: kept.spool.page(START, None))
    lost("hum")
    assert [each.sender for each in kept.spool.page(head, None).lost] == ["hum"]
    kept.add()
    head = kept.spool.head
    during(lambda: kept.confirm(head))
    assert {each.reason for each in kept.spool.page(START, None).lost} == {NO_LONGER}
    kept.add()
    kept.turn(WINDOW_S)
    kept.add()
    kept.spool.write_soon()
    assert during(kept.spool.write_soon, SOON_S) == SOON_S
    for unwritten in (0, 1):
        kept.add()
        kept.turn(SOON_S)
        assert kept.spool.status().unwritten == unwritten
    kept.spool.write_soon()
    assert during(_fail, SOON_S) == PAUSE_S
    kept.turn(PAUSE_S)
    assert kept.spool.status().unwritten == 0


def _fail() -> None:
    raise StoreError("the disk is busy")


def test_a_confirmation_that_cannot_be_counts_for_nothing(keep: Callable[..., Keeper]) -> None:
    """Of somebody who is not named, of what was never given, of less than before."""
    kept = keep()
    added = kept.add(3)
    head = kept.spool.head
    kept.confirm(head, "stranger")
    for position in (head._replace(seq=4), head._replace(epoch=head.epoch + 1), Position(5, 1)):
        kept.confirm(position)
    assert kept.spool.status().waiting == 3
    kept.confirm(added[1].position)
    kept.confirm(added[0].position)
    assert kept.spool.status().waiting == 1


def test_who_has_just_missed_something_gets_it_all_the_same(keep: Callable[..., Keeper]) -> None:
    """What is confirmed stays in memory for a while; later its number alone is known."""
    kept = keep()
    added = kept.add(held.RECENT + 20)
    kept.confirm(added[-1].position)
    assert kept.events(added[19].position) == added[20:]
    page = kept.spool.page(added[9].position, None)
    assert (list(page.events), page.lost) == (added[20:], [Lost("", 10, 0, 0, NO_LONGER)])
    kept.restart()
    assert kept.spool.page(added[9].position, None).lost == [Lost("", held.RECENT + 10, 0, 0, NO_LONGER)]


def test_a_full_file_drops_the_oldest_and_tells_it(keep: Callable[..., Keeper]) -> None:
    """By sender, in the page of each consumer, once, and after a restart, too."""
    kept = keep(bounds=Bounds(30_000, 7 * 86400.0))
    added = kept.add(100, "temp") + kept.add(100, "hum") + kept.add(200, "lux")
    kept.turn(WINDOW_S)
    assert kept.spool.status().size <= 30_000
    page = kept.spool.page(START, None)
    assert list(page.events) == added[-len(page.events) :]
    gone = 400 - len(page.events)
    assert 200 < gone < 300
    assert [(each.sender, each.events, each.reason) for each in page.lost] == [
        ("temp", 100, FULL),
        ("hum", 100, FULL),
        ("lux", gone - 200, FULL),
    ]
    assert page.lost[0].first_ms == added[0].utc_ms
    assert kept.spool.dropped() == {"temp": 100, "hum": 100, "lux": gone - 200}
    assert kept.spool.status().lost == gone
    assert kept.spool.page(page.upto, None).lost == []
    kept.restart()
    assert kept.spool.page(START, None).lost == page.lost
    assert kept.spool.page(added[149].position, None).lost == [
        Lost("", gone - 150, added[0].utc_ms, added[0].utc_ms, FULL)
    ]
    kept.confirm(kept.spool.head)
    kept.turn(WINDOW_S)
    assert kept.spool.page(START, None) == Page([], kept.spool.head, kept.spool.head, [])


def test_what_is_too_old_goes(keep: Callable[..., Keeper]) -> None:
    """By the time that has gone by, whatever the clock says, also where it is in memory still."""
    kept = keep(bounds=Bounds(1 << 30, 3600.0))
    kept.add(3)
    kept.turn(WINDOW_S)
    kept.clock.set_wall(START_UTC + 1e6)
    kept.clock.advance(3000.0)
    kept.clock.look()
    late = kept.add(2)
    kept.turn(WINDOW_S)
    assert kept.on_disk == 5
    kept.turn(600.0)
    kept.add()
    kept.turn(WINDOW_S)
    page = kept.spool.page(START, None)
    assert [event.position for event in page.events] == [*(each.position for each in late), page.head]
    assert [(each.sender, each.events, each.reason) for each in page.lost] == [("temp", 3, OLD)]


def test_times_are_corrected_when_the_clock_is_set(keep: Callable[..., Keeper], tmp_path: Path) -> None:
    """What waits in memory and on disk; what was live said that it was not sure."""
    kept = keep()
    kept.spool.close()
    machine = FakeMachine(wall=1_000_000_000.0)
    kept.clock = StagedClock(machine, Memory(), None)
    kept.start()
    marked = DATA.replace("2026-11-22T06:30:00.000Z", "2001-09-09T01:46:40.000Z")[:-1] + ',"clock":"unset"}'
    said = kept.add(2, data=marked)
    kept.turn(WINDOW_S)
    said += kept.add(1, data=marked)
    assert [each.known for each in said] == [False] * 3
    assert kept.events() == said
    machine.kept = True
    kept.clock.set_wall(START_UTC + WINDOW_S)
    kept.clock.look()
    events = kept.events()
    assert [each.position for each in events] == [each.position for each in said]
    assert [each.known for each in events] == [True] * 3
    assert [each.utc_ms for each in events] == [round((START_UTC + s) * 1000) for s in (0.0, 0.0, WINDOW_S)]
    assert events[0].data == DATA


def test_receipts(keep: Callable[..., Keeper]) -> None:
    """A reading that its device keeps is safe when it is on disk, or confirmed; not before."""
    kept = keep()
    told: list[tuple[int, bool]] = []

    def take(seq: int) -> Event:
        receipt = Receipt("board", 1, seq, lambda receipt, safe: told.append((receipt.seq, safe)))
        with kept.spool.taking(kept.clock.utc(), kept.clock.monotonic(), receipt):
            return kept.add()[0]

    first = take(1)
    take(2)
    assert told == []
    kept.confirm(first.position)
    assert told == [(1, True)]
    kept.turn(WINDOW_S)
    assert told == [(1, True), (2, True)]
    take(3)
    kept.turn(SOON_S / 2)
    kept.spool.write_soon()
    kept.turn()
    assert len(told) == 2
    kept.turn(SOON_S / 2)
    assert told[2:] == [(3, True)]
    take(4)
    kept.spool.close()
    assert told[3:] == [(4, True)]


def test_big_events(keep: Callable[..., Keeper]) -> None:
    """Are written before memory has no room for them."""
    kept = keep()
    added = kept.add(2, data=f'"{"x" * 700_000}"')
    assert kept.turn() == WINDOW_S
    added += kept.add(1, data=f'"{"x" * 700_000}"')
    assert kept.spool.is_full
    kept.turn()
    assert kept.on_disk == 3
    assert _followed(kept, START) == (added, 0)


def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    """It goes on in memory, says so, and writes when it can; what there is no room for is told."""
    folder = tmp_path / "gone"
    kept = Keeper(folder / "fleet.db")
    added = kept.add(3)
    assert kept.spool.status().problem is not None
    assert kept.events() == added
    assert kept.turn(WINDOW_S) == PAUSE_S
    told: list[bool] = []
    receipt = Receipt("board", 1, 1, lambda _, safe: told.append(safe))
    with kept.spool.taking(kept.clock.utc(), kept.clock.monotonic(), receipt):
        added += kept.add()
    added += kept.add(held.MOST, sender="hum")
    assert told == [False]
    page = kept.spool.page(START, None)
    assert list(page.events) == added[4 : 4 + MOST_EVENTS]
    assert page.lost == [Lost("temp", 4, added[0].utc_ms, added[3].utc_ms, HELD_UP)]
    folder.mkdir()
    kept.turn(PAUSE_S)
    assert kept.spool.status().problem is None
    assert kept.on_disk == held.MOST
    kept.kill()
    assert _followed(kept, START) == (added[4:], 4)
    kept.spool.close()


def test_a_disk_that_comes_late_with_a_later_epoch(tmp_path: Path) -> None:
    """The clock stands before the last start's, and the file cannot be opened: what waits is renumbered after
    what the file has, and comes after it."""
    folder = tmp_path / "data"
    folder.mkdir()
    kept = Keeper(folder / "fleet.db")
    before = kept.add(3)
    kept.spool.close()
    folder.rename(tmp_path / "elsewhere")
    kept.clock = StagedClock(FakeMachine(wall=1_000_000_000.0, boot="boot-b"))
    kept.start()
    waiting = kept.add(2)
    assert waiting[0].position < before[0].position
    (tmp_path / "elsewhere").rename(folder)
    kept.turn(PAUSE_S)
    events, lost = _followed(kept, START)
    assert [each.position.seq for each in events] == [1, 2, 3, 1, 2]
    assert (events[:3], lost) == (before, 0)
    assert events[3].position.epoch == before[0].position.epoch + 1
    page = kept.spool.page(waiting[0].position, None)
    assert (page.anew, list(page.events), page.lost) == (True, events, [])
    kept.spool.close()


def test_a_disk_that_comes_late_with_an_epoch_of_that_name(tmp_path: Path) -> None:
    """The clock stands where it stood at an earlier start: what that has is numbered as it was."""
    folder = tmp_path / "data"
    folder.mkdir()
    kept = Keeper(folder / "fleet.db")
    before = kept.add(3)
    kept.spool.close()
    folder.rename(tmp_path / "elsewhere")
    kept.clock = StagedClock()
    kept.start()
    assert kept.add(7)[0].position == before[0].position
    (tmp_path / "elsewhere").rename(folder)
    kept.turn(PAUSE_S)
    events, lost = _followed(kept, START)
    assert (events[:3], len(events), lost) == (before, 10, 0)
    kept.spool.close()


def test_an_epoch_is_greater_whatever_the_clock_says(keep: Callable[..., Keeper]) -> None:
    """Also after a kill, with the clock back at where it began, and nothing ever written of the last."""
    kept = keep()
    epochs = [kept.spool.head.epoch]
    for _ in range(3):
        kept.store.close()
        kept.clock = StagedClock(FakeMachine(wall=1_000_000_000.0))
        kept.start()
        epochs.append(kept.spool.head.epoch)
    assert epochs == sorted(set(epochs))


def test_what_a_killed_process_had_confirmed(keep: Callable[..., Keeper]) -> None:
    """Of numbers that were confirmed before they were written the file knows nothing. Who had them gets all
    that the next process writes, and who confirms them again deletes none of it."""
    kept = keep()
    for _ in range(20):
        had = kept.add(100)[-1].position
        kept.confirm(had)
        kept.turn(1.0)
    kept.kill()
    added = kept.add(held.RECENT)
    kept.turn(WINDOW_S)
    added += kept.add(5 * held.RECENT)
    kept.turn(WINDOW_S)
    assert _followed(kept, had) == (added, 0)
    kept.confirm(had)
    assert kept.spool.status().consumers["collector"].events == len(added)
    kept.add()
    kept.turn(WINDOW_S)
    assert kept.on_disk == len(added) + 1
    assert _followed(kept, had)[1] == 0
    kept.kill()
    assert kept.spool.status().consumers["collector"].events == len(added) + 1


def test_a_lost_file(keep: Callable[..., Keeper]) -> None:
    """The next numbering may be before the last. Who had something of that begins with the oldest of this,
    also if it comes when a third, greater one has begun."""
    kept = keep()
    had = kept.add(50)[-1].position
    kept.store.close()
    kept.path.unlink()
    kept.clock = StagedClock(FakeMachine(wall=1_000_000_000.0))
    kept.start()
    added = kept.add(3)
    page = kept.spool.page(had, None)
    assert (page.anew, list(page.events)) == (True, added)
    kept.spool.close()
    kept.clock = StagedClock(FakeMachine(wall=START_UTC + 1e6, boot="boot-c"))
    kept.start()
    added += kept.add(2)
    assert added[0].position < had < added[-1].position
    page = kept.spool.page(had, None)
    assert (page.anew, list(page.events), page.lost) == (True, added, [])
    assert not kept.spool.page(added[1].position, None).anew


def test_rows_that_the_disk_has_spoilt(keep: Callable[..., Keeper]) -> None:
    """Are not given out, and are told as lost by their number."""
    kept = keep()
    added = kept.add(9)
    kept.spool.close()
    with closing(sqlite3.connect(kept.path)) as db, db:
        db.execute("UPDATE events SET data = replace(data, '1.5', '7.5') WHERE seq IN (3, 4)")
        db.execute("UPDATE events SET seq = 99 WHERE seq = 6")
        db.execute("DELETE FROM events WHERE seq = 8")
        db.execute("UPDATE epochs SET base = 77")
    kept.start()
    page = kept.spool.page(START, None)
    assert list(page.events) == [added[each] for each in (0, 1, 4, 6, 8)]
    assert page.lost == [Lost("", 4, 0, 0, VANISHED)]


def test_a_damaged_file(keep: Callable[..., Keeper]) -> None:
    """What can be saved of it is; the gateway goes on with a new one."""
    kept = keep()
    added = kept.add(2000)
    kept.spool.close()
    with kept.path.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(os.urandom(4096))
        file.seek(2 * 4096 + 2000)
        file.write(b"x" * 100)
    kept.start()
    more = kept.add(2)
    events, lost = _followed(kept, START)
    assert len(events) + lost >= 2000
    assert 1800 < len(events) <= 2002
    assert events[-2:] == more
    assert set(events) <= {*added, *more}


def test_a_file_that_is_removed_meanwhile(keep: Callable[..., Keeper]) -> None:
    """Another is begun, with what the removed one had."""
    kept = keep()
    added = kept.add(3)
    kept.turn(WINDOW_S)
    for file in kept.path.parent.glob("fleet.db*"):
        file.unlink()
    added += kept.add(2)
    kept.turn(WINDOW_S)
    kept.kill()
    assert _followed(kept, START) == (added, 0)


def test_how_it_fares(keep: Callable[..., Keeper]) -> None:
    """What waits, since when, and for whom."""
    kept = keep("collector", "second")
    began = kept.clock.utc()
    added = kept.add(4)
    kept.turn(WINDOW_S)
    kept.add(2)
    kept.clock.advance(1.0)
    kept.confirm(added[2].position)
    status = kept.spool.status()
    assert (status.waiting, status.unwritten, status.rows) == (6, 2, 4)
    assert status.oldest == pytest.approx(began, abs=0.01)
    assert {name: each.events for name, each in status.consumers.items()} == {"collector": 3, "second": 6}
    assert status.consumers["collector"].confirmed == pytest.approx(began + 6.0, abs=0.01)
    assert status.consumers["second"].confirmed is None
    kept.restart()
    assert kept.spool.status().consumers["collector"].events == 3


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 30)),
        st.tuples(st.just("turn"), st.sampled_from([0, 6, 40])),
        st.tuples(st.just("read"), st.integers(0, 2)),
        st.tuples(st.just("confirm"), st.integers(0, 1)),
        st.tuples(st.just("both"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("reload"), st.just(0)),
        st.tuples(st.just("kill"), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=examples(150), deadline=None, phases=set(Phase) - {Phase.shrink})
@given(steps=_STEPS, size=st.sampled_from([4000, 1 << 30]))
@example(
    steps=[("add", 20), ("both", 0), ("kill", 0), ("add", 30), ("turn", 6), ("add", 30), ("turn", 6)],
    size=1 << 30,
)
def test_each_event_comes_once_or_is_told(
    steps: list[tuple[str, int]], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever happens in which order: a consumer gets each in order and once, or is told that it is gone,
    and where there is room none is; one that was not written when the process was killed is the only one of
    which nobody knows. What is safe comes from the disk."""
    with pytest.MonkeyPatch.context() as small:
        small.setattr(held, "RECENT", 5)
        for module in (paging, rows):
            small.setattr(module, "MOST_EVENTS", 20)
        fate = _done(
            steps,
            Keeper(tmp_path_factory.mktemp("any") / "fleet.db", "a", "b", bounds=Bounds(size, 7 * 86400.0)),
        )
    known = set(fate.added) - fate.unknown
    for number, (got, lost) in enumerate(zip(fate.got, fate.lost, strict=True)):
        positions = [each.position for each in got]
        assert positions == sorted(set(positions))
        assert set(got) <= set(fate.added)
        missing = known - set(got)
        if number < 2:
            assert lost == len(missing)
            assert not lost or size < 1 << 30
        else:  # a stranger, which hears nothing of what was before it came
            assert len([each for each in missing if got and each.position > got[0].position]) <= lost
            assert lost <= len(missing)


class _Fate(NamedTuple):
    """`unknown`: of what was added, those that a kill took before they were written; by consumer what it has
    got, and how many were told as lost."""

    added: list[Event]
    unknown: set[Event]
    got: list[list[Event]]
    lost: list[int]


def _done(steps: list[tuple[str, int]], kept: Keeper) -> _Fate:
    """And then each reads all that there is."""
    fate = _Fate([], set(), [[], [], []], [0] * 3)
    cursors = [START] * 3

    def read(number: int) -> bool:
        page = kept.spool.page(cursors[number], None)
        fate.got[number].extend(page.events)
        fate.lost[number] += sum(each.events for each in page.lost)
        cursors[number] = page.upto
        return page.upto == page.head

    def confirm(number: int) -> None:
        kept.confirm(cursors[number], "ab"[number])

    for step, number in steps:
        if step == "add":
            fate.added.extend(kept.add(number, f"s{number % 3}"))
        elif step == "turn":
            kept.turn(number)
        elif step == "read":
            read(number)
        elif step == "confirm":
            confirm(number)
        elif step == "both":
            for each in range(2):
                read(each)
                confirm(each)
        elif step == "restart":
            kept.restart()
        elif step == "reload":
            kept.reload()
        else:
            fate.unknown.update(fate.added[len(fate.added) - kept.spool.status().unwritten :])
            kept.kill()
    for number in range(3):
        while not read(number):
            continue
    kept.spool.close()
    return fate
