"""An emulated chip that runs `probe.c`, and who talks with it over its port."""

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from firmware_sim.line import LineReader
from tests.support.emulated_board import EmulatedBoard
from tests.support.leaks import nothing_left
from tests.support.waiting import DEADLINE_S, until


class Probe(EmulatedBoard):
    """The port is open from `open` to `close`."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder, "probe", ("--seed", "1", *options))
        self._port = -1
        self._reader = LineReader()
        self._lines: list[str] = []

    def open(self) -> Self:
        """Open the port, as who talks with a board does."""
        self._port = os.open(self.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._reader = LineReader()
        self._lines = []
        return self

    def close(self) -> None:
        """Close it."""
        if self._port >= 0:
            os.close(self._port)
            self._port = -1

    def send(self, data: bytes) -> None:
        """Write to the port."""
        assert os.write(self._port, data) == len(data)

    def read(self, within_s: float = DEADLINE_S) -> bytes:
        """The next bytes that come; none when none came in the time."""
        return os.read(self._port, 4096) if select.select([self._port], [], [], within_s)[0] else b""

    def line(self) -> str:
        """The next good line's body; waits for it."""
        end = time.monotonic() + DEADLINE_S
        while not self._lines:
            self._lines += self._reader.feed(self.read(1.0))
            assert time.monotonic() < end, f"no line came: {self.status()}"
        return self._lines.pop(0).removeprefix("D ")

    def do(self, command: bytes) -> str:
        """The answer to a command."""
        self.send(command)
        return self.line()

    def stop(self, *arguments: int) -> int:
        """See `EmulatedBoard`."""
        self.close()
        return super().stop(*arguments)


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Callable[..., Probe]]:
    """Starts chips with options of the test's own, that have said their first line; ended afterwards."""
    with nothing_left(), ExitStack() as stack:

        def started(*options: str) -> Probe:
            chip = stack.enter_context(Probe(tmp_path, *options))
            until(chip.said, what="the chip's first line")
            return chip

        yield started
    assert not (tmp_path / "board").is_symlink()
    assert not (tmp_path / "board.control").exists()


@pytest.fixture
def chip(probe: Callable[..., Probe]) -> Probe:
    """One whose port is open."""
    return probe().open()
