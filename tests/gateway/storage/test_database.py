"""The file: damage, what others do to it, mistakes of ours, and what is kept of it all."""

import ctypes
import gc
import logging
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.mqtt.home_assistant.memory import DISCOVERY
from gateway.mqtt.outbox.events_table import Bounds, Row
from gateway.mqtt.outbox.schema import JSON_KIND, SCHEMA
from gateway.mqtt.outbox.store import Store
from gateway.storage import salvage
from gateway.storage.checksum import row_crc
from gateway.storage.database import KEPT_ASIDE, RETRY_S, Database
from gateway.storage.salvage import CHUNK_CHARS, CHUNK_ROWS, Salvaged
from gateway.storage.schema import StoreError
from tests.support.fake_clock import START_UTC, FakeClock

ROOT = Path(__file__).parents[3]
ROOMY = Bounds(100_000, 100_000_000, 1e9)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mqtt.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Any]:
    """Opens stores on one file, one after the other."""
    stores: list[Store] = []

    def open_it() -> Store:
        for store in stores:
            store.close()
        store = Store(path, ROOMY, lambda: f"g{len(stores)}")
        stores.append(store)
        store.open()
        return store

    yield open_it
    for store in stores:
        store.close()


@pytest.fixture
def file(path: Path) -> Iterator[Database]:
    """The file by itself, open."""
    file = Database(path, SCHEMA, lambda *_: None)
    file.open()
    yield file
    file.close()


def rows(store: Store, count: int, head: str = "{") -> list[Row]:
    first = store.next_id
    return [Row(first + i, START_UTC + i, "temp", "#changed", f"u-{first + i}", head) for i in range(count)]


def put(store: Store, *new: Row) -> None:
    store.write(new, (), {})


def add(file: Database, *ids: int, head: str = "{") -> None:
    events = [stored(number, head=head) for number in ids]
    file.write(lambda db: db.executemany(INSERT, events))


INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def stored(number: int, uid: str = "", head: str = "{") -> tuple[Any, ...]:
    """An event as it stands in the file."""
    row = Row(number, 2e9, "temp", "#changed", uid or f"u-{number}", head)
    return (*row, row.crc)


def ids(file: Database) -> list[int]:
    return file.read(lambda db: [row[0] for row in db.execute("SELECT id FROM events ORDER BY id")])


def execute(sql: str, *values: Any) -> Callable[[sqlite3.Connection], Any]:
    return lambda db: db.execute(sql, values).fetchall()


def edit(path: Path, sql: str) -> None:
    """Another program's doing."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sql)


def aside(path: Path) -> list[Path]:
    return [found for found in path.parent.glob("mqtt.db.damaged-*") if not found.name.endswith("-wal")]


def unkept(db: sqlite3.Connection) -> None:
    """SQLite refuses to roll back from now on."""
    denied = (sqlite3.SQLITE_TRANSACTION, "ROLLBACK")
    db.set_authorizer(lambda *what: sqlite3.SQLITE_DENY if what[:2] == denied else sqlite3.SQLITE_OK)


# Damage


@pytest.mark.parametrize("place", ["header", "pages", "text", "empty", "wal"])
def test_a_damaged_file_is_set_aside(
    opened: Any, path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A new one is begun, with what can be read of the old; the log says so; the store goes on."""
    store = opened()
    put(store, *rows(store, 2000, head="x" * 100))
    store.close()
    data = bytearray(path.read_bytes())
    if place == "header":
        data[:100] = os.urandom(100)
    elif place == "pages":
        data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    elif place == "text":
        data = bytearray(b"this is not a database, it is a letter to my aunt. " * 100)
    elif place == "empty":
        data = bytearray()
    if place == "wal":
        path.with_name("mqtt.db-wal").write_bytes(os.urandom(8192))
    else:
        path.write_bytes(data)
    again = opened()
    put(again, *rows(again, 3))
    found = again.after(0, 5000)
    assert [row.uid for row in found][-3:] == [f"u-{again.next_id - 3 + i}" for i in range(3)]
    assert again.rows == len(found)
    if place == "empty":
        assert "is empty: what it held, if it held anything, is lost" in caplog.text
        return
    assert "set aside as mqtt.db.damaged-" in caplog.text
    assert len(aside(path)) == 1
    if place == "pages":
        assert 900 < again.rows < 1100
    if place == "wal":
        assert again.rows == 2003


def test_damage_while_it_is_open(opened: Any, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The same, in the middle of the work; ids go on ascending."""
    store = opened()
    for _ in range(80):
        put(store, *rows(store, 100, head="x" * 200))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(200 * 4096))
    for _ in range(20):
        store.after(0, 10_000)
        put(store, *rows(store, 100, head="x" * 200))
    assert store.next_id == 10_001
    assert store.after(9990, 100)[-1].uid == "u-10000"
    assert "set aside" in caplog.text


def test_only_so_many_are_kept_aside(opened: Any, path: Path) -> None:
    """Damaged files do not fill the disk."""
    for _ in range(KEPT_ASIDE + 2):
        opened().close()
        path.write_bytes(b"x" * 5000)
        opened().close()
    assert len(aside(path)) == KEPT_ASIDE


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE gaps",
        "ALTER TABLE events DROP COLUMN uid",
        "ALTER TABLE events ADD COLUMN more TEXT",
        "DROP TABLE retained; CREATE TABLE retained (topic INTEGER PRIMARY KEY, kind, parts)",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -3",
        "PRAGMA user_version = 66",
        "UPDATE events SET id = 9223372036854775807 WHERE id = 2",
        "UPDATE events SET id = -5 WHERE id = 2",
    ],
)
def test_tables_that_are_not_ours(file: Database, path: Path, sql: str) -> None:
    """Are damage, found when the file is opened; what is ours in them is kept."""
    add(file, 1, 2, 3)
    file.close()
    edit(path, sql)
    add(file, 4)
    assert ids(file) == ([4] if "uid" in sql else [1, 3, 4] if "SET id" in sql else [1, 2, 3, 4])
    assert len(aside(path)) == 1


def test_a_table_that_goes_while_it_is_open(file: Database, path: Path) -> None:
    """The same, and the call that met it succeeds on the new file."""
    add(file, 1, 2)
    file.write(execute("DROP TABLE gaps"))
    assert file.read(execute("SELECT * FROM gaps")) == []
    assert ids(file) == [1, 2]
    assert len(aside(path)) == 1


def test_text_that_is_none(file: Database, path: Path) -> None:
    """Does not keep the others from being read, nor is the file set aside for it."""
    add(file, 1, 2)
    file.write(execute("UPDATE events SET head = CAST(x'ff80' AS TEXT) WHERE id = 2"))
    assert file.read(execute("SELECT id, head FROM events")) == [(1, "{"), (2, None)]
    assert aside(path) == []


def test_salvage_leaves_out_nonsense(file: Database) -> None:
    """A row that nobody can have written so would trip whoever reads it."""
    good = {
        "events": (1, 2e9, "temp", "#changed", "u", "{", "", 0.0, 1),
        "gaps": (1, "temp", "g", 1e9, 2e9, 3, "full", "", 0.0, 1),
        "retained": ("a/b", DISCOVERY, '{"key":"sensor"}'),
    }
    bad: dict[str, list[tuple[int, Any]]] = {
        "events": [
            *((0, number) for number in (-1, 0, 1 << 60)),
            *((1, utc) for utc in (-1.0, 1e300, float("inf"), "noon", b"\0")),
            *((column, value) for column in (2, 3, 4, 5) for value in (b"blob",)),
            *((column, "x" * 2000) for column in (2, 3, 4)),
            *((4, uid) for uid in ("", 'a"b', "a\\b", "a\nb")),
            *((6, boot) for boot in (b"blob", "x" * 2000)),
            *((7, at) for at in (-1.0, 1e300, "noon")),
            *((8, known) for known in (2, -1, "x")),
        ],
        "gaps": [
            (0, -1),
            *((5, count) for count in (-1, 0, 1 << 60, 1.5, "x")),
            *((column, value) for column in (3, 4) for value in (-1.0, 1e300, "noon")),
            *((column, b"blob") for column in (1, 2, 6, 7)),
            *((8, at) for at in (-1.0, 1e300, "noon")),
            *((9, known) for known in (2, -1, "x")),
        ],
        "retained": [
            *((0, topic) for topic in ("", "a/#", "+/b", "a\0", "x" * 70_000, b"blob")),
            *((1, kind) for kind in (b"blob", "x" * 2000)),
            *((2, parts) for parts in (b"blob", "", "\0", "[1]", '"text"', "{", "[" * 100_000)),
        ],
    }

    def harm(db: sqlite3.Connection) -> None:
        for table, changes in bad.items():
            marks = ", ".join("?" * (len(good[table]) + 1))
            for number, change in enumerate([None, *changes]):
                row: list[Any] = list(good[table])
                row[0] = f"topic/{number}" if table == "retained" else number + 1
                if change is not None:
                    row[change[0]] = change[1]
                row.append(row_crc(*row[table != "retained" :]))
                db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)  # noqa: S608
        own = "own", "sender", "not JSON"
        db.execute("INSERT INTO retained VALUES (?, ?, ?, ?)", (*own, row_crc(*own)))
        db.execute(INSERT, (*stored(1000)[:-1], 5))
        db.execute("ALTER TABLE gaps ADD COLUMN more")

    file.write(harm)
    file.close()
    assert [row[:-1] for row in file.read(execute("SELECT * FROM events"))] == [good["events"]]
    assert [row[:-1] for row in file.read(execute("SELECT * FROM gaps"))] == [good["gaps"]]
    assert sorted(row[:-1] for row in file.read(execute("SELECT * FROM retained"))) == [
        ("own", "sender", "not JSON"),
        ("topic/0", DISCOVERY, '{"key":"sensor"}'),
    ]
    assert JSON_KIND == DISCOVERY


@pytest.mark.parametrize(("count", "chars"), [(20_000, 150), (2_000, 2_000)])
def test_salvage_in_few_transactions(file: Database, path: Path, count: int, chars: int) -> None:
    """Few transactions, small enough for memory: one for each row took half a millisecond each."""
    add(file, *range(1, count + 1), head="x" * chars)
    other = Database(path.with_name("other.db"), SCHEMA, lambda *_: None)
    other.open()
    sizes: list[int] = []

    def note(sql: str) -> None:
        if sql.startswith("BEGIN"):
            sizes.append(0)
        elif sql.startswith("INSERT"):
            sizes[-1] += 1

    def copy(old: sqlite3.Connection, into: sqlite3.Connection) -> Salvaged:
        into.set_trace_callback(note)
        try:
            return salvage.from_connection(old, into, SCHEMA)
        finally:
            into.set_trace_callback(None)

    done = file.read(lambda old: other.read(lambda into: copy(old, into)))
    assert done == Salvaged(kept={"events": count})
    assert ids(other) == ids(file)
    assert sum(sizes) == count
    assert max(sizes) <= min(CHUNK_ROWS, CHUNK_CHARS // chars + 1)
    assert len(sizes) == 4 or chars > CHUNK_CHARS / CHUNK_ROWS
    assert len(sizes) <= 5
    other.close()


def test_no_room_for_what_is_salvaged(file: Database, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What fits is kept, the log says that there is more, and the old file has it."""
    add(file, *range(1, 20_001), head="x" * 150)
    file.write(execute("DROP TABLE gaps"))
    file.read(execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    with files_at_most(1_100_000):
        file.read(execute("SELECT * FROM gaps"))
        kept = ids(file)
    assert 0 < len(kept) < 20_000
    assert f"{len(kept)} rows could be read and are kept" in caplog.text
    assert "no more could be written: " in caplog.text
    (old,) = aside(path)
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone() == (20_000,)


# Mistakes of ours


@pytest.mark.parametrize(
    "value",
    ["\ud800", 1 << 70, object(), None, ("a", "tuple")],
    ids=["surrogate", "overflow", "type", "null", "tuple"],
)
def test_a_value_that_cannot_be_stored(
    file: Database, path: Path, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A StoreError, with nothing written, no file set aside, and the traceback in the log, once."""

    def work(db: sqlite3.Connection) -> None:
        db.execute(INSERT, stored(1))
        db.execute(INSERT, (*stored(2)[:5], value, *stored(2)[6:]))

    for _ in range(3):
        with pytest.raises(StoreError):
            file.write(work)
    assert ids(file) == []
    add(file, 1)
    assert aside(path) == []
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.levelno == logging.ERROR


@pytest.mark.parametrize(
    "error", [KeyError("k"), sqlite3.InterfaceError("i"), RecursionError(), OSError(5, "e")]
)
@pytest.mark.parametrize("how", ["read", "write"])
def test_whatever_the_work_raises(file: Database, error: Exception, how: str) -> None:
    """It does not end the caller's thread."""

    def work(_db: sqlite3.Connection) -> None:
        raise error

    with pytest.raises(StoreError) as raised:
        getattr(file, how)(work)
    assert raised.value.__cause__ is error
    add(file, 1)


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1",
        "SELECT nothing FROM events",
        "SELECT * FROM nowhere",
        "INSERT INTO events VALUES (1)",
        "INSERT INTO events (id, time, sender, event, uid, head) VALUES ('x', 1, 1, 1, 1, 1)",
        "BEGIN",
    ],
)
def test_a_mistake_in_our_sql(file: Database, path: Path, sql: str) -> None:
    """A good file stays where it is."""
    add(file, 1)
    with pytest.raises(StoreError):
        file.write(execute(sql))
    assert ids(file) == [1]
    assert aside(path) == []
    assert file.opened_times == 1


def test_a_transaction_that_was_left_open(file: Database, path: Path) -> None:
    """One call fails; it is undone, and nothing is set aside."""
    file.read(execute("BEGIN"))
    with pytest.raises(StoreError, match="within a transaction"):
        add(file, 1)
    add(file, 2)
    assert ids(file) == [2]
    assert aside(path) == []


def test_a_rollback_that_fails(file: Database, path: Path) -> None:
    """The connection is of no use any more: the next call opens the file anew."""
    file.read(unkept)
    with pytest.raises(StoreError):
        file.write(execute("SELEC 1"))
    assert not file.is_open
    add(file, 1)
    assert ids(file) == [1]
    assert file.opened_times == 2
    assert aside(path) == []


def test_opening_that_fails_half_way(path: Path) -> None:
    """The connection is closed, and another attempt may succeed."""
    fail = [True]

    def callback(db: sqlite3.Connection, _: object) -> None:
        db.execute("SELECT count(*) FROM events")
        if fail:
            raise ValueError(fail.pop())

    clock = FakeClock()
    file = Database(path, SCHEMA, callback, clock=clock.monotonic)
    with pytest.raises(StoreError, match="ValueError"):
        file.open()
    assert [file.opened_times, file.is_open] == [1, False]
    gc.collect()  # a connection that was forgotten would warn now
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")  # nobody holds it
    clock.advance(RETRY_S)
    file.open()
    assert [file.opened_times, file.is_open] == [2, True]
    file.close()


def test_a_file_that_cannot_be_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is left alone for a while, as each attempt may wait for a lock; the reason stays the same."""
    clock = FakeClock()
    file = Database(path, SCHEMA, lambda *_: None, clock=clock.monotonic)
    attempts: list[Path] = []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def counted(path: Path, **more: Any) -> sqlite3.Connection:
        attempts.append(path)
        return connect(path, **more)

    with closing(connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(sqlite3, "connect", counted)
        for attempt in (1, 2):
            for call in (file.open, lambda: ids(file), lambda: add(file, 1)):
                with pytest.raises(StoreError, match="does another gateway use this data folder"):
                    call()
            assert len(attempts) == attempt
            clock.advance(RETRY_S)
        with pytest.raises(StoreError):
            file.open()
    clock.advance(RETRY_S - 0.1)
    with pytest.raises(StoreError):
        file.open()
    clock.advance(0.2)
    add(file, 1)
    assert ids(file) == [1]
    file.close()


def test_closing_ends_the_wait_for_another_attempt(tmp_path: Path) -> None:
    """Who closes and opens wants to know how it is now."""
    file = Database(tmp_path / "new" / "mqtt.db", SCHEMA, lambda *_: None, clock=FakeClock().monotonic)
    with pytest.raises(StoreError):
        file.open()
    (tmp_path / "new").mkdir()
    file.close()
    add(file, 1)
    file.close()


# Others


def test_opened_times(path: Path) -> None:
    """The first, another, the same again; `opened` sees the new number."""
    seen: list[int] = []
    base: list[Database] = []
    file = Database(path, SCHEMA, lambda *_: seen.append(base[0].opened_times))
    base.append(file)
    assert [file.opened_times, file.is_open] == [0, False]
    file.open()
    file.open()
    assert [file.opened_times, file.is_open] == [1, True]
    file.write(execute("DROP TABLE gaps"))
    file.read(execute("SELECT * FROM gaps"))
    assert [file.opened_times, file.is_open] == [2, True]
    file.close()
    file.close()
    assert [file.opened_times, file.is_open] == [2, False]
    file.read(execute("SELECT 1"))
    assert seen == [1, 2, 3]
    file.close()


def test_a_file_of_a_newer_version(file: Database, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Stays as it is, for the gateway that can read it; the error says what to do."""
    add(file, 1)
    file.close()
    edit(path, "ALTER TABLE events ADD COLUMN more; PRAGMA user_version = 99")
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"newer version \(99; .*install that again, or move the file"):
            file.open()
        file.close()
    assert path.read_bytes() == before
    assert aside(path) == []
    assert caplog.text == ""
    path.unlink()
    add(file, 2)
    assert ids(file) == [2]


@pytest.mark.parametrize("broken", [False, True])
def test_a_newer_file_that_was_killed(file: Database, path: Path, tmp_path: Path, broken: bool) -> None:
    """Its log stays too, though its last transaction may be torn: nothing is salvaged of what is whole."""
    add(file, 1)
    file.close()
    edit(path, "ALTER TABLE events ADD COLUMN more; PRAGMA user_version = 99")
    killed, log = tmp_path / "killed", path.with_name("mqtt.db-wal")
    killed.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode = WAL; CREATE TABLE new (x); INSERT INTO new VALUES (1)")
        for name in (path, log):
            shutil.copy(name, killed)
    for name in killed.iterdir():
        shutil.copy(name, tmp_path)
    if broken:
        data = bytearray(log.read_bytes())
        data[-100] ^= 1
        log.write_bytes(data)
    before = [path.read_bytes(), log.read_bytes()]
    with pytest.raises(StoreError, match=r"newer version \(99; .*install that again, or move the file"):
        file.open()
    assert [path.read_bytes(), log.read_bytes()] == before
    assert aside(path) == []


def test_a_second_gateway_on_the_same_file(opened: Any, path: Path) -> None:
    """Is told so; the first one goes on."""
    store = opened()
    other = Store(path, ROOMY, lambda: "g")
    with pytest.raises(StoreError, match="does another gateway use this data folder"):
        other.open()
    put(store, *rows(store, 1))


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """As a full disk: no file can grow beyond."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)


def fill(file: Database, written: int) -> int:
    """Add events until it is refused."""
    for first in range(written + 1, written + 1_000_000, 100):
        try:
            add(file, *range(first, first + 100), head="x" * 200)
        except StoreError as error:
            assert "disk" in str(error)  # noqa: PT017 - one of many calls, nobody knows which
            return first - 1
    raise AssertionError("the disk was never full")


def test_a_full_disk_at_a_checkpoint(file: Database, path: Path, tmp_path: Path) -> None:
    """What was reported as written is in the WAL, also for a gateway that starts after a kill."""
    for first in range(1, 10_001, 1000):
        add(file, *range(first, first + 1000), head="x" * 200)
    file.read(execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    size = path.stat().st_size
    assert size > 2_000_000
    with files_at_most(size):  # so the WAL may grow, beyond a checkpoint, and the file may not
        written = fill(file, 10_000)
        assert written >= 14_000, "a checkpoint was due after 1 MiB"
        assert ids(file) == list(range(1, written + 1))
    for name in ("mqtt.db", "mqtt.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"killed-{name}")
    (tmp_path / "killed-mqtt.db-wal").rename(tmp_path / "killed.db-wal")
    (tmp_path / "killed-mqtt.db").rename(tmp_path / "killed.db")
    killed = Database(tmp_path / "killed.db", SCHEMA, lambda *_: None)
    assert ids(killed) == list(range(1, written + 1))
    killed.close()
    add(file, written + 1)
    file.close()
    assert ids(file) == list(range(1, written + 2))
    assert aside(path) == []


@pytest.mark.parametrize("ending", ["", "*"])
def test_a_file_that_is_removed_while_it_is_open(
    opened: Any, path: Path, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that was reported as written is lost: not before, not afterwards, not if nothing follows."""
    store = opened()
    put(store, *rows(store, 3))
    for removed in path.parent.glob(f"mqtt.db{ending}"):
        removed.unlink()
    assert len(store.after(0, 10)) == 3
    put(store, *rows(store, 2))
    assert "removed or replaced while it was in use: another was opened; 3 rows" in caplog.text
    for removed in path.parent.glob(f"mqtt.db{ending}"):
        removed.unlink()
    again = opened()
    assert [row.id for row in again.after(0, 10)] == [1, 2, 3, 4, 5]
    assert again.next_id == 6
    assert aside(path) == []


def test_a_wal_that_is_removed_while_it_is_open(file: Database, path: Path, tmp_path: Path) -> None:
    """What is in it goes to the file, so that a kill loses nothing."""
    add(file, 1)
    (tmp_path / "mqtt.db-wal").unlink()
    add(file, 2)
    for name in ("mqtt.db", "mqtt.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / name.replace("mqtt", "killed"))
    killed = Database(tmp_path / "killed.db", SCHEMA, lambda *_: None)
    assert ids(killed) == [1, 2]
    killed.close()
    assert file.opened_times == 2


def test_a_file_that_is_replaced_while_it_is_open(file: Database, path: Path, tmp_path: Path) -> None:
    """The other is used, with its own rows and those that were here, each once."""
    add(file, 1, 2)
    file.close()
    shutil.copy(path, tmp_path / "backup.db")
    other = Database(tmp_path / "backup.db", SCHEMA, lambda *_: None)
    other.write(execute(INSERT, *stored(3, "another")))
    other.close()
    add(file, 3, 4)
    (tmp_path / "backup.db").rename(path)
    add(file, 7)
    found = file.read(execute("SELECT id, uid FROM events"))
    assert found == [(1, "u-1"), (2, "u-2"), (3, "another"), (4, "u-3"), (5, "u-4"), (7, "u-7")]
    assert file.read(execute("PRAGMA integrity_check")) == [("ok",)]
    file.close()
    assert len(ids(file)) == 6


def test_a_folder_that_is_removed_while_it_is_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Writing is refused, reading goes on, and once there is a folder again all is there."""
    folder = tmp_path / "data"
    folder.mkdir()
    file = Database(folder / "mqtt.db", SCHEMA, lambda *_: None)
    add(file, 1, 2)
    shutil.rmtree(folder)
    for _ in range(2):
        with pytest.raises(StoreError, match="removed or replaced while it was in use, and there can be no"):
            add(file, 3)
        assert ids(file) == [1, 2]
    folder.mkdir()
    add(file, 3)
    assert ids(file) == [1, 2, 3]
    shutil.rmtree(folder)
    caplog.clear()
    file.close()
    assert "what it held is lost" in caplog.text


@contextmanager
def as_somebody() -> Iterator[None]:
    """Root may write everywhere: let the kernel check files as for a user, in this thread."""
    libc = ctypes.CDLL(None)
    before = libc.setfsuid(65534)
    try:
        yield
    finally:
        libc.setfsuid(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become somebody else for a moment")
def test_a_read_only_folder() -> None:
    """What is open goes on; what is to be opened is refused, and nothing is set aside."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "mqtt.db"
        clock = FakeClock()
        file = Database(path, SCHEMA, lambda *_: None, clock=clock.monotonic)
        add(file, 1)
        with as_somebody():
            add(file, 2)
            assert ids(file) == [1, 2]
        file.close()
        with as_somebody():
            for _ in range(2):
                with pytest.raises(StoreError):
                    add(file, 3)
                clock.advance(RETRY_S)
            with pytest.raises(StoreError):
                Database(folder / "another.db", SCHEMA, lambda *_: None).open()
        add(file, 3)
        assert ids(file) == [1, 2, 3]
        file.close()
        path.write_bytes(b"x" * 5000)
        path.chmod(0o644)
        with as_somebody(), pytest.raises(StoreError, match="is damaged and cannot be replaced"):
            file.open()
        assert path.read_bytes() == b"x" * 5000


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become somebody else for a moment")
def test_names_that_cannot_be_looked_at_for_a_moment() -> None:
    """Nobody knows whether the file is gone, so it is not: what is open goes on."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        file = Database(folder / "mqtt.db", SCHEMA, lambda *_: None)
        add(file, 1)
        folder.chmod(0o000)
        with as_somebody():
            add(file, 2)
        folder.chmod(0o755)
        assert ids(file) == [1, 2]
        assert file.opened_times == 1
        file.close()


OPENER = """
import sys
from pathlib import Path
from gateway.mqtt.outbox.schema import SCHEMA
from gateway.storage.database import Database, StoreError
def refuse(db, salvaged):
    raise ValueError
try:
    Database(Path(sys.argv[1]), SCHEMA, refuse).open()
except StoreError:
    print("refused")
"""


def test_no_connection_is_forgotten(path: Path) -> None:
    """Python 3.13 warns of one, where no test can see it: so in a process of its own."""
    environ = os.environ | {
        "PYTHONPATH": str(ROOT),
        "COVERAGE_PROCESS_START": "",
        "COVERAGE_PROCESS_CONFIG": "",
    }
    command = [sys.executable, "-W", "error", "-c", OPENER, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)
    assert (run.stdout, run.returncode) == ("refused\n", 0)
    assert "ResourceWarning" not in run.stderr
