"""`drivers.contract` over every kind of source that there is."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.contract import Rig, SourceContract
from tests.contract.emulated_rig import EmulatedRig
from tests.contract.memory import Thermometer
from tests.contract.memory_pair import PairOfThermometers
from tests.contract.micropython_rig import MicroPythonRig
from tests.contract.modbus_rig import ModbusRig
from tests.contract.mysensors_rig import MySensorsRig
from tests.contract.rigs import BoardRig, NetworkRig, SimulatorRig
from tests.contract.sysfs_rig import SysfsRig
from tests.contract.text_rig import SketchRig
from tests.support.micropython_board import NEEDED


class TestSensorline(SourceContract):
    """A board at a device's path."""

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, BoardRig(Path(folder)) as rig:
            yield rig


class TestSensorlineOverTheNetwork(SourceContract):
    """A board behind `socket://`, which tells of no unplug before it is opened."""

    tells_presence = False

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, NetworkRig(Path(folder)) as rig:
            yield rig


class TestEmulatedBoard(SourceContract):
    """A board of the Arduino library, whose chip is emulated."""

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, EmulatedRig(Path(folder)) as rig:
            yield rig


class TestSimulator(SourceContract):
    """`sim:`, whose device is a program that the source starts and ends."""

    unfit = {"test_an_unplug_while_opening": "before the first opening there is no simulator to be told"}

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, SimulatorRig(Path(folder)) as rig:
            yield rig


@NEEDED
class TestMicroPython(SourceContract):
    """The board that people flash, under MicroPython's unix port."""

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, MicroPythonRig(Path(folder)) as rig:
            yield rig


class TestMemory(SourceContract):
    """No byte stream, and nothing to ask: the contract itself knows neither."""

    can_read = False

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with Thermometer() as rig:
            yield rig


class TestMemoryOfTwo(SourceContract):
    """Two devices, whose reads wait for the next value."""

    waits = True
    several = True

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with PairOfThermometers() as rig:
            yield rig


class TestSysfs(SourceContract):
    """The kernel's files, in a made-up tree: a 1-wire thermometer, and a chip on an I2C bus."""

    several = True

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, SysfsRig(Path(folder)) as rig:
            yield rig


class TestMySensors(SourceContract):
    """A gateway with two nodes, of which no sketch answers requests."""

    waits = True
    several = True

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, MySensorsRig(Path(folder)) as rig:
            yield rig


class TestModbus(SourceContract):
    """Two slaves on a bus."""

    several = True

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, ModbusRig(Path(folder)) as rig:
            yield rig


class TestText(SourceContract):
    """A sketch that prints lines; its reads wait for the next one."""

    waits = True

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, SketchRig(Path(folder)) as rig:
            yield rig
