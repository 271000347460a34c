"""A rig for the contract: the light sensor of the Arduino library, on an emulated ATmega328P."""

from pathlib import Path
from typing import Self

from drivers.kinds import new_source
from drivers.source import Source
from tests.support.emulated_board import EmulatedBoard


class EmulatedRig:
    """Its board measures once a second by itself, and has a supply of its own: an unplug does not stop it."""

    channel = "lux"

    def __init__(self, folder: Path) -> None:
        self._board = EmulatedBoard(folder, "Light")

    def __enter__(self) -> Self:
        self._board.start()
        self._board.tell("millivolts A0 2500")
        return self

    def __exit__(self, *_: object) -> None:
        self._board.stop()

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        return new_source("sensorline", {"port": str(self._board.link)})

    def measure(self) -> None:
        """See `Rig`: it does so each second."""

    def plug(self) -> None:
        """See `Rig`."""
        self._board.tell("plug")

    def unplug(self) -> None:
        """See `Rig`."""
        self._board.tell("unplug")
