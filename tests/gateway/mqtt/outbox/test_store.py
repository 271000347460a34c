"""The store: its bounds, its gaps, a full disk, kill -9."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.loss import Loss
from gateway.mqtt.outbox.events_table import FULL, OLD, Bounds, Row
from gateway.mqtt.outbox.schema import SCHEMA
from gateway.mqtt.outbox.store import Store
from gateway.storage.checksum import row_crc
from gateway.storage.schema import StoreError
from gateway.written import by_this_thread
from tests.support.examples import examples
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine, StagedClock

ROOT = Path(__file__).parents[3]
ROOMY = Bounds(100_000, 100_000_000, 7 * 86400.0)


@pytest.fixture
def clock() -> StagedClock:
    return StagedClock()


@pytest.fixture
def opened(tmp_path: Path, clock: StagedClock) -> Iterator[Any]:
    """Opens stores on one file, one after the other."""
    stores: list[Store] = []

    def open_it(bounds: Bounds = ROOMY) -> Store:
        for store in stores:
            store.close()
        uids = iter(f"g{number}" for number in range(1000))
        store = Store(tmp_path / "mqtt.db", bounds, lambda: next(uids), clock)
        stores.append(store)
        store.open()
        return store

    yield open_it
    for store in stores:
        store.close()


def rows(
    store: Store, count: int, sender: str = "temp", utc: float = START_UTC, head: str = "{"
) -> list[Row]:
    first = store.next_id
    return [Row(first + i, utc + i, sender, "#changed", f"u-{first + i}", head) for i in range(count)]


def put(store: Store, *new: Row) -> None:
    store.write(new, (), {})


def test_survives_closing(opened: Any) -> None:
    """Rows, their sizes and their numbers are there again."""
    store = opened()
    put(store, *rows(store, 5))
    store.write((), [2, 4], {})
    before = store.rows, store.size, store.next_id
    again = opened()
    assert (again.rows, again.size, again.next_id) == before == (3, before[1], 6)
    assert [row.id for row in again.after(0, 10)] == [1, 3, 5]
    assert sum(row.size for row in again.after(0, 10)) == again.size


def test_numbers_ascend_though_all_is_gone(opened: Any) -> None:
    """An id is never used twice while the gateway runs."""
    store = opened()
    put(store, *rows(store, 3))
    store.write((), [1, 2, 3], {})
    put(store, *rows(store, 1))
    assert [row.id for row in store.after(0, 10)] == [4]


def test_oldest_go_first(opened: Any) -> None:
    """By rows: a gap for each sender says from when to when how many went."""
    store = opened(Bounds(10, 10**9, 1e9))
    put(store, *rows(store, 4, "temp"), *[row._replace(id=row.id + 4) for row in rows(store, 4, "hum")])
    put(store, *rows(store, 8, "light"))
    assert store.rows == 10
    assert store.lost == 6
    assert [(gap.sender, gap.lost, gap.last - gap.first, gap.reason) for gap in store.gaps(0, 10)] == [
        ("hum", 2, 1.0, FULL),
        ("temp", 4, 3.0, FULL),
    ]


def test_bound_by_size(opened: Any) -> None:
    """However long the messages are."""
    store = opened(Bounds(10**6, 10_000, 1e9))
    for _ in range(20):
        put(store, *rows(store, 7, head="x" * 300))
        assert store.size <= 10_000
    assert store.rows + store.lost == 140
    assert sum(gap.lost for gap in store.gaps(0, 10)) == store.lost


def noted(store: Store, count: int, *, known: bool = True) -> list[Row]:
    """Triggered one a second until now, by the store's clock."""
    clock, first = store.clock, store.next_id
    now, boot = clock.monotonic(), clock.boot
    utc = clock.utc()
    return [
        Row(first + i, utc - ago, "temp", "#changed", f"u-{first + i}", "{", boot, now - ago, known)
        for i, ago in enumerate(range(count - 1, -1, -1))
    ]


def test_bound_by_age(opened: Any, clock: StagedClock) -> None:
    """What has waited for longer goes, and a gap tells from when to when."""
    store = opened(Bounds(10**6, 10**9, 3600.0))
    put(store, *noted(store, 5))
    clock.advance(3597.5)
    put(store)
    assert [row.id for row in store.after(0, 10)] == [3, 4, 5]
    (gap,) = store.gaps(0, 10)
    assert (gap.lost, gap.reason) == (2, OLD)
    assert (gap.first, gap.last, gap.boot) == (START_UTC - 4, START_UTC - 3, clock.boot)
    assert gap.last - gap.at == clock.utc() - clock.monotonic()


@pytest.mark.parametrize("days", [8, 60, 365.25 * 55, -30, 30])
@pytest.mark.parametrize("known", [False, True])
def test_a_clock_that_is_set_makes_nothing_older(
    opened: Any, clock: StagedClock, days: float, known: bool
) -> None:
    """Within a boot the time that has passed counts, and nothing else, also after a restart."""
    store = opened(Bounds(10**6, 10**9, 7 * 86400.0))
    put(store, *noted(store, 38, known=known))
    clock.set_wall(clock.machine.wall() + days * 86400)
    for _ in range(2):
        clock.advance(60)
        put(store)
        assert (store.rows, store.lost) == (38, 0)
        store = opened(Bounds(10**6, 10**9, 7 * 86400.0))
    clock.advance(7 * 86400)
    put(store)
    assert store.rows == 0


def test_gaps_of_two_clocks_are_two(tmp_path: Path) -> None:
    """The times of each can be corrected as one; what is of one clock is one gap."""
    machine = FakeMachine()
    machine.client = "ntpd"
    clock = StagedClock(machine)
    store = Store(tmp_path / "mqtt.db", ROOMY, iter("abcdef").__next__, clock)

    def lose(count: int) -> None:
        at = clock.monotonic()
        utc, unset = clock.stamp(at)
        store.write((), (), {("temp", "no room"): Loss.of(utc, at, known=not unset).times(count)})
        clock.advance(5)

    lose(1)
    lose(2)
    clock.set_wall(clock.machine.wall() + 8 * 86400)
    lose(3)
    clock.machine.client = None
    clock.look()
    lose(4)
    lose(5)
    told = [(gap.lost, gap.known, gap.last - gap.first) for gap in store.gaps(0, 10)]
    assert told == [(3, False, 5), (3, False, 0), (9, True, 5)]
    assert {gap.boot for gap in store.gaps(0, 10)} == {clock.boot}
    store.close()


def test_what_is_dropped_is_told_by_its_own_clock(opened: Any, clock: StagedClock) -> None:
    """Rows of two boots, and of a clock that was not believed, are in gaps of their own."""
    store = opened(Bounds(2, 10**9, 1e9))
    old = [row._replace(boot="boot-0", time=row.time - 1e6) for row in noted(store, 2)]
    put(store, *old)
    put(store, *noted(store, 2, known=False))
    put(store, *noted(store, 2))
    put(store, *noted(store, 2))
    told = [(gap.boot, gap.known, gap.lost, gap.reason) for gap in store.gaps(0, 10)]
    assert told == [
        ("boot-0", True, 2, FULL),
        (clock.boot, False, 2, FULL),
        (clock.boot, True, 2, FULL),
    ]


def test_what_a_file_says_of_the_clock(opened: Any, clock: StagedClock) -> None:
    """Its newest believed event contradicts a clock that is earlier, and corrects the others of its boot."""
    store = opened()
    ahead = clock.utc() + 3600
    put(store, Row(1, 5.0, "temp", "#changed", "u-1", "{", "boot-0", 40.0, known=False))
    put(store, Row(2, ahead - 10, "temp", "#changed", "u-2", "{", "boot-0", 50.0, known=True))
    put(store, Row(3, ahead, "temp", "#changed", "u-3", "{", "boot-0", 60.0, known=True))
    put(store, Row(4, 7.0, "temp", "#changed", "u-4", "{", "boot-1", 50.0, known=False))
    clock.look()
    assert clock.status()["believed"], "it was not opened anew"
    opened()
    clock.look()
    assert not clock.status()["believed"]
    assert clock.noted("boot-0", 40.0, 5.0, known=False) == (ahead - 20, False)
    assert clock.noted("boot-1", 50.0, 7.0, known=False) == (7.0, True)


@pytest.mark.parametrize("ahead_s", [730 * 86400.0, 3 * 86400.0])
def test_no_row_that_is_stamped_ahead_lives_for_ever(opened: Any, clock: StagedClock, ahead_s: float) -> None:
    """It goes after its time from when it was found, also over restarts, and whatever it says of itself."""
    day = 86400.0
    store = opened(Bounds(10**6, 10**9, 7 * day))
    clock.machine.kept = True  # so the row does not make the clock doubtful
    clock.look()
    put(store, Row(1, clock.utc() + ahead_s, "temp", "#changed", "u", "{", "boot-0", 5.0, known=True))
    for _ in range(6):
        clock.advance(day)
        store = opened(Bounds(10**6, 10**9, 7 * day))
        put(store)
        assert store.rows == 1
    clock.advance(2 * day + 1)
    put(store)
    assert store.rows == 0


def test_a_gap_on_its_way_does_not_grow(opened: Any) -> None:
    """Its id stands for one message; what is dropped later is another gap."""
    store = opened(Bounds(2, 10**9, 1e9))
    put(store, *rows(store, 4))
    (first,) = store.gaps(0, 10)
    put(store, *rows(store, 3))
    assert [(gap.uid, gap.lost) for gap in store.gaps(0, 10)] == [(first.uid, 2), ("g1", 3)]
    store.write((), (), {}, done_gaps=[first.id])
    assert [gap.uid for gap in store.gaps(0, 10)] == ["g1"]
    assert [gap.uid for gap in opened().gaps(0, 10)] == ["g1"]


def test_another_file_in_its_place(opened: Any, tmp_path: Path) -> None:
    """Somebody restores a backup: ids that the caller knows from before are not those of its rows."""
    backup = Store(tmp_path / "backup.db", ROOMY, lambda: "g")
    backup.open()
    put(backup, rows(backup, 1)[0]._replace(uid="restored"))
    backup.close()
    store = opened()
    put(store, *rows(store, 2))
    times = store.opened_times
    (tmp_path / "backup.db").replace(tmp_path / "mqtt.db")
    written = store.write([Row(0, START_UTC, "temp", "#changed", "new", "{")], [1, 2], {}, opened=times)
    assert store.opened_times == times + 1
    found = store.after(0, 10)
    assert {row.uid for row in found} == {"restored", "u-1", "u-2", "new"}
    assert found[-1].id == written.first
    assert store.rows == 4


def test_losses_of_the_caller(opened: Any) -> None:
    """They become gaps too."""
    store = opened()
    loss = Loss(START_UTC, START_UTC + 9, 4)
    store.write((), (), {("temp", "no room"): loss})
    store.write((), (), {("temp", "no room"): loss})
    (gap,) = store.gaps(0, 10)
    assert gap[1:] == ("temp", "g0", START_UTC, START_UTC + 9, 8, "no room", "", 0.0, True)


def test_retained(opened: Any) -> None:
    """By kind; None forgets."""
    store = opened()
    store.note_retained("topic", {"a": "1", "b": "2"})
    store.note_retained("discovery", {"c": "3"})
    store.note_retained("topic", {"a": None, "b": "4"})
    assert opened().retained("topic") == {"b": "4"}


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 200), st.sets(st.integers(1, 40))), max_size=8))
@settings(max_examples=examples(50), deadline=None)
def test_bounds_hold_whatever_comes(tmp_path_factory: Any, steps: list[tuple[int, int, set[int]]]) -> None:
    """The counts are those of the file, the bounds hold, and every row is there, forgotten, or in a gap."""
    store = Store(tmp_path_factory.mktemp("store") / "mqtt.db", Bounds(12, 2000, 1e9), lambda: "g")
    store.open()
    forgotten: set[int] = set()
    made = 0
    for count, length, done in steps:
        there = {row.id for row in store.after(0, 100)}
        forgotten |= done & there
        made += count
        store.write(rows(store, count, head="x" * length), done, {})
        left = store.after(0, 100)
        assert store.rows == len(left) <= 12
        assert store.size == sum(row.size for row in left) <= 2000
        assert made == len(left) + len(forgotten) + sum(gap.lost for gap in store.gaps(0, 100))
    store.close()


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A reason, not a crash."""
    with pytest.raises(StoreError, match="unable to open database file"):
        Store(tmp_path / "nowhere" / "mqtt.db", ROOMY, lambda: "g").open()


def test_a_full_disk(opened: Any, tmp_path: Path) -> None:
    """What does not fit is refused whole, what was there stays, and when there is room it goes on."""
    store = opened()
    put(store, *rows(store, 10))
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        with pytest.raises(StoreError, match="disk"):
            put(store, *rows(store, 5000, head="x" * 200))
        assert store.rows == 10
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert [row.id for row in store.after(0, 100)] == list(range(1, 11))
    put(store, *rows(store, 5000, head="x" * 200))
    assert store.rows == 5010


def test_a_disk_that_is_proved(opened: Any) -> None:
    """Nothing is changed by it; and it fails where there is no room."""
    store = opened()
    put(store, *rows(store, 10))
    store.prove()
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        with pytest.raises(StoreError, match="disk"):
            store.prove()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    store.prove()
    assert [row.id for row in opened().after(0, 100)] == list(range(1, 11))


def test_a_disk_that_is_full_at_the_first_start(
    opened: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What could not be filled is not there: the next start does not take it for a file that has lost all."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        with pytest.raises(StoreError, match="disk"):
            opened()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []
    opened()
    assert caplog.messages == []


WRITER = """
import sys
from pathlib import Path
from gateway.mqtt.outbox.events_table import Bounds, Row
from gateway.mqtt.outbox.store import Store
store = Store(Path(sys.argv[1]), Bounds(100_000, 10**9, 1e9), lambda: "g")
store.open()
while True:
    first = store.next_id
    new = [Row(first + i, 2e9, "temp", "#changed", f"u-{first + i}", "x" * 100) for i in range(50)]
    store.write(new, (), {})
    print(store.next_id - 1, flush=True)
"""


def test_kill_9_while_it_writes(tmp_path: Path) -> None:
    """Time and again: what was committed is there, transactions are whole, the file is not damaged."""
    path = tmp_path / "mqtt.db"
    environ = os.environ | {
        "PYTHONPATH": str(ROOT),
        "COVERAGE_PROCESS_START": "",
        "COVERAGE_PROCESS_CONFIG": "",
    }
    said = 0
    for kill_after in (1, 3, 10, 30, 60):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, env=environ
        )
        assert writer.stdout is not None
        for _ in range(kill_after):
            said = int(writer.stdout.readline())
        writer.kill()
        said = max([said, *(int(line) for line in writer.stdout.read().splitlines())])
        writer.wait()
        writer.stdout.close()
        store = Store(path, Bounds(100_000, 10**9, 1e9), lambda: "g")
        store.open()
        assert said <= store.rows <= said + 50
        assert store.rows % 50 == 0
        assert [row.id for row in store.after(0, 100_000)] == list(range(1, store.rows + 1))
        said = store.rows
        store.close()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_bytes_on_disk(opened: Any, tmp_path: Path) -> None:
    """A day of outage in a bounded file: its size stays near the bound."""
    store = opened(Bounds(10**6, 2_000_000, 1e9))
    for _ in range(300):
        put(store, *rows(store, 100, head="x" * 150))
    used = sum(path.stat().st_size for path in tmp_path.glob("mqtt.db*"))
    assert store.lost > 15_000
    assert used < 2_000_000 * 1.3 + 1_500_000, used


def test_rows_of_the_first_version(tmp_path: Path) -> None:
    """Are carried over, with nothing known of their boot, and a checksum of what they say."""
    first = SCHEMA.scripts[0].read_text()
    with closing(sqlite3.connect(tmp_path / "mqtt.db")) as db:
        db.executescript(f"{first}; PRAGMA user_version = 1")
        db.execute("INSERT INTO events VALUES (3, 1795329000.25, 'Büro', '#changed', 'u-3', '{\"value\":1')")
        db.execute("INSERT INTO gaps VALUES (1, 'temp', 'g', 1e9, 2e9, 3, 'full')")
        db.execute("INSERT INTO retained VALUES ('a/b', 'topic', '')")
        db.commit()
    store = Store(tmp_path / "mqtt.db", ROOMY, lambda: "g")
    store.open()
    row = Row(3, 1795329000.25, "Büro", "#changed", "u-3", '{"value":1', "", 0.0, known=True)
    assert store.after(0, 10) == [row]
    store.close()
    with closing(sqlite3.connect(tmp_path / "mqtt.db")) as db:
        assert db.execute("SELECT crc FROM events").fetchall() == [(row.crc,)]
        gap = row_crc("temp", "g", 1e9, 2e9, 3, "full", "", 0.0, 1)
        assert db.execute("SELECT crc FROM gaps").fetchall() == [(gap,)]
        assert db.execute("SELECT crc FROM retained").fetchall() == [(row_crc("a/b", "topic", ""),)]


def test_when_it_was_triggered_is_kept(opened: Any) -> None:
    """The boot, its clock, and whether the wall clock was believed."""
    store = opened()
    new = Row(1, START_UTC, "temp", "#changed", "u", "{", "0f3a-boot", 12.5, known=False)
    put(store, new)
    (found,) = opened().after(0, 10)
    assert found == new
    assert found.known is False


def test_what_was_lost_by_sender(opened: Any) -> None:
    """Those that found no room, once they are not there any more; a write that fails has lost nothing."""
    store = opened(Bounds(4, 100_000_000, 86400.0))
    store.write([*rows(store, 3), *rows(store, 3, "light")], [], {})
    assert store.lost_of.counts() == {"temp": 2}
    assert store.lost == 2
    with pytest.raises(StoreError):
        store.write([row._replace(head=object()) for row in rows(store, 1)], [], {})  # type: ignore[arg-type]
    assert store.lost_of.counts() == {"temp": 2}


def test_bytes_that_are_written(opened: Any) -> None:
    """They grow with what is written, where the system tells."""
    store = opened()
    before = store.written
    store.write(rows(store, 200, head="x" * 200), [], {})
    if by_this_thread() is None:
        assert store.written is None
    else:
        assert before is not None
        grown = store.written - before
        assert grown == 0 or grown > 40_000  # none where the file is in memory
