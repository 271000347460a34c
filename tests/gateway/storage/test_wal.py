"""A write-ahead log as SQLite leaves it: whole, cut, broken, of earlier rounds."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.storage import wal
from gateway.storage.wal import FRAME, HEADER

PAGE = 4096


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Of ten transactions, as a kill leaves it."""
    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        for number in range(9):
            db.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * 3000))
        shutil.copy(tmp_path / "live.db-wal", tmp_path / "log")
    return tmp_path / "log"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_whole_one(log: Path) -> None:
    """Every frame is where it says, and of this round; there is nothing to tell."""
    found = wal.read(log)
    assert (found.page_size, found.cut) == (PAGE, "")
    assert len(found.frames) == log.stat().st_size // (PAGE + FRAME)
    assert all(frame.ours for frame in found.frames)
    assert sum(frame.last for frame in found.frames) == 10
    assert [frame.at for frame in found.frames[:2]] == [HEADER + FRAME, HEADER + 2 * FRAME + PAGE]


@pytest.mark.parametrize("size", [0, 10, HEADER])
def test_nothing_in_it(log: Path, size: int) -> None:
    """Nor is there in one that is not there."""
    log.write_bytes(log.read_bytes()[:size])
    assert wal.read(log).frames == []
    assert wal.read(log).cut == ""
    log.unlink()
    assert wal.read(log).frames == []


@pytest.mark.parametrize("place", ["page", "number", "commit", "salt", "sum"])
@pytest.mark.parametrize("number", [0, 5, -1])
def test_a_broken_frame(log: Path, place: str, number: int) -> None:
    """SQLite would end there, in silence; all frames are found, also those behind."""
    whole = wal.read(log)
    frame = whole.frames[number]
    offset = {"page": 100, "number": 3 - FRAME, "commit": 7 - FRAME, "salt": 8 - FRAME, "sum": 16 - FRAME}
    flip(log, frame.at + offset[place])
    found = wal.read(log)
    assert found.cut == f"its write-ahead log is broken at frame {number % len(whole.frames) + 1}"
    assert [frame.at for frame in found.frames] == [frame.at for frame in whole.frames]
    assert all(frame.ours for frame in found.frames)


@pytest.mark.parametrize("at", [0, 3, 8, 16, 20, 24, 31])
def test_a_broken_header(log: Path, at: int) -> None:
    """SQLite would take it for empty."""
    count = len(wal.read(log).frames)
    flip(log, at)
    found = wal.read(log, PAGE)
    assert found.cut == "its write-ahead log is broken at frame 1"
    assert len(found.frames) == count


def test_pages_of_another_size(tmp_path: Path) -> None:
    """Are found as the header says, also where that is broken elsewhere."""
    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as db:
        db.executescript("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER)")
        shutil.copy(tmp_path / "live.db-wal", tmp_path / "log")
    whole = wal.read(tmp_path / "log")
    assert (whole.page_size, len(whole.frames)) == (1024, 2)
    flip(tmp_path / "log", 24)
    found = wal.read(tmp_path / "log")
    assert (found.page_size, len(found.frames), bool(found.cut)) == (1024, 2, True)


def test_a_transaction_that_was_never_ended(log: Path) -> None:
    """A kill in the middle: whole frames, or a torn one, behind the last commit are no damage."""
    *_, frame, last = wal.read(log).frames
    assert (frame.last, last.last) == (False, True)
    data = log.read_bytes()
    for end in (last.at - FRAME, frame.at + 1000):
        log.write_bytes(data[:end])
        assert wal.read(log).cut == ""
    log.write_bytes(data[: last.at - FRAME])
    flip(log, frame.at + 100)
    assert wal.read(log).cut == ""


def test_frames_of_an_earlier_round(tmp_path: Path) -> None:
    """SQLite writes over a log from its beginning, and what is left behind means nothing."""
    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        for number in range(9):
            db.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * 3000))
        db.execute("PRAGMA wal_checkpoint(RESTART)")
        db.execute("INSERT INTO t VALUES (100, 'x')")
        found = wal.read(tmp_path / "live.db-wal")
    assert found.cut == ""
    assert 0 < sum(frame.ours for frame in found.frames) < len(found.frames) - 5
