"""The protocol's tables: by number, as core/MyMessage.h has them."""

import pytest

from drivers.stream.mysensors import types
from drivers.stream.mysensors.types import CHILD_TYPES, VALUES, Payload, quantity


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "S_DOOR"),
        (3, "S_BINARY"),
        (6, "S_TEMP"),
        (7, "S_HUM"),
        (8, "S_BARO"),
        (16, "S_LIGHT_LEVEL"),
        (17, "S_ARDUINO_NODE"),
        (18, "S_ARDUINO_REPEATER_NODE"),
        (22, "S_AIR_QUALITY"),
        (30, "S_MULTIMETER"),
        (35, "S_MOISTURE"),
        (39, "S_WATER_QUALITY"),
    ],
)
def test_children(number: int, name: str) -> None:
    """Each has its number."""
    assert CHILD_TYPES[number] == name
    assert len(CHILD_TYPES) == 40


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "V_TEMP"),
        (1, "V_HUM"),
        (2, "V_STATUS"),
        (4, "V_PRESSURE"),
        (5, "V_FORECAST"),
        (10, "V_DIRECTION"),
        (16, "V_TRIPPED"),
        (17, "V_WATT"),
        (18, "V_KWH"),
        (23, "V_LIGHT_LEVEL"),
        (24, "V_VAR1"),
        (28, "V_VAR5"),
        (33, "V_IR_RECEIVE"),
        (34, "V_FLOW"),
        (35, "V_VOLUME"),
        (37, "V_LEVEL"),
        (38, "V_VOLTAGE"),
        (39, "V_CURRENT"),
        (43, "V_UNIT_PREFIX"),
        (47, "V_TEXT"),
        (48, "V_CUSTOM"),
        (49, "V_POSITION"),
        (51, "V_PH"),
        (53, "V_EC"),
        (56, "V_POWER_FACTOR"),
        (57, "V_MULTI_MESSAGE"),
    ],
)
def test_values(number: int, name: str) -> None:
    """Each has its number."""
    assert VALUES[number].name == name
    assert len(VALUES) == 58


def test_what_values_are() -> None:
    """Metric; percent of light is no lux; a distance has whatever unit the sketch likes."""
    kinds = {value.name: (value.kind, value.unit) for value in VALUES}
    assert kinds["V_TEMP"] == ("temperature", "C")
    assert kinds["V_HUM"] == ("humidity", "%")
    assert kinds["V_PRESSURE"] == ("pressure", "hPa")
    assert kinds["V_LIGHT_LEVEL"] == ("", "%")
    assert kinds["V_DISTANCE"] == ("", "")
    assert kinds["V_VOLTAGE"] == ("voltage", "V")


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        ("S_LIGHT_LEVEL", ("light", "lx")),
        ("S_SOUND", ("sound_pressure", "dB")),
        ("S_MOISTURE", ("moisture", "%")),
        ("S_VIBRATION", ("frequency", "Hz")),
        ("S_DUST", ("", "")),
    ],
)
def test_a_level_is_what_the_child_measures(child: str, expected: tuple[str, str]) -> None:
    """V_LEVEL says nothing by itself; nothing else depends on the child."""
    number = CHILD_TYPES.index(child)
    assert quantity(number, 37) == expected
    assert quantity(None, 37) == ("", "")
    assert quantity(number, 0) == quantity(None, 0) == ("temperature", "C")


def test_only_what_is_measured_may_be_asked_for() -> None:
    """A relay that is sent a request with an empty payload may switch off."""
    never = {"V_STATUS", "V_PERCENTAGE", "V_ARMED", "V_TRIPPED", "V_LOCK_STATUS", "V_UP", "V_DOWN", "V_STOP"}
    never |= {"V_RGB", "V_RGBW", "V_IR_SEND", "V_HVAC_SETPOINT_HEAT", "V_HVAC_SETPOINT_COOL", "V_VAR1"}
    never |= {"V_SCENE_ON", "V_TEXT", "V_CUSTOM"}
    measured = {value.name for value in VALUES if value.measured}
    assert not measured & never
    assert measured >= {"V_TEMP", "V_HUM", "V_PRESSURE", "V_LEVEL", "V_VOLTAGE"}
    assert all(value.payload is Payload.NUMBER for value in VALUES if value.measured)


def test_the_main_kind_of_a_child_is_one_that_it_may_report() -> None:
    """No child is in both tables."""
    assert not types.MAIN.keys() & types.PREFERRED.keys()
    named = {CHILD_TYPES[child]: VALUES[value].name for child, value in types.MAIN.items()}
    assert named["S_TEMP"] == "V_TEMP"
    assert named["S_BARO"] == "V_PRESSURE"
    assert named["S_POWER"] == "V_WATT"
    assert VALUES[types.PREFERRED[16]].name == "V_LEVEL"
