"""`drivers.contract` over every kind of source that there is."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.contract import Rig, SourceContract
from tests.contract.memory import Thermometer
from tests.contract.memory_pair import PairOfThermometers
from tests.contract.rigs import BoardRig, NetworkRig
from tests.contract.text_rig import SketchRig


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


class TestText(SourceContract):
    """A sketch that prints lines; its reads wait for the next one."""

    waits = True

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        with tempfile.TemporaryDirectory() as folder, SketchRig(Path(folder)) as rig:
            yield rig
