"""What a sensor measures, once its options are known."""

import math

import pytest

from drivers import HumiditySensor, LightSensor, Sensor, TemperatureSensor
from drivers.options import parse_options
from drivers.quantity import Quantity, channel_of, no_channel
from drivers.source import Channel, Device


def quantity(driver: type[Sensor], **options: object) -> Quantity:
    return driver.quantity(parse_options(driver.option_table(), options))


@pytest.mark.parametrize(
    ("driver", "options", "says", "raw", "value", "unit"),
    [
        (TemperatureSensor, {}, "", 20.0, 20.0, "°C"),
        (TemperatureSensor, {}, "F", 212.0, 100.0, "°C"),
        (TemperatureSensor, {}, "°F", 212.0, 100.0, "°C"),
        (TemperatureSensor, {"unit": "F"}, "", 212.0, 100.0, "°C"),
        (TemperatureSensor, {"unit": "°F"}, "", 212.0, 100.0, "°C"),
        (TemperatureSensor, {"unit": "K"}, "K", 273.15, 0.0, "°C"),
        (TemperatureSensor, {"show": "F"}, "", 100.0, 212.0, "°F"),
        (TemperatureSensor, {"show": "F"}, "F", 70.7, 70.7, "°F"),
        (TemperatureSensor, {"show": "F", "unit": "K"}, "", 373.15, 212.0, "°F"),
        (TemperatureSensor, {"show": "K"}, "C", 0.0, 273.15, "K"),
        (TemperatureSensor, {"show": "K", "unit": "F"}, "", 32.0, 273.15, "K"),
        (TemperatureSensor, {"show": "C"}, "F", 212.0, 100.0, "°C"),
        (HumiditySensor, {}, "", 40.0, 40.0, "%"),
        (LightSensor, {"unit": "klx"}, "", 1.5, 1500.0, "lx"),
        (LightSensor, {}, "lux", 12.0, 12.0, "lx"),
    ],
)
def test_conversions(
    driver: type[Sensor], options: dict[str, object], says: str, raw: float, value: float, unit: str
) -> None:
    """From what the source says, or the config where it does not, or else the driver's first unit."""
    made = quantity(driver, **options)
    channel = Channel("x", unit=says)
    assert made.unfit(channel) is None
    assert made.convert(channel)(raw) == pytest.approx(value)
    assert made.unit == unit


def test_a_value_that_is_shown_in_its_own_unit_is_not_converted() -> None:
    """There and back would cost its last digit."""
    convert = quantity(TemperatureSensor, show="F").convert(Channel("x", unit="F"))
    assert all(convert(tenths / 10) == tenths / 10 for tenths in range(-400, 1300))


@pytest.mark.parametrize(("show", "least"), [("C", -273.15), ("F", -459.67), ("K", 0.0)])
def test_limits_are_in_the_unit_that_is_shown(show: str, least: float) -> None:
    """Exactly: absolute zero is no less than can be."""
    assert quantity(TemperatureSensor, show=show).limits == (least, math.inf)


@pytest.mark.parametrize(
    ("options", "channel", "text"),
    [
        ({}, Channel("t", "humidity"), "channel 't' measures humidity, not temperature"),
        ({}, Channel("t", unit="R"), "channel 't' is in 'R'; expected C or F or K, or use driver: generic"),
        (
            {"unit": "F"},
            Channel("t", unit="C"),
            "channel 't' is in 'C', and the config says `unit: F`; remove `unit`",
        ),
    ],
)
def test_what_does_not_fit(options: dict[str, object], channel: Channel, text: str) -> None:
    """Each with what to do."""
    assert (quantity(TemperatureSensor, **options).unfit(channel) or "").startswith(text)


@pytest.mark.parametrize(
    ("device", "text"),
    [
        (Device("m", "0001", "1", 1, {"a": Channel("a")}), "board 0001 has no channel 'x'; it has a"),
        (Device("m", "", "1", 1, {}), "board has no channel 'x'; it has none"),
        (
            Device("m", "0001", "1", 1, {"12/0": Channel("12/0"), "12/1": Channel("12/1")}, "12"),
            "device 12 has no channel 'x'; it has 12/0, 12/1",
        ),
    ],
)
def test_a_channel_that_is_not_there(device: Device, text: str) -> None:
    """By the device's name where it has one, else by its identity."""
    assert channel_of(device, "x") is None
    assert no_channel(device, "x") == text


def test_any_channel() -> None:
    """One that is not listed may come; one that is listed is what it is said to be."""
    listed = Channel("a", "temperature", "C", interval_s=1.0)
    device = Device("m", "", "", 1, {"a": listed}, any_channel=True)
    assert channel_of(device, "a") is listed
    assert channel_of(device, "b") == Channel("b", unannounced=True)
