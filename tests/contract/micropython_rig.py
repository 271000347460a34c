"""A rig for the contract: the board in MicroPython, on a pty."""

from pathlib import Path
from typing import Self

from drivers.kinds import new_source
from drivers.source import Source
from tests.support.micropython_board import MicroPythonBoard


class MicroPythonRig:
    """Reports each 20 ms by itself."""

    channel = "temp"

    def __init__(self, folder: Path) -> None:
        self._board = MicroPythonBoard(folder, "interval=20")

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        return new_source("sensorline", {"port": str(self._board.link)})

    def measure(self) -> None:
        """See `Rig`."""

    def plug(self) -> None:
        """See `Rig`."""
        self._board.plug()

    def unplug(self) -> None:
        """See `Rig`."""
        self._board.unplug()
