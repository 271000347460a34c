"""Who else uses a device, as /proc shows it: of other users' programs only root sees the files.

Bounded in time, and tolerant of programs that end meanwhile or may not be looked at. From any thread.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress

LONGEST_S = 0.5  # a Pi Zero needs a tenth of it for 150 programs
ENOUGH = 4


def holders(path: str, longest_s: float | None = None) -> list[str]:
    """The other programs that have the device at `path` open, such as `ModemManager (pid 812)`. Of a
    pseudo-terminal, whoever is its other end is no user. Those that are not found in `longest_s` (by default
    `LONGEST_S`) are not told."""
    device = os.path.realpath(path)
    until = time.monotonic() + (LONGEST_S if longest_s is None else longest_s)
    found: list[str] = []
    for pid in _pids():
        if time.monotonic() > until or len(found) == ENOUGH:
            break
        if pid != os.getpid() and _has_open(pid, device) and not _is_other_end(pid, device):
            found.append(f"{_name(pid)} (pid {pid})")
    return found


def terminal_user(path: str) -> str | None:
    """The program whose controlling terminal the device at `path` is, the one that its session began with if
    that still runs; None if nobody's. A pseudo-terminal that stands for a serial port is nobody's."""
    try:
        status = os.stat(path)  # noqa: PTH116 - the text that the config has
    except OSError:
        return None
    if not stat.S_ISCHR(status.st_mode):
        return None
    user = None
    for pid in _pids():
        try:
            fields = _read(pid, "stat").rpartition(")")[2].split()
            session, terminal = int(fields[3]), int(fields[4]) & 0xFFFFFFFF
        except (OSError, ValueError, IndexError):  # it has just ended
            continue
        if terminal and terminal == _as_in_stat(status.st_rdev) and _is_same_device(pid, path, status):
            user = f"{_name(pid)} (pid {pid})"
            if session == pid:
                break
    return user


def _is_same_device(pid: int, path: str, status: os.stat_result) -> bool:
    """Whether the program means this device by those numbers: one in a container has pseudo-terminals of its
    own, which are counted from 0, too. Where that may not be looked at, it does."""
    try:
        its = os.stat(f"/proc/{pid}/root{os.path.realpath(path)}")  # noqa: PTH116 - as above
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return (its.st_dev, its.st_ino) == (status.st_dev, status.st_ino)


def _as_in_stat(device: int) -> int:
    major, minor = os.major(device), os.minor(device)
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)


def _pids() -> Iterator[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - hundreds of names
    except OSError:
        return iter(())
    return (int(name) for name in names if name.isdecimal())


def _has_open(pid: int, device: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        for number in os.listdir(folder):  # noqa: PTH208 - as above
            if os.readlink(f"{folder}/{number}") == device:  # noqa: PTH115 - as above
                return True
    except OSError:  # not ours to look at, or it has just ended
        pass
    return False


def _is_other_end(pid: int, device: str) -> bool:
    """Whether the program has the other end of that pseudo-terminal: it stands for the device."""
    if not device.startswith("/dev/pts/"):
        return False
    index = f"tty-index:\t{device.removeprefix('/dev/pts/')}\n"
    folder = f"/proc/{pid}/fd"
    with suppress(OSError):
        for number in os.listdir(folder):  # noqa: PTH208 - as above
            is_master = os.readlink(f"{folder}/{number}") == "/dev/ptmx"  # noqa: PTH115 - as above
            if is_master and index in _read(pid, f"fdinfo/{number}"):
                return True
    return False


def _name(pid: int) -> str:
    try:
        return _read(pid, "comm").strip()
    except OSError:
        return "a program"


def _read(pid: int, file: str) -> str:
    with open(f"/proc/{pid}/{file}", "rb") as opened:  # noqa: PTH123 - as above
        return opened.read().decode(errors="replace")
