"""The memory of which board was where: what it keeps, and that its file is worth a warning at most."""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway import identities
from gateway.identities import MAX_DEVICES, Identities
from tests.support.waiting import DEADLINE_S

LINKS = ("board", "bus")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "identities.json"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_was_remembered_is_known_after_a_restart(path: Path) -> None:
    """By link and device; a new one takes the place of the old."""
    memory = Identities(path, LINKS)
    assert memory.recall("board", "") is None
    assert not path.exists()
    memory.remember("board", "", "0001")
    memory.remember("bus", "roof", "ü \ud800")
    memory.remember("board", "", "0002")
    for one in (memory, Identities(path, LINKS)):
        assert one.recall("board", "") == "0002"
        assert one.recall("bus", "roof") == "ü \ud800"
        assert one.recall("bus", "cellar") is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_nothing_new_is_not_written(path: Path) -> None:
    """The SD card is left alone: also by the first word after a restart."""
    Identities(path, LINKS).remember("board", "", "0001")
    before = path.stat().st_ino, path.stat().st_mtime_ns
    memory = Identities(path, LINKS)
    memory.remember("board", "", "0001")
    memory.remember("board", "", "0001")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before


def test_links_that_are_gone_are_dropped(path: Path) -> None:
    """When the file is next written, and not before."""
    Identities(path, LINKS).remember("bus", "", "0001")
    memory = Identities(path, ["board"])
    assert memory.recall("bus", "") == "0001"
    memory.remember("board", "", "0002")
    assert json.loads(path.read_text())["links"] == {"board": {"": "0002"}}


def test_devices_of_a_link_are_bounded(path: Path) -> None:
    """Those first remembered go."""
    devices = {str(number): "x" for number in range(MAX_DEVICES)}
    path.write_text(json.dumps({"version": 1, "links": {"bus": devices}}))
    memory = Identities(path, LINKS)
    memory.remember("bus", "one more", "y")
    for one in (memory, Identities(path, LINKS)):
        assert one.recall("bus", "0") is None
        assert [one.recall("bus", device) for device in ("1", "one more")] == ["x", "y"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is not JSON"),
        (b'{"version": 1, "links": {"board": {"": "00', "it is not JSON"),
        (b"\xff\x00", "it is not JSON"),
        (b"[" * 100_000, ""),
        (b"[]", "expected version 1 of it, got None"),
        (b'{"version": 0, "links": {}}', "expected version 1 of it, got 0"),
        (b'{"version": 1}', "expected links with devices with texts in it"),
        (b'{"version": 1, "links": {"board": 5}}', "expected links with devices with texts in it"),
        (b'{"version": 1, "links": {"board": {"": 5}}}', "expected links with devices with texts in it"),
        (b" " * 5_000_000, "it is larger than"),
    ],
)
def test_a_damaged_file_is_kept_aside(
    path: Path, caplog: pytest.LogCaptureFixture, data: bytes, why: str
) -> None:
    """One warning that says what; all goes on as if it were empty."""
    path.write_bytes(data)
    memory = Identities(path, LINKS)
    assert memory.recall("board", "") is None
    memory.remember("board", "", "0001")
    (text,) = warnings(caplog)
    assert text.startswith(f"{path}: cannot be used: {why}")
    assert "it is kept as identities.json.damaged" in text
    assert path.with_name("identities.json.damaged").read_bytes() == data
    assert Identities(path, LINKS).recall("board", "") == "0001"


def test_a_file_that_is_none(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A pipe would never end; where even setting it aside fails, the warning says so."""
    os.mkfifo(path)
    assert Identities(path, LINKS).recall("board", "") is None
    path.mkdir()
    (path / "x").touch()
    path.with_name("identities.json.damaged").unlink()
    path.with_name("identities.json.damaged").mkdir()
    (path.with_name("identities.json.damaged") / "x").touch()
    memory = Identities(path, LINKS)
    memory.remember("board", "", "0001")
    assert memory.recall("board", "") == "0001"
    pipe, folder, unwritten = warnings(caplog)
    assert "cannot be used: it is not a regular file; it is kept as" in pipe
    assert "it cannot be kept as identities.json.damaged: Directory not empty" in folder
    assert "cannot be written: Is a directory" in unwritten


def test_a_file_that_cannot_be_read(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as by an error of the SD card."""
    path.write_text("{}")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", fail)
        assert Identities(path, LINKS).recall("board", "") is None
    (text,) = warnings(caplog)
    assert "cannot be used: Input/output error; it is kept as" in text


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """One warning, no exception, the old file stays; it is tried again, and written once there is room."""
    memory = Identities(path, LINKS)
    memory.remember("board", "", "0001")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        for identity in ("0002", "0003", "0004"):
            memory.remember("board", "", identity)
        assert memory.recall("board", "") == "0004"
    (text,) = warnings(caplog)
    assert text.startswith(f"{path}: cannot be written: No space left on device; ")
    assert Identities(path, LINKS).recall("board", "") == "0001"
    memory.remember("board", "", "0004")
    assert Identities(path, LINKS).recall("board", "") == "0004"


class KilledError(BaseException):
    """Nothing of ours runs after it."""


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_end_at_any_step_of_a_write(path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """What was there before is there, whole, and what was left half done is in nobody's way."""
    Identities(path, LINKS).remember("board", "", "0001")

    def end(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(os, step, end)
        with pytest.raises(KilledError):
            Identities(path, LINKS).remember("board", "", "0002")
    memory = Identities(path, LINKS)
    assert memory.recall("board", "") == "0001"
    memory.remember("board", "", "0003")
    assert Identities(path, LINKS).recall("board", "") == "0003"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_is_written_is_on_the_disk_before_it_has_the_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves an empty file; and the folder comes last, else it leaves the old one."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noting_fsync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def noting_replace(source: Path, target: Path) -> None:
        steps.append("name")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", noting_replace)
    Identities(path, LINKS).remember("board", "", "0001")
    assert steps == ["file", "name", "folder"]


WRITER = """
import sys, itertools
from pathlib import Path
from gateway.identities import Identities
memory = Identities(Path(sys.argv[1]), ["board"])
for number in itertools.count():
    memory.remember("board", "", f"{number:024}")
    print(number, flush=True)
"""


def test_kill_9_in_the_middle(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A process that does nothing but write: whenever it is killed, what it said last is known, or newer."""
    for turn in range(8):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=Path(identities.__file__).parents[1]
        ) as writer:
            assert writer.stdout is not None
            for _ in range(turn * 7 + 1):
                said = writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            said = (writer.stdout.read().splitlines() or [said])[-1]
        known = Identities(path, LINKS).recall("board", "")
        assert known is not None
        assert int(known) >= int(said)
        assert warnings(caplog) == []


def test_many_threads(path: Path) -> None:
    """Every link's last word is in the file at the end, whoever wrote last."""
    links = [f"link-{number}" for number in range(8)]
    memory = Identities(path, links)

    def talk(link: str) -> None:
        for number in range(20):
            memory.remember(link, "", f"{link}-{number}")
            assert memory.recall(link, "") == f"{link}-{number}"

    threads = [threading.Thread(target=talk, args=[link]) for link in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Identities(path, links)
    assert [again.recall(link, "") for link in links] == [f"{link}-19" for link in links]


def test_who_asks_does_not_wait_for_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An SD card may take seconds for what another link has to write."""
    memory = Identities(path, LINKS)
    memory.remember("bus", "", "0001")
    at_the_disk, release = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(descriptor: int) -> None:
        at_the_disk.set()
        release.wait(DEADLINE_S)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    writer = threading.Thread(target=memory.remember, args=["board", "", "0002"])
    writer.start()
    try:
        assert at_the_disk.wait(DEADLINE_S)
        assert memory.recall("bus", "") == "0001"
        assert memory.recall("board", "") == "0002"
        assert writer.is_alive()
    finally:
        release.set()
        writer.join()
