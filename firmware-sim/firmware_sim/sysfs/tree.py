"""The folder: files that are replaced whole, and what stands in a file's place so that reading goes wrong."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from firmware_sim.errors import SimulatorError

MARK = ".firmware-sim"
"""A file that says that a folder is ours, and may be removed."""
BAD_MEMORY = "/proc/self/mem"
"""Whoever reads this from its start reads its own memory at address 0, where there is none: EIO."""


class Tree:
    """A folder at `root`, from `make` to `remove`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._new = root / f"{MARK}.new"

    def check(self) -> None:
        """SimulatorError when something that is not ours is in the way."""
        ours = self.root.is_dir() and ((self.root / MARK).exists() or not any(self.root.iterdir()))
        if os.path.lexists(self.root) and (self.root.is_symlink() or not ours):
            raise SimulatorError(
                f"{self.root}: expected nothing there, or a folder that a simulator made; got something "
                "else, which is left alone; give another --link"
            )

    def make(self) -> None:
        """An empty folder, whatever a simulator that was killed left there."""
        self.remove()
        try:
            self.root.mkdir()
            (self.root / MARK).touch()
        except OSError as err:
            raise SimulatorError(f"{self.root}: cannot make the folder: {err.strerror}") from err

    def remove(self) -> None:
        """All of it, and let readers go that hang in it."""
        if self.root.is_dir():
            with _letting_go(self.root.rglob("*")):
                shutil.rmtree(self.root)

    def write(self, path: str, text: str) -> None:
        """Put a file there in one step: a reader gets the old text or the new one, whole."""
        self._new.write_text(text)
        self._put(path)

    def hang(self, path: str) -> None:
        """A FIFO: who opens it to read waits until somebody writes."""
        os.mkfifo(self._new)
        self._put(path)

    def fail(self, path: str) -> None:
        """Reading it is an error, EIO."""
        self._new.symlink_to(BAD_MEMORY)
        self._put(path)

    def overwrite(self, path: str, text: str) -> None:
        """Change what is in a file that others write too, and may have open."""
        with (self.root / path).open("r+") as file:
            file.truncate(0)
            file.write(text)

    def read(self, path: str) -> str:
        """What is in a file; nothing where there is none."""
        try:
            return (self.root / path).read_text(errors="replace")
        except OSError:
            return ""

    def link(self, path: str, target: str) -> None:
        """A symbolic link to another folder of the tree, as sysfs has them: relative."""
        where = self.root / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.symlink_to(os.path.relpath(self.root / target, where.parent))

    def drop(self, path: str) -> None:
        """Remove a file, a link or a folder with what is in it."""
        where = self.root / path
        if where.is_symlink() or not where.is_dir():
            with _letting_go([where]):
                where.unlink(missing_ok=True)
        else:
            with _letting_go(where.rglob("*")):
                shutil.rmtree(where)

    def _put(self, path: str) -> None:
        where = self.root / path
        where.parent.mkdir(parents=True, exist_ok=True)
        with _letting_go([where]):
            self._new.replace(where)


@contextmanager
def _letting_go(paths: Iterable[Path]) -> Iterator[None]:
    """Whoever hangs in a FIFO of `paths`, once it has been removed, reads its end: else he hangs for ever."""
    fifos = [os.open(path, os.O_PATH) for path in paths if path.is_fifo() and not path.is_symlink()]
    try:
        yield
    finally:
        for fifo in fifos:
            with suppress(OSError):  # nobody hangs
                os.close(os.open(f"/proc/self/fd/{fifo}", os.O_WRONLY | os.O_NONBLOCK))
            os.close(fifo)
