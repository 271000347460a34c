"""The machine's clocks, and what its kernel and its time clients say of them. Looks, and changes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol

from drivers.clock import boottime

TIME_ERROR = 5
"""What adjtimex(2) returns while nobody disciplines the clock (STA_UNSYNC)."""
TIMEX_BYTES = 512
"""`struct timex` has at most 208 bytes, whatever the width of `long` and of `time_t`."""
FIRST_UTC = 1_767_225_600.0
"""2026: before this program was written."""


class Machine(Protocol):
    """Where time comes from. From any thread; each call takes some µs."""

    @property
    def boot(self) -> str:
        """The kernel's id of this boot, in which `boottime` goes on without a jump."""

    @property
    def built(self) -> float:
        """This program is not older (UTC seconds)."""

    def wall(self) -> float:
        """UTC seconds, as the machine's clock has them."""

    def boottime(self) -> float:
        """Seconds since the boot, suspends included."""

    def synchronised(self) -> bool:
        """Whether the kernel says that somebody keeps the clock right."""

    def silent_client(self) -> str | None:
        """A time client that runs and has had no answer since it was started; None if there is none."""


class ThisMachine:
    """Linux. `run` and `proc` are folders as /run and /proc."""

    wall = staticmethod(time.time)
    boottime = staticmethod(boottime)

    def __init__(self, run: Path = Path("/run"), proc: Path = Path("/proc")) -> None:
        self._timesync = run / "systemd/timesync"
        self._chrony = run / "chrony/chronyd.sock"
        self._pids = [run / "ntpd.pid", run / "ntpsec/ntpd.pid", run / "openntpd.pid"]
        self._proc = proc

    @cached_property
    def boot(self) -> str:
        """See `Machine`; where the kernel does not say it, a name of our own, for this process alone."""
        try:
            return (self._proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return os.urandom(8).hex()

    @cached_property
    def built(self) -> float:
        """See `Machine`: when the newest of the program's files was written here.

        A date that a release carries would be older, and a checkout has none. Files that were written while
        the clock was ahead are of the future: that is why this counts only where nobody keeps the clock.
        """
        files = Path(__file__).parents[1].glob("*.py")
        return max([FIRST_UTC, *(file.stat().st_mtime for file in files)])

    def synchronised(self) -> bool:
        """See `Machine`."""
        return self._adjtimex() not in (TIME_ERROR, -1)

    def silent_client(self) -> str | None:
        """See `Machine`."""
        if self._timesync.exists():  # the service's, as long as it runs
            return None if (self._timesync / "synchronized").exists() else "systemd-timesyncd"
        if _exists(self._chrony):  # it tells the kernel when it has had answers (`rtcsync`, as shipped)
            return "chronyd"
        if any(map(self._lives, self._pids)):
            return "ntpd"
        return None

    def _lives(self, pid_file: Path) -> bool:
        try:
            return (self._proc / str(int(pid_file.read_text()))).exists()
        except (OSError, ValueError):
            return False

    @cached_property
    def _adjtimex(self) -> Callable[[], int]:
        """Asks the kernel. Only the returned state is read: where a 32-bit ARM has which field of the struct
        depends on the C library's `time_t`; that `modes`, 0 to change nothing, comes first does not."""
        import ctypes  # 4 ms

        try:
            call = ctypes.CDLL(None).adjtimex
        except (OSError, AttributeError):  # no Linux
            return lambda: -1
        timex = bytes(TIMEX_BYTES)
        return lambda: int(call(ctypes.create_string_buffer(timex, TIMEX_BYTES)))


def _exists(path: Path) -> bool:
    """Also where only its folder can be seen: chrony's is for chrony alone, and goes when chrony ends."""
    try:
        os.stat(path)  # noqa: PTH116 - Path.exists() hides what was wrong
    except PermissionError:
        return True
    except OSError:
        return False
    return True
