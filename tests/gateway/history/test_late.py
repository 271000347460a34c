"""Readings that their device kept, and sent late: at their own times, and once."""

import itertools
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from drivers.receipt import Receipt
from gateway.event_id import BEFORE_ALL, EventId
from gateway.history import ledger as ledger_module
from gateway.history import notes
from gateway.history.archive import Archive
from gateway.history.buckets import DAY, HOUR, MINUTE, Bucket, Gap
from gateway.history.ledger import CHUNK, MOST_OF_ONE
from gateway.history.rows import Batch, Item, Kept, Mark, Reading, Untimed
from gateway.history.sealed import GOOD
from gateway.history.store import Store
from gateway.storage.schema import StoreError

START = 20_000 * DAY
FAR = 1 << 45
YEAR = 365 * DAY
BOARD = "24A16057F685"


def receipt(seq: int, boot: int = 7, identity: str = BOARD) -> Receipt:
    return Receipt(identity, boot, seq, lambda _receipt, _safe: None)


def kept(time: int, seq: int, value: float = 20.5, *, sender: str = "temp", boot: int = 7) -> Reading:
    """One that came at once."""
    event_id = EventId(time + 3, 0)
    return Reading(sender, "°C", time, value, GOOD, None, seq, event_id, receipt=receipt(seq, boot))


def late(item: Reading, heard: int | None = None) -> Reading:
    """The same, heard then."""
    event_id = item.id if heard is None else EventId(heard, item.seq)
    return item._replace(late=True, id=event_id)


class Bench:
    """A store and an archive of one file."""

    def __init__(self, path: Path, keep_ms: int = YEAR) -> None:
        self.path = path
        self.archive = Archive(path)
        self.store = Store(path, keep_ms=keep_ms, keep_events_ms=YEAR, most_bytes=10**9)
        self.store.open()

    def write(self, *items: Item, alive: int | None = None) -> None:
        self.store.write(Batch(items, alive))

    def again(self) -> None:
        """As after a kill: what was committed is there."""
        self.store.close()
        self.store.open()

    def maintain(self, now: int) -> None:
        while self.store.maintain(now):
            pass

    def rows(self, sender: str = "temp") -> list[tuple[int, float]]:
        return [(row.time, row.value) for row in self.archive.rows(sender, 0, FAR)]

    def gaps(self) -> list[Gap]:
        return list(self.archive.gaps("temp", 0, FAR))

    def points(self, since: int, until: int, points: int) -> Sequence[Bucket]:
        series = self.archive.points("temp", since, until, points)
        assert series is not None
        return series.buckets

    def close(self) -> None:
        self.archive.close()
        self.store.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "history.db")
    yield made
    made.close()


def test_one_that_comes_again_counts_once(bench: Bench) -> None:
    """Sent once more, as the gateway was killed before its device was told: also at a time that is told a
    little otherwise, and over restarts."""
    bench.write(kept(START, 1), kept(START + 1000, 2))
    bench.again()
    bench.write(late(kept(START + 90, 1)), late(kept(START + 1000, 2)), late(kept(START + 2000, 3)))
    bench.again()
    bench.write(late(kept(START + 2100, 3)))
    assert bench.rows() == [(START, 20.5), (START + 1000, 20.5), (START + 2000, 20.5)]
    assert bench.store.repeated == 3


@pytest.mark.parametrize(
    "other",
    [
        kept(START + 1000, 2),
        kept(START + 1000, 1, boot=8),
        kept(START + 1000, 1 + CHUNK),
        kept(START + 1000, 1)._replace(receipt=receipt(1, identity="another")),
    ],
)
def test_what_is_another_reading(bench: Bench, other: Reading) -> None:
    """Of another number, boot, or device."""
    bench.write(kept(START, 1), late(other))
    assert bench.rows() == [(START, 20.5), (START + 1000, 20.5)]
    assert bench.store.repeated == 0


def test_each_sender_has_it_once(bench: Bench) -> None:
    """Two sensors of one channel, or two devices of one identity."""
    bench.write(kept(START, 1), late(kept(START, 1, sender="other")))
    bench.write(late(kept(START, 1, sender="other")))
    assert bench.rows("other") == bench.rows() == [(START, 20.5)]
    assert bench.store.repeated == 1


def test_numbers_that_begin_anew(bench: Bench) -> None:
    """Of a device that forgot its boots: what comes at once is new, and what is late after it as well."""
    bench.write(*(kept(START + n, n) for n in range(5)))
    bench.write(kept(START + DAY, 0), kept(START + DAY + 1, 1), late(kept(START + DAY + 3, 3)))
    assert [time - START for time, _ in bench.rows()] == [0, 1, 2, 3, 4, DAY, DAY + 1, DAY + 3]


def test_two_in_one_millisecond(bench: Bench) -> None:
    """A board that is asked when it has just reported: both count, also where one comes late, or each in a
    commit of its own."""
    bench.write(kept(START, 1, 20.0), kept(START, 4, 21.0))
    bench.write(late(kept(START, 2, 22.0)))
    bench.write(kept(START + 2, 5, 23.0))
    assert bench.rows() == [(START, 20.0), (START + 1, 21.0), (START + 2, 22.0), (START + 3, 23.0)]


def test_one_without_a_receipt(bench: Bench) -> None:
    """It is nobody's, so it comes as often as it comes; and nothing is noted."""
    mine = kept(START, 1)._replace(receipt=None)
    bench.write(mine, late(mine)._replace(time=START + 1))
    assert len(bench.rows()) == 2
    with closing(sqlite3.connect(bench.path)) as db:
        assert db.execute("SELECT count(*) FROM notes WHERE key > ?", (notes.LEDGER_FROM,)).fetchone() == (0,)


def test_what_failed_is_not_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that did not succeed has noted nothing either."""
    bad = Kept(BEFORE_ALL, "temp", "hot", "{}")
    with monkeypatch.context() as patch:
        patch.setattr("gateway.history.writing.Writing._event", lambda *_: 1 // 0)
        with pytest.raises(StoreError):
            bench.write(kept(START, 1), bad)
    bench.write(late(kept(START, 1)))
    assert bench.rows() == [(START, 20.5)]
    assert bench.store.repeated == 0


def noted(path: Path) -> list[str]:
    """The ledger's rows."""
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT text FROM notes WHERE key > ? ORDER BY key"
        return [text for (text,) in db.execute(query, (notes.LEDGER_FROM,))]


def test_the_ledger_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each device, and of all; the oldest go, in the file too."""
    monkeypatch.setattr(ledger_module, "MOST_OF_ONE", 3)
    monkeypatch.setattr(ledger_module, "MOST", 5)
    bench.write(*(kept(START + n, n * CHUNK) for n in range(5)))
    assert [text.split(",")[2] for text in noted(bench.path)] == ["2", "3", "4"]
    for number, name in enumerate("abc"):
        one = kept(START + 10 + number, 1)
        bench.write(one._replace(receipt=receipt(1, identity=name)))
    assert [text.split(",")[0] for text in noted(bench.path)] == [
        *[f'["{BOARD}"'] * 2,
        '["a"',
        '["b"',
        '["c"',
    ]
    bench.again()
    bench.write(late(kept(START, 0)), late(kept(START + 4, 4 * CHUNK)))
    assert bench.store.repeated == 1


def test_the_bound_holds_the_largest_ring() -> None:
    """That a hello can announce: it has five digits of 16 bits."""
    assert MOST_OF_ONE * CHUNK >= 65_535 + CHUNK


def test_a_damaged_row_of_the_ledger(bench: Bench) -> None:
    """What was noted in it may come twice, and nothing else is harmed."""
    bench.write(kept(START, 1), kept(START + 1, 1 + CHUNK))
    bench.store.close()
    with closing(sqlite3.connect(bench.path)) as db:
        query = "UPDATE notes SET text = '[' WHERE key = (SELECT max(key) FROM notes)"
        db.execute(query)
        db.commit()
    bench.store.open()
    bench.write(late(kept(START + 7, 1)), late(kept(START + 9, 1 + CHUNK)))
    assert [time - START for time, _ in bench.rows()] == [0, 1, 9]


def test_one_event_for_each(bench: Bench) -> None:
    """Who comes back has it as it was published, with its own number."""
    bench.write(kept(START, 4))
    bench.write(late(kept(START + MINUTE, 5), heard=START + HOUR))
    events = bench.archive.since(EventId(START + 3, -1), 9)
    assert events is not None
    assert [(event.event, event.id.ms) for event in events] == [
        ("#changed", START + 3),
        ("#late", START + HOUR),
    ]
    assert ['"seq":4' in events[0].data, '"seq":5' in events[1].data] == [True, True]


def test_before_what_is_kept(tmp_path: Path) -> None:
    """Older than `keep`: not stored; a moment younger, it is."""
    bench = Bench(tmp_path / "history.db", keep_ms=DAY)
    now = START + 9 * DAY
    bench.write(late(kept(now - DAY - 1, 1)), late(kept(now - DAY, 2)), kept(now - 3 * DAY, 3), alive=now)
    assert bench.rows() == [(now - 3 * DAY, 20.5), (now - DAY, 20.5)]
    bench.close()


def test_while_the_clock_is_not_set(bench: Bench) -> None:
    """It waits for its time like any other, counts once, and is late still."""
    first = late(kept(5000, 1))
    bench.write(Untimed("boot", 5000, 9000, first))
    bench.again()
    bench.write(Untimed("boot", 5100, 9900, first))
    bench.store.settle("boot", START)
    assert bench.rows() == [(START + 5000, 20.5)]
    events = bench.archive.since(EventId(START, 0), 9)
    assert events is not None
    assert [event.event for event in events] == ["#late"]


GAP = Mark("temp", START + 10_000, "not connected")
BEFORE, AFTER = kept(START, 1, 20.0), kept(START + 60_000, 9, 21.0)


@pytest.mark.parametrize("order", list(itertools.permutations([2, 3, 4])))
def test_a_gap_ends_where_it_was_heard_first(bench: Bench, order: Sequence[int]) -> None:
    """Whichever late reading comes first, and whether it is sealed by then or not."""
    bench.write(BEFORE, GAP, AFTER)
    for number in order:
        bench.write(late(kept(START + 10_000 + number * 1000, number)))
        bench.maintain(START + 3 * DAY)
    assert bench.gaps() == [Gap(START + 10_000, START + 12_000, "not connected")]


def test_a_gap_that_lasts(bench: Bench) -> None:
    """Late readings before the first that comes at once end it, too."""
    bench.write(BEFORE, GAP)
    bench.write(late(kept(START + 12_000, 2)), late(kept(START + 11_000, 3)))
    assert bench.gaps() == [Gap(START + 10_000, START + 11_000, "not connected")]


def test_what_is_missing_is_a_gap(bench: Bench) -> None:
    """From the first that was lost to the next that was not, also where that has come already."""
    bench.write(BEFORE, AFTER, Mark("temp", START + 5000, "overwritten"), late(kept(START + 9000, 5)))
    assert bench.gaps() == [Gap(START + 5000, START + 9000, "overwritten")]


def test_the_value_goes_on_into_later_days(bench: Bench) -> None:
    """A gap over days that ends earlier: what a later day's roll-up begins with is known now, also where the
    late reading has the value of the one before."""
    one = START + 30 * MINUTE
    mark = Mark("temp", START + HOUR, "not connected")
    after = kept(START + 2 * DAY + 12 * HOUR + 30 * MINUTE, 9, 30.0)
    bench.write(kept(one, 1, 20.0), mark, after)
    bench.maintain(START + 5 * DAY)
    since, until = START + 2 * DAY, START + 3 * DAY
    assert bench.points(since, until, 2)[0].readings == 1
    bench.write(late(kept(START + 5 * HOUR, 2, 20.0)))
    for step in ("as it stands", "sealed"):
        found = bench.points(START, START + 3 * DAY, 1)
        assert (found[0].min, found[0].readings) == (20.0, 3), step
        assert sum(each.covered for each in found) == 3 * DAY - 30 * MINUTE - 4 * HOUR, step
        bench.maintain(START + 6 * DAY)


def with_one_between(marks: list[int], times: list[int]) -> list[int]:
    """Of two marks without a reading between, the first alone: the other is in a gap already."""
    found: list[int] = []
    for mark in sorted(marks):
        if not found or any(found[-1] < time <= mark for time in times):
            found.append(mark)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_as_if_it_had_come_in_time(tmp_path: Path, seed: int) -> None:
    """A week with pulled cables, whose readings come late, some hours or days later, in any order, with days
    sealed between: readings, gaps and charts are those of a file into which all came in its order."""
    chance = random.Random(seed)
    times = sorted(START + n * HOUR + chance.randrange(HOUR) for n in range(7 * 24) if chance.random() < 0.7)
    values = {time: chance.choice([20.0, 21.0, 20.0, 25.5]) for time in times}
    marks = [START + chance.randrange(7 * DAY) for _ in range(8)]
    items = [kept(time, number, values[time]) for number, time in enumerate(times)]
    late_ones = [item for item in items if chance.random() < 0.5]
    marks = with_one_between(marks, [item.time for item in items if item not in late_ones])
    pulled = [Mark("temp", at, "pulled") for at in marks]
    told: list[Reading | Mark] = [item for item in items if item not in late_ones]
    whole, parts = Bench(tmp_path / "whole.db"), Bench(tmp_path / "parts.db")
    both: list[Reading | Mark] = [*items, *pulled]
    whole.write(*sorted(both, key=lambda each: each.time))
    whole.maintain(START + 20 * DAY)
    parts.write(*sorted([*told, *pulled], key=lambda each: each.time))
    parts.maintain(START + 8 * DAY)
    chance.shuffle(late_ones)
    for number, item in enumerate(late_ones):
        parts.write(late(item))
        if chance.random() < 0.2:
            parts.maintain(START + 9 * DAY + number * 2 * HOUR)
    for _ in range(2):
        assert parts.rows() == whole.rows()
        assert parts.gaps() == whole.gaps()
        for since, until, points in ((0, 7, 7), (0, 7, 14), (1, 3, 48), (2, 7, 300), (5, 6, 24)):
            chart = START + since * DAY, START + until * DAY, points
            found, wanted = parts.points(*chart), whole.points(*chart)
            assert [each._replace(mean=0) for each in found] == [each._replace(mean=0) for each in wanted]
            means = [each.mean for each in wanted]
            assert [each.mean for each in found] == pytest.approx(means, abs=1e-6)
        parts.maintain(START + 20 * DAY)
    whole.close()
    parts.close()
