"""What is saved of a damaged file: all that is on other pages, of any table, whatever its rows look like."""

import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.storage.checksum import row_crc, teach
from gateway.storage.database import KEPT_ASIDE, Database
from gateway.storage.salvage import Salvaged
from gateway.storage.schema import Schema

PAGE = 4096
FIRST = """
CREATE TABLE readings (id INTEGER PRIMARY KEY, time REAL NOT NULL, text TEXT NOT NULL);
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
SECOND = """
ALTER TABLE readings ADD COLUMN mark TEXT NOT NULL DEFAULT 'none';
ALTER TABLE readings ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE readings SET crc = row_crc(time, text, mark);
ALTER TABLE notes ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE notes SET crc = row_crc(name, value);
CREATE INDEX by_time ON readings (time, mark);
"""


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    """Of a store that the package does not have."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text(FIRST)
    (folder / "0002_second.sql").write_text(SECOND)
    return Schema(folder, {"crc": lambda value: isinstance(value, int)})


Open = Callable[..., Database]


@pytest.fixture
def opened(tmp_path: Path, schema: Schema) -> Iterator[tuple[Open, list[Salvaged | None]]]:
    """Opens files, which are closed afterwards; and what was salvaged at each opening."""
    found: list[Salvaged | None] = []
    files: list[Database] = []

    def open_it(name: str = "some.db", *, readers: bool = False) -> Database:
        for file in files:
            file.close()
        files.append(Database(tmp_path / name, schema, lambda _, done: found.append(done), readers=readers))
        files[-1].open()
        return files[-1]

    yield open_it, found
    for file in files:
        file.close()


def fill(file: Database, ids: range, text: str = "x" * 100) -> None:
    rows = [
        (number, number / 8, f"{number} {text}", "m", row_crc(number / 8, f"{number} {text}", "m"))
        for number in ids
    ]
    notes = [(f"n{number}", text, row_crc(f"n{number}", text)) for number in ids]
    file.write(lambda db: db.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?)", rows))
    file.write(lambda db: db.executemany("INSERT INTO notes VALUES (?, ?, ?)", notes))


def ids(file: Database) -> list[int]:
    return file.read(lambda db: [row[0] for row in db.execute("SELECT id FROM readings ORDER BY id")])


def count_notes(file: Database) -> int:
    return file.read(lambda db: int(db.execute("SELECT count(*) FROM notes").fetchone()[0]))


def leaves(path: Path, kind: int) -> list[int]:
    """Where the pages of a kind begin."""
    data = path.read_bytes()
    return [at for at in range(PAGE, len(data), PAGE) if data[at] == kind]


@pytest.mark.parametrize("text", ["x" * 100, "ü" * 1500, "x" * 40_000], ids=["short", "long", "overflow"])
@pytest.mark.parametrize("readers", [False, True])
def test_one_bad_page_costs_its_own_rows(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, text: str, readers: bool
) -> None:
    """Also where a row goes on on pages of its own, and in a table without ids."""
    open_it, found = opened
    file = open_it(readers=readers)
    fill(file, range(1, 201), text)
    file.close()
    path = tmp_path / "some.db"
    (at,) = leaves(path, 13)[1:2]
    data = bytearray(path.read_bytes())
    on_it = struct.unpack_from(">H", data, at + 3)[0]
    data[at : at + PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)
    again = open_it(readers=readers)
    done = found[-1]
    assert done is not None
    assert len(ids(again)) == 200 - on_it
    assert count_notes(again) == 200
    assert done.lost == {"readings": on_it}
    assert again.read(lambda db: db.execute("PRAGMA integrity_check").fetchall()) == [("ok",)]


@pytest.mark.parametrize("what", ["header", "tree", "zeros"])
def test_where_no_tree_leads_to_the_rows(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, what: str
) -> None:
    """The file's first page, or a table's, is broken: SQLite finds nothing, all rows are back."""
    open_it, _ = opened
    fill(open_it(), range(1, 1001))
    open_it("other.db")
    path = tmp_path / "some.db"
    data = bytearray(path.read_bytes())
    at = {"header": 0, "tree": leaves(path, 5)[0], "zeros": 0}[what]
    data[at : at + PAGE] = bytes(PAGE) if what == "zeros" else b"\xa5" * PAGE
    path.write_bytes(data)
    again = open_it()
    assert ids(again) == list(range(1, 1001))
    assert count_notes(again) == 1000


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_log_without_its_file(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite would delete it: its rows are saved, and it is said."""
    open_it, _ = opened
    fill(open_it(), range(1, 101))
    log = (tmp_path / "some.db-wal").read_bytes()
    open_it("other.db")
    path = tmp_path / "some.db"
    path.unlink()
    if how == "empty":
        path.touch()
    path.with_name("some.db-wal").write_bytes(log)
    assert ids(open_it()) == list(range(1, 101))
    assert f"{path} is damaged (it is {how}, and its write-ahead log is there): set aside as" in caplog.text
    assert "200 rows could be read and are kept" in caplog.text


def test_a_broken_log(opened: tuple[Open, list[Salvaged | None]], tmp_path: Path) -> None:
    """SQLite would end it there, and delete it: what is behind is read too."""
    open_it, _ = opened
    file = open_it()
    for first in range(1, 101, 10):
        fill(file, range(first, first + 10))
    for name in ("some.db", "some.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / name.replace("some", "killed"))
    data = bytearray((tmp_path / "killed.db-wal").read_bytes())
    data[32 + 5] ^= 1  # the first frame's head
    (tmp_path / "killed.db-wal").write_bytes(data)
    assert ids(open_it("killed.db")) == list(range(1, 101))


def test_a_broken_page_in_a_log(opened: tuple[Open, list[Salvaged | None]], tmp_path: Path) -> None:
    """What stood on it before is there: only the last transaction's rows are lost with it."""
    open_it, _ = opened
    file = open_it()
    for first in range(1, 101, 10):
        fill(file, range(first, first + 10))
    for name in ("some.db", "some.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / name.replace("some", "killed"))
    data = bytearray((tmp_path / "killed.db-wal").read_bytes())
    at = max(at for at in range(32 + 24, len(data), PAGE + 24) if data[at] == 13)
    data[at : at + PAGE] = b"\xa5" * PAGE
    (tmp_path / "killed.db-wal").write_bytes(data)
    assert 90 <= len(ids(open_it("killed.db"))) < 100


@pytest.mark.parametrize("deleted", [False, True])
def test_how_many_are_lost(opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, deleted: bool) -> None:
    """As many as stood on the bad pages; rows that were deleted elsewhere are none of them."""
    open_it, found = opened
    file = open_it()
    fill(file, range(1, 2001))
    if deleted:
        file.write(lambda db: db.execute("DELETE FROM readings WHERE id % 5 = 0"))
    file.close()
    path = tmp_path / "some.db"
    data = bytearray(path.read_bytes())
    bad = leaves(path, 13)[3:30:8]
    on_them = sum(struct.unpack_from(">H", data, at + 3)[0] for at in bad)
    for at in bad:
        data[at : at + PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)
    assert len(ids(open_it())) == (1600 if deleted else 2000) - on_them
    assert found[-1] is not None
    if deleted:  # on the bad pages too, and between two pages, where nobody knows
        assert on_them <= found[-1].lost["readings"] <= on_them * 1.25 + 25
    else:
        assert found[-1].lost == {"readings": on_them}


@pytest.mark.parametrize("text", ["x" * 100, "x" * 40_000], ids=["short", "overflow"])
def test_what_was_deleted_stays_so(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, text: str
) -> None:
    """Its pages are free, and still hold it; nor is it counted as lost."""
    open_it, found = opened
    file = open_it()
    fill(file, range(1, 501), text)
    file.write(lambda db: db.execute("DELETE FROM readings WHERE id <= 300 OR id % 5 = 0"))
    open_it("other.db")
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        teach(db)
        db.execute("DROP INDEX by_time")
        db.execute("ALTER TABLE notes RENAME COLUMN value TO other")
    again = open_it()
    assert ids(again) == [number for number in range(301, 501) if number % 5]
    assert found[-1] is not None
    assert found[-1].lost == {}


@pytest.mark.parametrize("header", [False, True])
def test_a_damaged_file_of_an_earlier_version(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, header: bool
) -> None:
    """Its rows have no checksum: they get one, and what later columns have by default."""
    with closing(sqlite3.connect(tmp_path / "some.db")) as db:
        db.executescript(f"{FIRST}; PRAGMA user_version = 1")
        db.executemany(
            "INSERT INTO readings VALUES (?, ?, ?)", [(n, n / 8, "x" * 100) for n in range(1, 201)]
        )
        db.execute("INSERT INTO notes VALUES ('n', 'v')")
        db.commit()
    path = tmp_path / "some.db"
    data = bytearray(path.read_bytes())
    at = 0 if header else leaves(path, 13)[1]
    data[at : at + PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)
    open_it, _ = opened
    again = open_it()
    assert len(ids(again)) == 200 if header else 150 < len(ids(again)) < 200
    found = again.read(lambda db: db.execute("SELECT mark, crc FROM readings WHERE id = 1").fetchone())
    assert found == ("none", row_crc(1 / 8, "x" * 100, "none"))
    assert again.read(lambda db: db.execute("SELECT * FROM notes").fetchall()) == [
        ("n", "v", row_crc("n", "v"))
    ]


@pytest.mark.parametrize("missing", [False, True])
def test_only_so_many_are_kept_aside(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, missing: bool
) -> None:
    """With their logs; also of logs without their file."""
    open_it, _ = opened
    fill(open_it(), range(1, 11))
    log = (tmp_path / "some.db-wal").read_bytes()
    for number in range(4):
        open_it(f"other{number}.db")
        (tmp_path / "some.db").unlink()
        if not missing:
            (tmp_path / "some.db").touch()
        (tmp_path / "some.db-wal").write_bytes(log)
        open_it()
    assert len([*tmp_path.glob("some.db.damaged-*-wal")]) == KEPT_ASIDE
    assert len([*tmp_path.glob("some.db.damaged-*[0-9]")]) == (0 if missing else KEPT_ASIDE)


def test_readers(opened: tuple[Open, list[Salvaged | None]], tmp_path: Path) -> None:
    """Another connection may read a file that is opened so, and sees what was committed."""
    open_it, _ = opened
    file = open_it(readers=True)
    fill(file, range(1, 11))
    with closing(sqlite3.connect(f"file:{tmp_path}/some.db?mode=ro", uri=True)) as db:
        assert db.execute("SELECT count(*) FROM readings").fetchone() == (10,)
        fill(file, range(11, 21))
        assert db.execute("SELECT count(*) FROM readings").fetchone() == (20,)


@pytest.mark.parametrize("readers", [False, True])
def test_nobody_else_may_read_it(
    opened: tuple[Open, list[Salvaged | None]], tmp_path: Path, readers: bool
) -> None:
    """The file and what SQLite puts beside it; also one that an earlier gateway made."""
    open_it, _ = opened
    (tmp_path / "some.db").touch(0o644)
    file = open_it(readers=readers)
    fill(file, range(1, 11))
    names = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("some.db*")}
    assert names == dict.fromkeys(["some.db", "some.db-wal", *(["some.db-shm"] if readers else [])], 0o600)


def test_what_is_written_is_what_can_be_read(schema: Schema, tmp_path: Path) -> None:
    """A row with a value that nobody can have written is not taken, though its checksum says so."""
    assert schema.is_sound("readings", (1, 2.0, "t", "m", row_crc(2.0, "t", "m")))
    assert not schema.is_sound("readings", (1, 2.0, "t", "m", row_crc(2.0, "t", "n")))
    assert not schema.is_sound("readings", (0, 2.0, "t", "m", row_crc(2.0, "t", "m")))
    assert not schema.is_sound("readings", (1, "2", "t", "m", row_crc("2", "t", "m")))
    strict = Schema(
        tmp_path / "migrations", {"mark": lambda value: value == "m"}, {"notes": lambda row: len(row[1]) < 3}
    )
    assert not strict.is_sound("readings", (1, 2.0, "t", "n", row_crc(2.0, "t", "n")))
    assert not strict.is_sound("notes", ("n", "long", row_crc("n", "long")))
    assert strict.is_sound("notes", ("n", "ok", row_crc("n", "ok")))
