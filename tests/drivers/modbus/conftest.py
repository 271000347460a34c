"""A bus for every test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.modbus_link import xy
from tests.support.modbus_slaves import FakeBus


@pytest.fixture
def bus(no_leaks: None, tmp_path: Path) -> Iterator[FakeBus]:
    """Slaves 1 and 2 on a pty, both an XY-MD02."""
    with FakeBus(tmp_path / "bus", {1: xy(), 2: xy(temperature=-53, humidity=612)}) as bus:
        yield bus
