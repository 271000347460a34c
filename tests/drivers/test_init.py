"""The package's public names, which are imported when they are asked for."""

import subprocess
import sys

import pytest

import drivers
from drivers.link import Link
from drivers.temperature import TemperatureSensor
from tests.drivers.conftest import ROOT


def test_each_public_name_is_there() -> None:
    """The same object as in its own module, and seen by `dir`."""
    assert {getattr(drivers, name).__name__ for name in drivers.__all__} == set(drivers.__all__)
    assert set(drivers.__all__) <= set(dir(drivers))
    assert drivers.Link is Link
    assert drivers.TemperatureSensor is TemperatureSensor


def test_another_name_is_an_error() -> None:
    """The usual one."""
    with pytest.raises(AttributeError, match="module 'drivers' has no attribute 'Links'"):
        _ = drivers.Links


def test_who_needs_little_imports_little() -> None:
    """Neither the link nor `sig` for the errors."""
    program = "import sys, drivers.errors; print(*[m for m in ('sig', 'drivers.link') if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ran.stdout == "\n"
