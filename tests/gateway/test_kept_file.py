"""A file that could not be written is, once that is possible: nobody has to have something new for it."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.data_folder import RETRY_S, DataFolder
from gateway.identities import Identities
from gateway.kept_file import KeptFile
from gateway.notes import LinkNotes
from tests.support.fake_clock import FakeClock
from tests.support.waiting import DEADLINE_S, happens


class Disk:
    """A data folder on a disk that is full, or not."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        self.folder = DataFolder(path, self.clock.monotonic)
        self.folder.open()
        self.full = False
        write = os.pwrite

        def pwrite(descriptor: int, data: bytes, offset: int) -> int:
            self.must_have_room()
            return write(descriptor, data, offset)

        def sync(_descriptor: int) -> None:
            self.must_have_room()

        patch.setattr(os, "pwrite", pwrite)
        patch.setattr(os, "fsync", sync)

    def must_have_room(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def look_again(self) -> None:
        """As is done each second, after a while."""
        self.clock.advance(RETRY_S)
        self.folder.status()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One with room."""
    made = Disk(tmp_path / "data", monkeypatch)
    yield made
    made.folder.close()


def kept(disk: Disk, name: str = "a", **more: Any) -> KeptFile:
    """A file there."""
    given = {"version": 1, "max_bytes": 100, "forgotten": "gone", "unwritten": "lost", **more}
    return KeptFile(disk.folder.path / name, folder=disk.folder, **given)


def read(file: KeptFile) -> dict[str, Any]:
    """What is in it."""
    return file.read(lambda _: None)


def test_written_when_there_is_room_again(disk: Disk) -> None:
    """The newest of what was to be written, and what was written meanwhile stays; said once."""
    one, two = kept(disk, "one"), kept(disk, "two")
    assert two.write({"x": 0})
    disk.full = True
    assert not one.write({"x": 1})
    assert not one.write({"x": 2})
    disk.look_again()
    assert not (disk.folder.path / "one").exists()
    disk.full = False
    disk.look_again()
    assert read(kept(disk, "one")) == {"x": 2}
    assert read(kept(disk, "two")) == {"x": 0}
    (disk.folder.path / "one").unlink()
    disk.full = True
    assert not two.write({"x": 3})
    disk.full = False
    disk.look_again()
    assert not (disk.folder.path / "one").exists(), "it was written, and is not owed any more"


def test_one_that_is_written_brings_the_others(disk: Disk) -> None:
    """Whoever finds first that there is room: nobody has to look."""
    one, two = kept(disk, "one"), kept(disk, "two")
    disk.full = True
    assert not one.write({"x": 1})
    disk.full = False
    assert two.write({"x": 2})
    assert read(kept(disk, "one")) == {"x": 1}
    assert disk.folder.status().usable


def test_what_is_too_large_is_not_owed(disk: Disk) -> None:
    """It will not fit later either; and what was owed before it still is."""
    file = kept(disk)
    disk.full = True
    assert not file.write({"x": 1})
    assert not file.write({"x": "y" * 100})
    disk.full = False
    disk.look_again()
    assert read(kept(disk)) == {"x": 1}


@pytest.mark.parametrize("when", ["writes", "owes"])
def test_one_at_a_time(disk: Disk, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The thread that finds that there is room, and the owner with something newer: that is what stays."""
    file = kept(disk)
    disk.full = True
    assert not file.write({"x": 1})
    disk.full = False
    there, go_on = threading.Event(), threading.Event()
    replace = Path.replace

    def slow(path: Path, target: Path) -> Path:
        if not there.is_set():
            there.set()
            happens(go_on)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", slow)
    actions: list[Callable[[], object]] = [disk.look_again, lambda: file.write({"x": 2})]
    threads = [threading.Thread(target=action) for action in actions[:: 1 if when == "owes" else -1]]
    threads[0].start()
    happens(there)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    assert read(kept(disk)) == {"x": 2}


def test_all_that_is_kept(disk: Disk) -> None:
    """Identities, what was discovered, what links note."""
    path = disk.folder.path
    disk.full = True
    Identities(path / "i", ["board"], disk.folder).remember("board", "", "0001")
    LinkNotes(path / "n", "board", disk.folder).note({"a": 1})
    assert not list(path.glob("?"))
    disk.full = False
    disk.look_again()
    assert Identities(path / "i", ["board"]).recall("board", "") == "0001"
    assert LinkNotes(path / "n", "board").recall() == {"a": 1}


@pytest.mark.parametrize(
    "text", ['{"version": 2, "x": 1}', '{"x": 1, "version": 2}', '{"version": 2, "x": "%s"}']
)
def test_a_newer_file(disk: Disk, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """Stays as it is, also one that is too large for this version; said once, with what to do."""
    path = disk.folder.path / "a"
    path.write_text(text.replace("%s", "y" * 200))
    before = path.read_text()
    file = kept(disk)
    assert read(file) == {}
    assert not file.write({"x": 2})
    assert [each.name for each in disk.folder.path.iterdir() if each.name != ".lock"] == ["a"]
    assert path.read_text() == before
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "is of a newer version (2; this one knows 1)" in record.getMessage()
    assert "move the file away and start anew. gone; lost" in record.getMessage()
    assert disk.folder.status().usable


@pytest.mark.parametrize("version", ["1.5", "0", '"2"', "null", "-1"])
def test_no_version_of_ours(disk: Disk, version: str) -> None:
    """Is no newer one: the file is set aside, and another is written."""
    path = disk.folder.path / "a"
    path.write_text(f'{{"version": {version}, "x": 1}}')
    file = kept(disk)
    assert read(file) == {}
    assert (disk.folder.path / "a.damaged").exists()
    assert file.write({"x": 2})
    assert read(kept(disk)) == {"x": 2}
