"""The drivers and protocols by their names, and the package's face."""

import pytest

import drivers
from drivers.errors import OptionError
from drivers.kinds import sensor_class, sensor_kinds
from drivers.stream import new_conversation, protocol_names
from drivers.stream.sensorline import Conversation


def test_every_kind_is_a_driver_of_that_kind() -> None:
    """The name in a config is the class's `kind`; events, unit and options hang together."""
    assert sensor_kinds() == ("temperature", "humidity", "light")
    for kind in sensor_kinds():
        driver = sensor_class(kind)
        assert driver.kind == kind
        assert driver.unit
        assert {driver.low_event, driver.high_event} < set(driver.option_table())


@pytest.mark.parametrize(
    ("kind", "unit", "events", "board_unit"),
    [
        ("temperature", "°C", ("cold", "hot"), "C"),
        ("humidity", "%", ("dry", "wet"), "%"),
        ("light", "lx", ("dark", "bright"), "lx"),
    ],
)
def test_units_and_events_are_the_product_s(
    kind: str, unit: str, events: tuple[str, str], board_unit: str
) -> None:
    """And a value in the driver's own unit is taken as it is."""
    driver = sensor_class(kind)
    assert (driver.unit, (driver.low_event, driver.high_event)) == (unit, events)
    assert driver.units[board_unit](41.5) == 41.5


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    """The error lists what there is."""
    with pytest.raises(OptionError, match="driver: expected one of temperature, humidity, light, got 'ph'"):
        sensor_class("ph")


def test_protocols_by_name() -> None:
    """Each call makes a conversation of its own."""
    assert protocol_names() == ("sensorline",)
    first, second = new_conversation("sensorline"), new_conversation("sensorline")
    assert isinstance(first, Conversation)
    assert first is not second


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    """Also by the link, before anything is opened."""
    with pytest.raises(OptionError, match="protocol: expected one of sensorline, got 'modbus'"):
        new_conversation("modbus")
    with pytest.raises(OptionError, match="protocol: expected one of sensorline"):
        drivers.Link("board", "/dev/ttyACM0", protocol="modbus")


def test_the_package_offers_what_it_says() -> None:
    """Every name of `__all__` is there."""
    assert all(hasattr(drivers, name) for name in drivers.__all__)
