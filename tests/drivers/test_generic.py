"""Any other quantity."""

import json
from dataclasses import replace
from typing import Any

import pytest

from drivers import OptionError
from drivers.device_classes import DEVICE_CLASSES
from drivers.generic import GenericSensor
from drivers.options import parse_options
from drivers.source import Channel
from drivers.units import GREEK_MU, MICRO_SIGN
from tests.support.desk import Desk

CO2 = Channel("co2", unannounced=True)


def generic(channel: Channel = CO2, **options: Any) -> Desk:
    desk = Desk(GenericSensor, channel, **{"unit": "ppm", **options}).up()
    assert desk.names() == ["#connect"]
    return desk


def test_a_quantity_of_any_name() -> None:
    """Its unit is the config's; its events are low and high; info is JSON."""
    desk = generic(device_class="carbon_dioxide", low=400, high=1200)
    desk.measure(800, 1300, 390)
    assert [(name, data["value"], data["unit"]) for name, data in desk.events] == [
        ("#changed", 800, "ppm"),
        ("#changed", 1300, "ppm"),
        ("high", 1300, "ppm"),
        ("#changed", 390, "ppm"),
        ("low", 390, "ppm"),
    ]
    info = json.loads(json.dumps(desk.sensor.info(), allow_nan=False))
    assert (info["kind"], info["unit"], info["raw"]) == ("generic", "ppm", 390)
    assert info["options"]["device_class"] == "carbon_dioxide"
    assert info["channel"] == {
        "name": "co2",
        "unit": "",
        "resolution": None,
        "range": [None, None],
        "interval": 0.0,
    }


def test_a_channel_of_any_kind_fits() -> None:
    """The board calls it pressure, and the config generic."""
    desk = generic(Channel("baro", "pressure", "hPa", 0.1, 300, 1100, 1.0), unit="hPa")
    desk.measure(1013.2)
    assert desk.taken("#changed") == [1013.2]


@pytest.mark.parametrize(("says", "unit"), [("Pa", "hPa"), ("%", ""), ("", "hPa"), ("°C", "C")])
def test_the_source_s_unit_and_the_config_s(says: str, unit: str) -> None:
    """Are the same, or the source does not say."""
    desk = Desk(GenericSensor, replace(CO2, unit=says), unit=unit).up()
    if says in ("", "°C"):
        assert desk.names() == ["#connect"]
        return
    text = f'channel {"co2"!r} is in {says!r}, and the config says `unit: {unit}`; write unit: "{says}"'
    assert desk.sensor.problem == text
    assert desk.names() == []


def test_precision_is_that_of_the_value_published() -> None:
    """Before the deadband: what is the same when rounded is no change."""
    desk = generic(precision=0)
    desk.measure(800.4, 799.6, 800.6)
    assert desk.taken("#changed") == [800, 801]
    assert desk.sensor.info()["raw"] == 800.6


@pytest.mark.parametrize(
    ("options", "values", "expected"),
    [
        ({"unit": "%", "device_class": "battery"}, [100.5], [(100.5, "suspect")]),
        (
            {"unit": "%", "device_class": "moisture", "clamp": True},
            [104, 106],
            [(100, "good"), (106, "suspect")],
        ),
        ({"unit": "%", "clamp": True}, [104], [(104, "good")]),
        ({"unit": "ppm", "device_class": "carbon_dioxide"}, [-1], [(-1, "good")]),
    ],
)
def test_limits_are_those_of_the_class(
    options: dict[str, Any], values: list[float], expected: list[tuple[float, str]]
) -> None:
    """A percentage of something ends at 0 and 100; without a class nothing is known."""
    desk = generic(**options)
    desk.measure(*values)
    assert [(data["value"], data["quality"]) for _, data in desk.events] == expected


def check(**options: Any) -> None:
    parsed = parse_options(GenericSensor.option_table(), options)
    GenericSensor.check_options(parsed)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "unit: is missing: expected a unit such as hPa"),
        ({"unit": 5}, "unit: expected a text, got 5"),
        (
            {"unit": "bars", "device_class": "pressure"},
            "unit: Home Assistant takes for device_class pressure: hPa, Pa, kPa, mPa, bar, mbar, cbar, "
            "mmHg, inHg, inH₂O, psi; got 'bars'",
        ),
        ({"unit": "", "device_class": "pressure"}, "psi; got none$"),
        (
            {"unit": "pH", "device_class": "ph"},
            'unit: Home Assistant takes for device_class ph: none \\(write unit: ""',
        ),
        (
            {"unit": "x", "device_class": "presure"},
            "device_class: expected .*, got 'presure'; did you mean 'pressure'\\?",
        ),
        ({"unit": "x", "device_class": "qqqq"}, "one of absolute_humidity, apparent_power, aqi, "),
        ({"unit": "x", "device_class": "timestamp"}, "expected a device class of numbers, got 'timestamp'"),
        ({"unit": "x", "device_class": ["x"]}, "device_class: expected"),
        ({"unit": "x", "precision": 1.5}, "precision: expected a whole number from 0 to 10, got 1.5"),
        ({"unit": "x", "precision": 11}, "precision: expected a whole number from 0 to 10, got 11"),
        ({"unit": "x", "show": "F"}, "show: unknown option"),
        ({"unit": "x", "low": 5, "high": 4}, "low: expected less than high"),
    ],
)
def test_wrong_options(options: dict[str, Any], text: str) -> None:
    """Each says what is expected."""
    with pytest.raises(OptionError, match=text):
        check(**options)


@pytest.mark.parametrize(
    ("device_class", "written", "published"),
    [
        ("temperature", "C", "°C"),
        ("temperature", "°F", "°F"),
        ("illuminance", "lux", "lx"),
        ("pm25", f"{GREEK_MU}g/m³", f"{MICRO_SIGN}g/m³"),
        ("duration", f"{MICRO_SIGN}s", f"{GREEK_MU}s"),
        ("ph", "", ""),
        ("power_factor", "", ""),
        ("monetary", "EUR", "EUR"),
        (None, "furlong", "furlong"),
        (None, "C", "C"),
    ],
)
def test_the_unit_is_written_as_home_assistant_does(
    device_class: str | None, written: str, published: str
) -> None:
    """However the config writes it; without a class, as the config does."""
    check(unit=written, device_class=device_class)
    parsed = parse_options(GenericSensor.option_table(), {"unit": written, "device_class": device_class})
    quantity = GenericSensor.quantity(parsed)
    assert quantity.unit == published
    assert quantity.device_class == device_class
    assert quantity.unfit(Channel("x", unit=written)) is None


def test_state_classes_are_those_that_home_assistant_takes() -> None:
    """What is counted is a total; an angle has none that all versions know."""
    totals = {name for name, one in DEVICE_CLASSES.items() if one.state_class == "total_increasing"}
    assert totals == {"energy", "gas", "precipitation", "reactive_energy", "volume", "water"}
    assert {name for name, one in DEVICE_CLASSES.items() if one.state_class is None} == {
        "monetary",
        "wind_direction",
    }


@pytest.mark.parametrize(
    ("device_class", "taken", "refused"),
    [
        ("pressure", "hPa", "atm"),
        ("carbon_dioxide", "ppm", "ppb"),
        ("moisture", "%", ""),
        ("battery", "%", "V"),
        ("voltage", "mV", "mA"),
        ("current", "A", "V"),
        ("pm25", f"{MICRO_SIGN}g/m³", "mg/m³"),
        ("volatile_organic_compounds_parts", "ppb", f"{MICRO_SIGN}g/m³"),
        ("signal_strength", "dBm", "%"),
        ("wind_speed", "km/h", "mm/h"),
        ("speed", "mm/h", "knots"),
        ("distance", "cm", "metre"),
        ("weight", "kg", "t"),
        ("aqi", "", "AQI"),
        ("volume", "fl. oz.", "l"),
        ("irradiance", "W/m²", "W/m2"),
        ("conductivity", f"{MICRO_SIGN}S/cm", "S/m"),
        ("temperature", "K", "R"),
    ],
)
def test_units_of_classes(device_class: str, taken: str, refused: str) -> None:
    """As sensor/const.py of home-assistant/core has them."""
    assert DEVICE_CLASSES[device_class].spelling(taken) == taken
    assert DEVICE_CLASSES[device_class].spelling(refused) is None
