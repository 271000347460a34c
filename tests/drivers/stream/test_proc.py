"""Who uses a device: real programs on real pseudo-terminals."""

import os
import pty
import sys
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.stream import proc
from tests.support.programs import running
from tests.support.waiting import until


@pytest.fixture
def slave(no_leaks: None) -> Iterator[str]:
    """A pseudo-terminal's name."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_who_has_it_open(slave: str, tmp_path: Path) -> None:
    """Other programs with name and number, also by a link; not this one."""
    link = tmp_path / "board"
    link.symlink_to(slave)
    assert proc.holders(slave) == []
    with Path(slave).open("rb", buffering=0) as held, running(["sleep", "60"], held) as pid:
        until(lambda: proc.holders(slave) == [f"sleep (pid {pid})"])
        assert proc.holders(str(link)) == [f"sleep (pid {pid})"]


def test_a_look_is_bounded(slave: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In time, and in how many are named."""
    with Path(slave).open("rb", buffering=0) as held, running(["sleep", "60"], held):
        until(lambda: proc.holders(slave))
        with monkeypatch.context() as patched:
            patched.setattr(proc, "ENOUGH", 0)
            assert proc.holders(slave) == []
        monkeypatch.setattr(proc, "LONGEST_S", -1.0)
        assert proc.holders(slave) == []


def test_whose_terminal_it_is(slave: str) -> None:
    """A program that has it as controlling terminal; having it open is not enough."""
    take = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); print(1, flush=True); input()"
    with Path(slave).open("r+b", buffering=0) as opened:
        assert proc.terminal_user(slave) is None
        with running([sys.executable, "-c", take], opened, says=True) as pid:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            assert proc.terminal_user(slave) == f"{name} (pid {pid})"
    until(lambda: proc.terminal_user(slave) is None)


@pytest.mark.parametrize(
    ("there", "is_ours"),
    [("/dev/null", False), (FileNotFoundError(2, "no"), False), (PermissionError(13, "no"), True)],
)
def test_a_terminal_of_that_number_in_a_container(
    slave: str, there: str | OSError, is_ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own /dev/pts, whose terminals are counted from 0 as well, it is another."""
    take = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); print(1, flush=True); input()"
    looks = os.stat

    def look(path: str, **more: Any) -> os.stat_result:
        if not path.startswith("/proc/") or "/root/" not in path:
            return looks(path, **more)
        if isinstance(there, OSError):
            raise there
        return looks(there)

    with (
        Path(slave).open("r+b", buffering=0) as opened,
        running([sys.executable, "-c", take], opened, says=True),
    ):
        with monkeypatch.context() as patched:
            patched.setattr("os.stat", look)
            assert (proc.terminal_user(slave) is not None) is is_ours
        assert proc.terminal_user(slave) is not None


def test_what_is_no_terminal(tmp_path: Path) -> None:
    """Nobody's: nothing there, a file, a device that is none."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file", Path("/dev/null")):
        assert proc.terminal_user(str(path)) is None


@pytest.mark.parametrize("error", [PermissionError(13, "no"), ProcessLookupError(3, "gone")])
def test_programs_that_may_not_be_looked_at(
    slave: str, error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are left out."""

    def refuse(*_: object) -> str:
        raise error

    monkeypatch.setattr("os.readlink", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert proc.holders(slave) == []
    assert proc.terminal_user(slave) is None
    monkeypatch.undo()


def test_without_proc(slave: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is seen."""

    def refuse(*_: object) -> list[str]:
        raise FileNotFoundError(2, "no")

    with monkeypatch.context() as patched:
        patched.setattr("os.listdir", refuse)
        assert proc.holders(slave) == []
        assert proc.terminal_user(slave) is None
