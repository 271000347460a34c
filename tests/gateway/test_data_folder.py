"""The data folder: one gateway's, nobody else's to read, and no need."""

import errno
import fcntl
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.data_folder import LOCK, RETRY_S, DataFolder, FolderStatus, InUseError
from gateway.identities import Identities
from gateway.notes import LinkNotes
from tests.support.fake_clock import FakeClock

ROOT = Path(__file__).parents[2]
FINE = FolderStatus(usable=True, message="")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def opened(clock: FakeClock) -> Iterator[Callable[[Path], DataFolder]]:
    """Opens folders, which are closed afterwards."""
    with ExitStack() as stack:

        def open_it(path: Path) -> DataFolder:
            folder = DataFolder(path, clock.monotonic)
            stack.callback(folder.close)
            folder.open()
            return folder

        yield open_it


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_it_is_made_for_its_owner(opened: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the folders above it, which are as any; the lock says whose it is."""
    before = os.umask(0o022)
    try:
        folder = opened(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o755, 0o700)
    lock = tmp_path / "a" / "b" / LOCK
    assert (mode(lock), lock.read_text()) == (0o600, f"{os.getpid()}\n")
    assert folder.status() == FINE
    assert errors(caplog) == []


@pytest.mark.parametrize(("rights", "said"), [(0o755, False), (0o750, False), (0o775, True), (0o777, True)])
def test_one_that_is_there_is_left_as_it_is(
    opened: Any, tmp_path: Path, rights: int, said: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Others may look whose names are in it; that they may put their own files there is said."""
    tmp_path.chmod(rights)
    opened(tmp_path)
    assert mode(tmp_path) == rights
    assert [f"others may write to the data folder {tmp_path}" in text for text in errors(caplog)] == [
        True
    ] * said


def test_a_second_gateway(opened: Any, tmp_path: Path) -> None:
    """Is told who is there, and takes nothing; when the first has gone it can."""
    first = opened(tmp_path)
    second = DataFolder(tmp_path)
    for _ in range(2):
        with pytest.raises(
            InUseError, match=rf"another gateway \(process {os.getpid()}\) uses .*{tmp_path.name}"
        ):
            second.open()
        second.close()
    first.close()
    first.close()
    opened(tmp_path)


HOLDER = """
import sys, time
from pathlib import Path
from gateway.data_folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
folder.open()
print(folder.status().usable, flush=True)
time.sleep(60)
"""


def test_kill_9_leaves_no_lock(opened: Any, tmp_path: Path) -> None:
    """The kernel takes it back; until then the other process is named, whatever its lock's file says."""
    environ = os.environ | {
        "PYTHONPATH": str(ROOT),
        "COVERAGE_PROCESS_START": "",
        "COVERAGE_PROCESS_CONFIG": "",
    }
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "True\n"
            for text in (f"{holder.pid}\n", "", "nonsense", "99999999\n"):
                (tmp_path / LOCK).write_text(text)
                with pytest.raises(InUseError, match=rf"\(process {holder.pid}\)"):
                    opened(tmp_path)
        finally:
            holder.kill()
    assert opened(tmp_path).status() == FINE
    assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_the_lock_without_its_file(tmp_path: Path, opened: Any) -> None:
    """Somebody who tidies up removes it: the folder itself is locked as well."""
    first = opened(tmp_path)
    (tmp_path / LOCK).unlink()
    with pytest.raises(InUseError, match=rf"\(process {os.getpid()}\)"):
        DataFolder(tmp_path).open()
    first.close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(
    opened: Any,
    tmp_path: Path,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Is said, once, and is no reason to stop."""

    def refuse(_: int, __: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert opened(tmp_path).status() == FINE
    (text,) = errors(caplog)
    assert text.startswith(
        f"{tmp_path}: this file system has no locks ({os.strerror(number)}): a second gateway"
    )


def test_a_folder_that_cannot_be(
    opened: Any, tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """One error with what to do, in the status too; once it can be, that is seen, and it is ours."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "data"
    folder = opened(path)
    for _ in range(3):
        status = folder.status()
        assert not status.usable
        assert (
            f"the data folder {path} cannot be written: Not a directory; values are live only"
            in status.message
        )
        assert "name another in gateway.data" in status.message
        clock.advance(RETRY_S)
    assert errors(caplog) == [folder.status().message]
    (tmp_path / "file").unlink()
    assert not folder.status().usable, "it has just been looked at"
    clock.advance(RETRY_S)
    assert folder.status() == FINE
    with pytest.raises(InUseError):
        DataFolder(path).open()
    assert len(errors(caplog)) == 1


def test_a_file_is_no_lock(opened: Any, tmp_path: Path) -> None:
    """That a file could be written in a folder that was not ours until now: the lock is taken before all is
    well."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "data"
    folder = opened(path)
    (tmp_path / "file").unlink()
    path.mkdir(parents=True)
    LinkNotes(path / "a.notes.json", "a", folder).note({"ids": [1]})
    assert folder.status() == FINE
    with pytest.raises(InUseError):
        DataFolder(path).open()


def test_another_gateway_in_a_folder_that_could_not_be(opened: Any, tmp_path: Path, clock: FakeClock) -> None:
    """It came while we were without: it has it, and our status says so."""
    (tmp_path / "file").write_text("")
    folder = opened(tmp_path / "file" / "data")
    (tmp_path / "file").unlink()
    other = opened(tmp_path / "file" / "data")
    clock.advance(RETRY_S)
    assert f"another gateway (process {os.getpid()})" in folder.status().message
    other.close()
    clock.advance(RETRY_S)
    assert folder.status() == FINE


def test_a_read_only_folder(
    opened: Any,
    tmp_path: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Live only, as with one that is missing; a gateway that is there is seen all the same."""
    opened(tmp_path).close()
    real = os.open

    def read_only(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", read_only)
    folder = opened(tmp_path)
    assert "cannot be written: Read-only file system" in folder.status().message
    with pytest.raises(InUseError):
        DataFolder(tmp_path).open()
    monkeypatch.undo()
    clock.advance(RETRY_S)
    assert folder.status() == FINE
    assert len(errors(caplog)) == 1


def test_a_full_disk(
    opened: Any,
    tmp_path: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same, and what to do is another."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    folder = opened(tmp_path)
    assert folder.status().message.endswith("No space left on device; values are live only; make room")
    with pytest.raises(InUseError):
        DataFolder(tmp_path).open()
    monkeypatch.undo()
    clock.advance(RETRY_S)
    assert folder.status() == FINE
    assert len(errors(caplog)) == 1


def test_a_disk_that_is_still_full(
    opened: Any, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has its place there can be written over and over: that shows nothing of what is new."""
    folder = opened(tmp_path)
    real = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if offset + len(data) > 4096:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data, offset)

    folder.failed(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        clock.advance(RETRY_S)
        assert "No space left on device" in folder.status().message
    clock.advance(RETRY_S)
    assert folder.status() == FINE
    assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_what_cannot_be_kept_is_said_once(
    opened: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However many files there would be: all of it is in memory, and one line says why."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "data"
    folder = opened(path)
    memory = Identities(path / "identities.json", ["board"], folder)
    notes = [LinkNotes(path / f"{name}.notes.json", name, folder) for name in ("a", "b")]
    memory.remember("board", "", "0001")
    for one in notes:
        one.note({"ids": [1]})
    assert memory.recall("board", "") == "0001"
    assert [one.recall() for one in notes] == [{"ids": [1]}] * 2
    assert len(errors(caplog)) == 1


def test_a_disk_that_fills_later(
    opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The folder's status says so, and no longer when something could be written."""
    folder = opened(tmp_path)
    notes = [LinkNotes(tmp_path / f"{name}.notes.json", name, folder) for name in ("a", "b")]

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for one in notes:
            one.note({"ids": [1]})
    assert "No space left on device" in folder.status().message
    assert len(errors(caplog)) == 1
    notes[0].note({"ids": [1]})
    assert folder.status() == FINE
    assert mode(tmp_path / "a.notes.json") == 0o600


def test_nobody_else_may_read_what_is_kept(opened: Any, tmp_path: Path) -> None:
    """Also where an earlier gateway, or a kill, left files that anybody could read."""
    folder = opened(tmp_path)
    for name in ("identities.json", "identities.json.new"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o644)
    Identities(tmp_path / "identities.json", ["board"], folder).remember("board", "", "0001")
    assert mode(tmp_path / "identities.json") == 0o600
    assert not (tmp_path / "identities.json.new").exists()


def test_a_folder_that_is_removed_under_us(
    opened: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is made again and locked at the next look, which is said; so it is when another takes its place."""
    path = tmp_path / "data"
    folder = opened(path)
    shutil.rmtree(path)
    assert folder.status().usable
    assert "was removed or replaced" in caplog.text
    with pytest.raises(InUseError):
        opened(path)
    path.rename(tmp_path / "aside")
    path.mkdir()
    assert folder.status().usable
    with pytest.raises(InUseError):
        opened(path)
    assert caplog.text.count("was removed or replaced") == 2
