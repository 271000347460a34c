"""What the kernel and the time clients say, by folders as /run and /proc, and by this machine's own."""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gateway
from gateway.clock.machine import FIRST_UTC, ThisMachine

LINUX = pytest.mark.skipif(platform.system() != "Linux", reason="Linux's clocks")


@pytest.fixture
def machine(tmp_path: Path) -> ThisMachine:
    """One on which nothing runs."""
    for name in ("run", "proc"):
        (tmp_path / name).mkdir()
    return ThisMachine(tmp_path / "run", tmp_path / "proc")


def test_no_time_client(machine: ThisMachine) -> None:
    """So there is none that is silent."""
    assert machine.silent_client() is None


def test_timesyncd(machine: ThisMachine, tmp_path: Path) -> None:
    """Its folder is there while it runs; it puts a file there at its first answer."""
    folder = tmp_path / "run/systemd/timesync"
    folder.mkdir(parents=True)
    assert machine.silent_client() == "systemd-timesyncd"
    (folder / "synchronized").touch()
    assert machine.silent_client() is None
    (tmp_path / "run/chrony").mkdir()
    (tmp_path / "run/chrony/chronyd.sock").touch()
    assert machine.silent_client() is None, "one that has answered is enough"


def test_chronyd(machine: ThisMachine, tmp_path: Path) -> None:
    """Its socket is there while it runs; that it has answered it tells the kernel."""
    (tmp_path / "run/chrony").mkdir()
    assert machine.silent_client() is None, "an empty folder is what a chronyd of earlier left"
    (tmp_path / "run/chrony/chronyd.sock").touch()
    assert machine.silent_client() == "chronyd"


def test_chronyd_s_folder_is_closed(machine: ThisMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for all users but its own: then the folder alone says that it runs."""

    real = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:
        if str(path).endswith("chronyd.sock"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", stat)
        assert machine.silent_client() == "chronyd"


@pytest.mark.parametrize("name", ["ntpd.pid", "ntpsec/ntpd.pid", "openntpd.pid"])
def test_ntpd(machine: ThisMachine, tmp_path: Path, name: str) -> None:
    """Its process is there; the file alone may be of one that was killed."""
    file = tmp_path / "run" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("612\n")
    assert machine.silent_client() is None
    (tmp_path / "proc/612").mkdir()
    assert machine.silent_client() == "ntpd"
    file.write_text("what?")
    assert machine.silent_client() is None


def test_the_boot_s_name(machine: ThisMachine, tmp_path: Path) -> None:
    """The kernel's; where it does not say, one that no other process has."""
    other = ThisMachine(tmp_path / "run", tmp_path / "proc").boot
    assert machine.boot == machine.boot
    assert machine.boot != other
    (tmp_path / "proc/sys/kernel/random").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/random/boot_id").write_text("0f3a\n")
    assert ThisMachine(tmp_path / "run", tmp_path / "proc").boot == "0f3a"


def test_when_the_program_was_built(machine: ThisMachine) -> None:
    """Not before its newest file was written here, nor before anybody wrote it."""
    newest = max(file.stat().st_mtime for file in Path(gateway.__file__).parent.glob("*.py"))
    assert machine.built == max(newest, FIRST_UTC)
    assert time.strftime("%Y-%m-%d", time.gmtime(FIRST_UTC)) == "2026-01-01"


@LINUX
def test_the_kernel_is_asked() -> None:
    """Whether the clock is synchronised: the answer is that of the kernel's own status word, where the two
    layouts of its struct that there are can be told apart."""
    import ctypes

    class Timex(ctypes.Structure):
        """The beginning of `struct timex`, as a program compiled here has it."""

        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_char * 512),
        )

    timex = Timex()
    assert ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) >= 0
    unsynchronised, clock_error = 0x40, 0x1000
    if ctypes.sizeof(ctypes.c_long) == 8:
        assert Timex.status.offset == 40
    assert ThisMachine().synchronised() is not bool(timex.status & (unsynchronised | clock_error))


@pytest.mark.parametrize(("state", "known"), [(0, True), (1, True), (4, True), (5, False), (-1, False)])
def test_what_the_kernel_answers(machine: ThisMachine, state: int, known: bool) -> None:
    """A leap second under way is no error; TIME_ERROR and a failed call are."""
    call: Callable[[], int] = lambda: state  # noqa: E731 - one that the type checker knows
    machine.__dict__["_adjtimex"] = call
    assert machine.synchronised() is known


@LINUX
def test_the_machine_s_clocks() -> None:
    """UTC, and the time since the boot, which goes on."""
    machine = ThisMachine()
    assert abs(machine.wall() - time.time()) < 60
    first = machine.boottime()
    assert machine.boottime() >= first >= time.monotonic() - 60
