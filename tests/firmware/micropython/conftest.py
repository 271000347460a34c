"""The board's modules, which CPython can import too, and the board itself on a pty."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.firmware.micropython.wire import Wire
from tests.support.leaks import nothing_left
from tests.support.micropython_board import FIRMWARE, MicroPythonBoard


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No process, no descriptor."""
    with nothing_left():
        yield


@pytest.fixture
def firmware(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package `sensorline` can be imported."""
    monkeypatch.syspath_prepend(str(FIRMWARE))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "sensorline"]:
        del sys.modules[name]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Callable[..., Wire]]:
    """Start the board with these options; its port, opened."""
    with ExitStack() as stack:

        def start(*options: str) -> Wire:
            one = stack.enter_context(MicroPythonBoard(tmp_path, *options))
            return stack.enter_context(Wire(one))

        yield start
