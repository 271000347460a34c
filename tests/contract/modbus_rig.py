"""A rig for the contract: a Modbus bus of two slaves on a pty."""

from pathlib import Path
from typing import Self

from drivers.kinds import new_source
from drivers.source import Source
from tests.support.modbus_slaves import FakeBus, FakeSlave


class ModbusRig:
    """See `drivers.contract.RigOfSeveral`. The slaves are polled: they deliver by themselves."""

    channel = "roof/temperature"
    other = "attic/temperature"

    def __init__(self, folder: Path) -> None:
        self.bus = FakeBus(folder / "bus", {1: FakeSlave({1: 305, 2: 546}), 2: FakeSlave({0: 546, 1: 305})})

    def __enter__(self) -> Self:
        self.bus.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.bus.__exit__()

    def source(self) -> Source:
        """See `Rig`."""
        devices = {"roof": {"id": 1, "profile": "xy-md02"}, "attic": {"id": 2, "profile": "rs-ws-n01"}}
        options = {"port": str(self.bus.link), "devices": devices, "every": 0.1, "timeout": 0.3}
        return new_source("modbus", options)

    def measure(self) -> None:
        """See `Rig`: it is done every 0.1 s."""

    def plug(self) -> None:
        """See `Rig`."""
        self.bus.plug()

    def unplug(self) -> None:
        """See `Rig`."""
        self.bus.unplug()

    def measure_other(self) -> None:
        """See `RigOfSeveral`."""

    def lose_other(self) -> None:
        """See `RigOfSeveral`."""
        self.bus.slaves[2].silent = True

    def return_other(self) -> None:
        """See `RigOfSeveral`."""
        self.bus.slaves[2].silent = False
