"""Who has a port open, by /proc and by lock files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.errors import PortError
from gateway.probe import users as module
from gateway.probe.users import refuse_used, users


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lock files are."""
    monkeypatch.setattr(module, "LOCKS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", ["{:10d}\n", "{}", "{} minicom root\n", "int"])
def test_a_lock_file(locks: Path, form: str) -> None:
    """As programs of today and of old write them; by-id names are followed to the device."""
    (locks / "by-id").symlink_to("/dev/ttyUSB7")
    pid = os.getppid()
    data = pid.to_bytes(4, sys.byteorder) if form == "int" else form.format(pid).encode()
    (locks / "LCK..ttyUSB7").write_bytes(data)
    assert users(str(locks / "by-id")) == [f"a program with a lock file (pid {pid})"]
    with pytest.raises(PortError, match=rf"is in use by a program with a lock file \(pid {pid}\): not"):
        refuse_used("/dev/ttyUSB7")


def test_lock_files_that_say_nothing(locks: Path) -> None:
    """Of a program that has gone, our own, nonsense, and none."""
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    nonsense = [b"", b"x", b"-1", b"0", b"9" * 31, b"\xff\xff\xff\xff", b" \n"]
    for data in (str(ended.pid).encode(), str(os.getpid()).encode(), *nonsense):
        (locks / "LCK..ttyUSB7").write_bytes(data)
        assert users("/dev/ttyUSB7") == []
    (locks / "LCK..ttyUSB8").mkdir()
    assert users("/dev/ttyUSB8") == users("/dev/ttyUSB9") == []
    refuse_used("/dev/ttyUSB9")


def test_a_url_s_port_has_none(locks: Path) -> None:
    """That anybody here could know of."""
    (locks / "LCK..x").write_text(str(os.getppid()))
    assert users("socket://h:1/x") == []
