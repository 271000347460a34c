"""A rig over a made-up `/sys`: a 1-wire thermometer and a BME280."""

from pathlib import Path
from typing import Self

from drivers.kinds import new_source
from drivers.source import Source
from tests.support.made_up_sysfs import I2C, MadeUpTree, put

W1_ID = "28-0316a2794b1f"


class SysfsRig:
    """See `drivers.contract.RigOfSeveral`."""

    channel = f"w1/{W1_ID}"
    other = "iio/bme280/temp"

    def __init__(self, folder: Path) -> None:
        self._tree = MadeUpTree(folder)
        self._value = 21_000

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        return new_source("sysfs", {"root": str(self._tree.root), "every": "100ms"})

    def measure(self) -> None:
        """See `Rig`: it is polled all the time."""
        self._value += 62
        put(self._first, "temperature", f"{self._value}\n")

    def measure_other(self) -> None:
        """See `RigOfSeveral`."""
        self._value += 62
        put(self._second, "in_temp_input", f"{self._value}\n")

    def plug(self) -> None:
        """See `Rig`."""
        self._first = self._tree.w1(W1_ID, temperature="21062\n")
        self.return_other()

    def unplug(self) -> None:
        """See `Rig`."""
        self._tree.remove(self._first)
        self.lose_other()

    def lose_other(self) -> None:
        """See `RigOfSeveral`."""
        self._tree.remove(self._second)

    def return_other(self) -> None:
        """See `RigOfSeveral`."""
        self._second = self._tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="22500\n")
