"""Plainline, on a board that is a thread: its own option, and the contract of every source."""

import os
import pty
import select
import tempfile
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers import Link, LinkState
from drivers.contract import SourceContract
from drivers.kinds import new_source
from drivers.source import Source


class Board:
    """Answers `!` and `?`."""

    channel = "pressure"

    def __init__(self, folder: Path) -> None:
        self.link = folder / "board"
        self.plug()

    def source(self) -> Source:
        return new_source("plainline", {"port": str(self.link), "scale": 0.01})

    def measure(self) -> None:
        os.write(self._master, b"P 101320\n")

    def plug(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="plainline-board")
        self._thread.start()
        self.link.symlink_to(os.ttyname(self._slave))
        self.plugged = True

    def unplug(self) -> None:
        if not self.plugged:
            return
        self.plugged = False
        self.link.unlink()
        os.write(self._end, b"x")
        self._thread.join()
        for descriptor in (self._master, self._slave, self._ended, self._end):
            os.close(descriptor)

    def _serve(self) -> None:
        while self._ended not in select.select([self._master, self._ended], [], [])[0]:
            for byte in os.read(self._master, 4096):
                if byte in b"?!":
                    os.write(self._master, b"P 101320\n" if byte == ord("?") else b"I am 0001\n")


@pytest.mark.parametrize(("options", "value"), [({}, 101320.0), ({"scale": 0.01}, 1013.2)])
def test_its_option(tmp_path: Path, options: dict[str, float], value: float) -> None:
    """What the board says is multiplied by `scale`, by 1 where a link has none."""
    board = Board(tmp_path)
    deadline = time.monotonic() + 20
    try:
        with Link("board", str(board.link), protocol="plainline", **options) as link:
            while link.status().state is not LinkState.UP:
                assert time.monotonic() < deadline, link.status()
                time.sleep(0.01)
            assert link.request("read", "pressure").value == pytest.approx(value)
    finally:
        board.unplug()


class TestPlainline(SourceContract):
    @contextmanager
    def rig(self) -> Iterator[Board]:
        with tempfile.TemporaryDirectory() as folder:
            board = Board(Path(folder))
            try:
                yield board
            finally:
                board.unplug()
