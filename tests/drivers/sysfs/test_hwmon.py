"""hwmon: what a folder has, and its units. Names by the kernel's Documentation/hwmon/sysfs-interface.rst."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sysfs.faults import Fault
from drivers.sysfs.hwmon import quantities
from tests.drivers.sysfs.test_iio import Texts


@pytest.mark.parametrize(
    ("file", "name", "text", "expected", "kind", "unit"),
    [
        ("temp1_input", "temp1", "31500", 31.5, "temperature", "C"),  # the example of hwmon/sht3x.rst
        ("temp12_input", "temp12", "-1000\n", -1.0, "temperature", "C"),
        ("humidity1_input", "humidity1", "45500", 45.5, "humidity", "%"),
        ("in0_input", "in0", "3308", 3.308, "voltage", "V"),
        ("curr1_input", "curr1", "1250", 1.25, "current", "A"),
        ("power1_input", "power1", "2500000", 2.5, "power", "W"),
        ("power1_average", "power1", "2500000", 2.5, "power", "W"),
        ("energy1_input", "energy1", "1000000", 1.0, "energy", "J"),
        ("fan1_input", "fan1", "1200", 1200.0, "", "rpm"),
    ],
)
def test_values(file: str, name: str, text: str, expected: float, kind: str, unit: str) -> None:
    """All are small units, and whole numbers."""
    found = quantities([file, "name", "uevent"])
    assert list(found) == [name]
    assert (found[name].name, found[name].kind, found[name].unit) == (name, kind, unit)
    assert found[name].read(Texts({file: text}), "folder") == expected


def test_what_is_no_measurement() -> None:
    """Limits, alarms, labels, outputs."""
    names = [
        "temp1_max",
        "temp1_alarm",
        "temp1_label",
        "pwm1",
        "beep_enable",
        "update_interval",
        "temp_input",
    ]
    assert quantities(names) == {}


def test_now_goes_before_average() -> None:
    """Where a chip has both."""
    found = quantities(["power1_average", "power1_input", "temp2_input", "temp1_input"])
    assert found["power1"].read(Texts({"power1_input": "1000000", "power1_average": "2"}), "f") == 1.0
    assert list(found) == ["power1", "temp1", "temp2"]


@pytest.mark.parametrize("says", ["1", "1\n", "2"])
def test_a_broken_sensor(says: str) -> None:
    """`temp1_fault`: its value means nothing."""
    found = quantities(["temp1_input", "temp1_fault"])["temp1"]
    assert found.read(Texts({"temp1_input": "20000", "temp1_fault": "0\n"}), "folder") == 20.0
    with pytest.raises(Fault, match="temp1_fault is set: the sensor is not connected, or shorted"):
        found.read(Texts({"temp1_input": "20000", "temp1_fault": says}), "folder")


@given(st.lists(st.text(max_size=30)), st.text(), st.text())
def test_any_names_and_texts(names: list[str], text: str, fault: str) -> None:
    """A number or a fault."""
    quantities(names)
    found = quantities(["temp1_input", "temp1_fault"])["temp1"]
    with suppress(Fault):
        found.read(Texts({"temp1_input": text, "temp1_fault": fault}), "folder")
