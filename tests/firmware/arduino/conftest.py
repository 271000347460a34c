"""Boards of the Arduino library, compiled for this machine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.firmware.arduino.rig import Board, compiled


@pytest.fixture(scope="session")
def rig_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rig as a library."""
    return compiled(tmp_path_factory.mktemp("rig") / "rig.so", "-shared", "-fPIC")


@pytest.fixture
def make_board(rig_library: Path) -> Callable[..., Board]:
    """Makes boards that have not started."""
    return lambda kept=8, value_bytes=2: Board(rig_library, kept, value_bytes)


@pytest.fixture
def board(make_board: Callable[..., Board]) -> Board:
    """One that keeps eight readings, of boot 7, and has said hello."""
    board = make_board()
    board.start()
    return board
