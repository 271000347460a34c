"""A made-up `/sys`: with links between its folders as the kernel has them."""

import itertools
import os
import shutil
from pathlib import Path

I2C = "devices/platform/soc/fe804000.i2c/i2c-1"
MASTER = "devices/w1_bus_master1"
PIN = "devices/platform"


class MadeUpTree:
    """Below `root`. Folders that go are kept aside, so that none that comes later has their inode."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._gone = root / "gone"
        self._count = itertools.count()
        for folder in ("bus/iio/devices", "class/hwmon", "bus/w1/devices"):
            (root / folder).mkdir(parents=True)
        self._gone.mkdir()

    def iio(self, name: str, device: str, number: int = 0, **files: str) -> Path:
        """A chip of iio, within the folder of the device that it belongs to: `I2C/1-0076`."""
        return self._chip("bus/iio/devices", f"{device}/iio:device{number}", name, files)

    def hwmon(self, name: str, device: str, number: int = 0, **files: str) -> Path:
        """A chip of hwmon, with a link to its device."""
        folder = self._chip("class/hwmon", f"{device}/hwmon/hwmon{number}", name, files)
        (folder / "device").symlink_to(self.root / device)
        return folder

    def w1(self, identity: str, master: str = MASTER, **files: str) -> Path:
        """A chip on a 1-wire bus."""
        if not (self.root / master).exists():
            (self.root / master).mkdir(parents=True)
            (self.root / "bus/w1/devices" / Path(master).name).symlink_to(self.root / master)
        return self._chip("bus/w1/devices", f"{master}/{identity}", "", files)

    def remove(self, folder: Path) -> None:
        """It is pulled out: its link goes, and its folder."""
        for listing in ("bus/iio/devices", "class/hwmon", "bus/w1/devices"):
            (self.root / listing / folder.name).unlink(missing_ok=True)
        folder.rename(self._gone / str(next(self._count)))

    def _chip(self, listing: str, path: str, name: str, files: dict[str, str]) -> Path:
        folder = self.root / path
        folder.mkdir(parents=True)
        if name:
            files = {"name": f"{name}\n", **files}
        for file, text in files.items():
            (folder / file).write_text(text)
        (self.root / listing / folder.name).symlink_to(folder)
        return folder


def put(folder: Path, file: str, text: str) -> None:
    """Write a value as the kernel does: no reader sees half of it."""
    fresh = folder / f".{file}"
    fresh.write_text(text)
    os.replace(fresh, folder / file)  # noqa: PTH105 - the one that replaces


def hang(folder: Path, file: str) -> None:
    """Have a read of the file wait for ever: it is a pipe that nobody writes to."""
    (folder / file).unlink(missing_ok=True)
    os.mkfifo(folder / file)


def free(folder: Path, file: str) -> None:
    """Have the reads that hang return, with nothing."""
    while True:
        try:
            os.close(os.open(folder / file, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return


def clean(root: Path) -> None:
    """Remove the tree."""
    shutil.rmtree(root, ignore_errors=True)
