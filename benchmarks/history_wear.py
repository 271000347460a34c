"""What reaches the device: sectors written to an ext4 of its own on a loop device, its journal and all.

Where loop devices are not allowed, it is what the process hands to the kernel's write calls (as
benchmarks/sd_card.py counts), in which the file system's own part is missing. `how` says which of the two.
"""

import contextlib
import ctypes
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.sd_card import written

IMAGE_MB = 512
SECTOR = 512
TICK_S = 0.01
"""Of the clock that files get their times from, at most: what comes within one tick changes no time, and so
costs no write of the file system's journal, which it does in real life."""
MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
"""Where the device's image is, if it can be: the sectors are the same, and nobody waits for a disk."""
_LIBC = ctypes.CDLL(None, use_errno=True)


class Meter:
    """Bytes written below `folder`. `device`: its name in /sys/block; None where there is none."""

    def __init__(self, folder: Path, device: str | None) -> None:
        self.folder = folder
        self._device = device
        self._before = self._now()

    @property
    def how(self) -> str:
        """What is counted."""
        return "sectors of an ext4 on a loop device" if self._device else "bytes of write calls"

    def settle(self) -> None:
        """As the system does within seconds: what the file system still holds goes to the device."""
        time.sleep(TICK_S)
        if self._device is None:
            return
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            if _LIBC.syncfs(descriptor) != 0:
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(descriptor)

    def start(self) -> None:
        """From here on."""
        self.settle()
        self._before = self._now()

    def bytes(self) -> int:
        """Since `start`."""
        self.settle()
        return self._now() - self._before

    def _now(self) -> int:
        if self._device is None:
            return written()
        sectors = Path(f"/sys/block/{self._device}/stat").read_text().split()[6]
        return int(sectors) * SECTOR


@contextmanager
def meter() -> Iterator[Meter]:
    """One with an empty folder, for the length of a with block."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as text:
        folder = Path(text)
        with _mounted(folder) as device:
            yield Meter(folder / "card" if device else folder, device)


@contextmanager
def _mounted(folder: Path) -> Iterator[str | None]:
    """At folder/card; None where that is not allowed."""
    image, card = folder / "image", folder / "card"
    with contextlib.ExitStack() as undo:
        try:
            with image.open("wb") as file:
                file.truncate(IMAGE_MB * 1_000_000)
            card.mkdir()
            lazy = "lazy_itable_init=0,lazy_journal_init=0"
            _run("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", lazy, str(image))  # blocks as a card has them
            device = _run("losetup", "--find", "--show", str(image)).strip()
            undo.callback(_run, "losetup", "--detach", device)
            _run("mount", "-o", "noatime", device, str(card))
            undo.callback(_run, "umount", "--lazy", str(card))  # though a failed test has a file open
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"no loop device here, so write calls are counted instead: {error}", flush=True)
            undo.close()
            yield None
            return
        yield Path(device).name


def _run(*command: str) -> str:
    environ = os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout
