"""The list of modules at the top of a package: whoever comes new begins there."""

import re
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "gateway"
PACKAGES = [
    *("clock", "storage", "history", "metrics"),
    *("fleet", "member", "collect", "collect/postgres"),
    *("http", "live", "logs", "plot", "probe", "reload"),
    *("doctor", "doctor/bundle", "history/transfer"),
    *("mqtt", "mqtt/broker", "mqtt/outbox", "mqtt/home_assistant"),
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_in_it(package: str) -> None:
    """And none that is not there any more."""
    folder = GATEWAY / package
    told = re.findall(r"^ *([a-z_]+)/? +\S", (folder / "__init__.py").read_text(), re.MULTILINE)
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert there - set(told) == set()
    listed = re.findall(r"^ *([a-z_]+)/? {2,}\S", (folder / "__init__.py").read_text(), re.MULTILINE)
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert set(listed) - there - packages == set()
