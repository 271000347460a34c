"""Rows that are not what was written: never published, deleted, in a gap, and said once."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.loss import Loss
from gateway.mqtt.outbox.backlog import RETRY_S
from gateway.mqtt.outbox.events_table import FULL, Bounds, Row
from gateway.mqtt.outbox.sieve import DAMAGED, Sieve
from gateway.mqtt.outbox.store import Store
from gateway.storage.database import Database
from gateway.storage.schema import StoreError
from tests.gateway.mqtt.outbox.test_outbox import Bench, told
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine, StagedClock

ROOMY = Bounds(100_000, 100_000_000, 1e9)
NOW = START_UTC + 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mqtt.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Any]:
    """Opens stores on one file, one after the other."""
    with contextlib.ExitStack() as stack:
        stores: list[Store] = []

        def open_it(bounds: Bounds = ROOMY) -> Store:
            for store in stores:
                store.close()
            uids = iter(f"g{len(stores)}-{number}" for number in range(1000))
            store = Store(path, bounds, lambda: next(uids), StagedClock(FakeMachine(NOW)))
            stores.append(store)
            stack.callback(store.close)
            store.open()
            return store

        yield open_it


def put(store: Store, *senders: str) -> None:
    first = store.next_id
    new = [
        Row(0, START_UTC + number, sender, "#changed", f"u-{number}", "{")
        for number, sender in enumerate(senders, first)
    ]
    store.write(new, (), {})


def edit(path: Path, sql: str) -> None:
    """What a card does, as far as SQL can say it: the checksum stays."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(sql)


def gaps(store: Store) -> list[tuple[str, int, float, float, str]]:
    return [
        (gap.sender, gap.lost, gap.first - START_UTC, gap.last - START_UTC, gap.reason)
        for gap in store.gaps(0, 100)
    ]


CHANGES = {
    "value": "head = '{x'",
    "time": "time = 2e9",
    "no time": "time = 'noon'",
    "event": "event = '#stale'",
    "uid": "uid = 'another'",
    "no text": "head = CAST(x'ff80' AS TEXT)",
    "blob": "head = CAST(head AS BLOB)",
    "boot": "boot = 'x'",
    "at": "at = 5.5",
    "known": "known = 0",
    "checksum": "crc = crc + 1",
    "sender": "sender = 'tfmp'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_bad_row_is_a_gap(opened: Any, path: Path, change: str, caplog: pytest.LogCaptureFixture) -> None:
    """Between its neighbours' times, its own being as good as none; the sender's, if another has its name."""
    store = opened()
    put(store, "temp", "temp", "temp", "hum")
    size = store.size
    store.close()
    edit(path, f"UPDATE events SET {CHANGES[change]} WHERE id = 2")  # noqa: S608 - our own text
    store = opened()
    assert [row.id for row in store.after(0, 10)] == [1, 3, 4]
    assert gaps(store) == [("" if change == "sender" else "temp", 1, 1.0, 3.0, DAMAGED)]
    assert (store.rows, store.damaged) == (3, 1)
    assert store.lost_of.counts() == {"" if change == "sender" else "temp": 1}
    assert store.size < size
    assert caplog.text.count("are not what was written") == 1
    assert str(path) in caplog.text
    caplog.clear()
    again = opened()
    assert (again.rows, again.damaged, again.size) == (3, 0, store.size)
    assert len(gaps(again)) == 1
    assert caplog.text == ""


@pytest.mark.parametrize("count", [3, 250])
def test_nothing_but_bad_rows(opened: Any, path: Path, count: int) -> None:
    """Whole pages of them are passed over, and told of as of now, as nobody knows better."""
    store = opened()
    put(store, *["temp"] * count)
    store.close()
    edit(path, "UPDATE events SET head = 'x'")
    store = opened()
    assert store.after(0, 100) == []
    assert gaps(store) == [("", count, 1000.0, 1000.0, DAMAGED)]
    assert (store.rows, store.size) == (0, 0)


def test_bad_rows_among_those_that_go(opened: Any, path: Path) -> None:
    """When the outbox is full, a false name or time must not get into the gap either."""
    store = opened()
    put(store, "temp", "temp", "hum", "hum", "hum", "hum")
    store.close()
    edit(path, "UPDATE events SET sender = 'tfmp', time = 5.0 WHERE id = 2")
    store = opened(ROOMY._replace(rows=2))
    store.write((), (), {})
    assert sorted(gaps(store)) == [
        ("", 1, 1.0, 3.0, DAMAGED),
        ("hum", 2, 3.0, 4.0, FULL),
        ("temp", 1, 1.0, 1.0, FULL),
    ]
    assert store.rows == 2


def test_a_bad_gap_and_a_bad_note(opened: Any, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A count that nobody can believe is not told; a topic that nobody noted is not removed."""
    store = opened()
    store.write(
        (),
        (),
        {("temp", "full"): Loss(START_UTC, START_UTC, 7), ("hum", "full"): Loss(START_UTC, START_UTC, 3)},
    )
    store.note_retained("topic", {"a": "", "b": ""})
    store.close()
    edit(path, "UPDATE gaps SET count = 7777 WHERE sender = 'temp'")
    edit(path, "UPDATE retained SET topic = 'c' WHERE topic = 'a'")
    store = opened()
    assert gaps(store) == [("hum", 3, 0.0, 0.0, "full"), ("", 1, 1000.0, 1000.0, DAMAGED)]
    assert store.retained("topic") == {"b": ""}
    assert caplog.text.count(f"{path}: ") == 1
    caplog.clear()
    assert len(gaps(opened())) == 2
    assert caplog.text == ""


def test_a_note_whose_topic_is_no_text(opened: Any, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A flipped bit is enough for that. It goes as the others do, and the next start has nothing to tell."""
    store = opened()
    store.note_retained("topic", {"a": "", "b": ""})
    store.close()
    edit(path, "UPDATE retained SET topic = CAST(x'e1' AS TEXT) WHERE topic = 'a'")
    assert opened().retained("topic") == {"b": ""}
    assert len(caplog.messages) == 1
    caplog.clear()
    assert opened().retained("topic") == {"b": ""}
    assert caplog.messages == []


@pytest.mark.parametrize("table", ["gaps", "retained"])
def test_what_goes_bad_while_it_is_open(opened: Any, table: str) -> None:
    """The same, at the next look."""
    store = opened()
    store.write((), (), {("temp", "full"): Loss(START_UTC, START_UTC, 7)})
    store.note_retained("topic", {"a": ""})
    column = "reason" if table == "gaps" else "parts"
    store._database.write(lambda db: db.execute(f"UPDATE {table} SET {column} = 'x'"))  # noqa: S608 - ours
    if table == "gaps":
        assert gaps(store) == []
        assert [gap[:2] for gap in gaps(store)] == []
        store.after(0, 10)
        assert [gap[:2] for gap in gaps(store)] == [("", 1)]
    else:
        assert store.retained("topic") == {}


def test_rows_that_vanish_while_it_is_open(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A page that says it holds fewer: they are missed when all have been read."""
    store = opened()
    put(store, "temp", "temp", "temp")
    store._database.write(lambda db: db.execute("DELETE FROM events WHERE id < 3"))
    assert [row.id for row in store.after(0, 10)] == [3]
    assert store.after(3, 10) == []
    assert [gap[:2] for gap in gaps(store)] == [("", 2)]
    assert "2 events are not there any more" in caplog.text
    assert store.rows == 1
    assert store.after(3, 10) == []
    assert [gap[:2] for gap in gaps(store)] == [("", 2)]


def test_a_disk_that_is_full_too(opened: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then they are only left out, once, and the gap comes with the next write that succeeds."""
    store = opened()
    put(store, "temp", "temp", "temp")
    store.close()
    edit(path, "UPDATE events SET head = 'x' WHERE id = 2")

    def refuse(*_: object) -> None:
        raise StoreError("database or disk is full")

    store = opened()
    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", refuse)
        for _ in range(3):
            assert [row.id for row in store.after(0, 10)] == [1, 3]
        assert gaps(store) == []
    assert store.damaged == 1
    assert store.write((), (), {}).damaged
    assert gaps(store) == [("temp", 1, 1.0, 3.0, DAMAGED)]
    assert not store.write((), (), {}).damaged


def test_another_file_has_other_rows(opened: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was to be deleted of the one before is not deleted of it."""
    store = opened()
    put(store, "temp", "temp", "temp")
    store.close()
    path.rename(path.with_name("good.db"))
    store = opened()
    put(store, "temp", "temp", "temp")
    store._database.write(lambda db: db.execute("UPDATE events SET head = 'x' WHERE id = 2"))

    def refuse(*_: object) -> None:
        raise StoreError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", refuse)
        assert len(store.after(0, 10)) == 2
    store.close()
    path.with_name("good.db").rename(path)
    store.open()
    assert [row.id for row in store.after(0, 10)] == [1, 2, 3]
    assert [gap[:2] for gap in gaps(store)] == [("temp", 1)]


@pytest.mark.parametrize("page", [2, 100])
def test_the_gap_goes_out_behind_the_others(
    tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a backlog whose last rows are bad, be they read with others or by themselves."""
    monkeypatch.setattr("gateway.mqtt.outbox.backlog.PAGE", page)
    bench = Bench(tmp_path)
    bench.trigger(count=4)
    bench.wait(1.0)
    bench.store.close()
    edit(tmp_path / "mqtt.db", "UPDATE events SET head = 'x' WHERE id > 2")
    bench.start("b")
    bench.outbox.up(20)
    gap = "gap temp 2" if page > 2 else "gap  2"  # nothing that was read with them knows the name
    assert bench.deliver() == ["a-1 late", "a-2 late", gap]
    assert bench.outbox.lost == 2
    bench.wait(2.0)
    assert len(bench.outbox) == bench.store.rows == 0
    bench.store.close()


def test_a_gap_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes out once it can, without another connection."""
    bench = Bench(tmp_path)
    bench.trigger(count=4)
    bench.wait(1.0)
    bench.store.close()
    edit(tmp_path / "mqtt.db", "UPDATE events SET head = 'x' WHERE id > 2")
    bench.start("b")
    bench.outbox.up(20)

    def refuse(*_: object) -> None:
        raise StoreError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", refuse)
        assert bench.deliver() == ["a-1 late", "a-2 late"]
        bench.wait(1.0)
    bench.wait(RETRY_S)
    assert bench.deliver() == ["gap temp 2"]
    bench.store.close()


def test_what_is_in_flight_is_not_lost_as_well(tmp_path: Path) -> None:
    """Its row goes bad while its message is on its way: it is delivered, or lost, never both."""
    bench = Bench(tmp_path)
    bench.trigger()
    bench.wait(1.0)
    bench.outbox.up(20)
    bench.trigger()
    (flying,) = bench.send(1)
    bench.wait(1.0)
    assert (told(flying), bench.store.rows) == ("a-2", 2)
    bench.store._database.write(lambda db: db.execute("UPDATE events SET head = 'x' WHERE id = 2"))
    assert bench.deliver() == ["a-1 late"]
    bench.outbox.acked(flying)
    bench.wait(2.0)
    assert (len(bench.outbox), bench.outbox.lost) == (0, 0)
    bench.store.close()


@pytest.mark.parametrize(("number", "first", "last"), [(50, 49.0, 51.0), (200, 199.0, 199.0), (2, 1.0, 3.0)])
def test_salvage_tells_what_is_gone(
    opened: Any, path: Path, number: int, first: float, last: float, caplog: pytest.LogCaptureFixture
) -> None:
    """By sender where that is known, and from when to when."""
    store = opened()
    put(store, *["temp", "hum"] * 100)
    store.close()
    data = bytearray(path.read_bytes())
    uid = f"u-{number}".encode()
    data[data.index(uid + b"{") + len(uid)] ^= 1  # its head
    path.write_bytes(data)
    edit(path, "ALTER TABLE gaps ADD COLUMN more")
    store = opened()
    assert len(store.after(0, 1000)) == 199
    assert gaps(store) == [("hum", 1, first, last, DAMAGED)]
    assert "199 rows could be read and are kept, 1 are lost" in caplog.text


def test_what_is_sound_in_an_earlier_page_is_not_lost(opened: Any, path: Path, tmp_path: Path) -> None:
    """The log has it as it was before: that is what was written."""
    store = opened()
    put(store, *["temp"] * 5)
    put(store, "temp")
    data = bytearray((tmp_path / "mqtt.db-wal").read_bytes())
    data[data.rindex(b"u-2{") + 3] ^= 1
    store.close()
    path.unlink()
    (tmp_path / "mqtt.db-wal").write_bytes(data)
    store = opened()
    assert [row.id for row in store.after(0, 10)] == [1, 2, 3, 4, 5, 6]
    assert gaps(store) == []


def values(number: int, sender: str, time: float, *, good: bool = True) -> tuple[Any, ...]:
    row = Row(number, time, sender, "#changed", f"u-{number}", "{")
    return (*row, row.crc + (not good))


def test_sieve() -> None:
    """Bad ones between good ones, before the first and behind the last."""
    sieve = Sieve(Loss.of(99.0))
    given = [
        values(1, "a", 5.0, good=False),
        values(2, "a", 10.0),
        values(3, "b", 11.0, good=False),
        values(4, "b", 12.0, good=False),
        values(5, "b", 13.0),
        values(6, "c", 14.0, good=False),
        (7, None, None, None, None, None, None, None, None, None),
    ]
    assert [sieve.take(one) for one in given] == [False, True, False, False, True, False, False]
    assert sieve.bad == [1, 3, 4, 6, 7]
    found = {name: (loss.first, loss.last, loss.count) for name, loss in sieve.losses().items()}
    assert found == {"a": (10.0, 10.0, 1), "b": (10.0, 13.0, 2), "": (13.0, 13.0, 2)}


def test_a_sieve_tells_by_its_neighbours_clock() -> None:
    """So that what is told of a bad row is corrected when theirs is, and marked until then."""
    sieve = Sieve(Loss.of(99.0))
    rows = [Row(n, 10.0 + n, "a", "#changed", f"u-{n}", "{", "boot-a", 50.0 + n, False) for n in (1, 2, 3)]
    taken = [sieve.take((*row, row.crc + (row.id == 2))) for row in rows]
    assert taken == [True, False, True]
    (loss,) = sieve.losses().values()
    assert (loss.first, loss.last, loss.count) == (11.0, 13.0, 1)
    assert (loss.boot, loss.at, loss.known) == ("boot-a", 53.0, False)


def test_many_false_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A noisy disk makes names up without end."""
    monkeypatch.setattr("gateway.mqtt.outbox.sieve.MOST_NAMES", 10)
    sieve = Sieve(Loss.of(99.0))
    for number in range(1, 100):
        sieve.take(values(number, f"s{number}", 1.0, good=False))
    assert len(sieve._pending) <= 11
    assert {name: loss.count for name, loss in sieve.losses().items()} == {"": 99}
