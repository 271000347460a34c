"""The drivers and protocols by their names, and the package's face."""

import re
import zlib
from pathlib import Path
from typing import Any

import pytest

import drivers
from drivers.errors import OptionError
from drivers.kinds import (
    DRIVERS_GROUP,
    PROTOCOLS_GROUP,
    new_source,
    protocol,
    protocol_names,
    sensor_class,
    sensor_kinds,
)
from tests.support.plugin import installed


def test_every_kind_is_a_driver_of_that_kind() -> None:
    """The name in a config is the class's `kind`; events, unit and options hang together."""
    assert sensor_kinds() == ("temperature", "humidity", "light", "generic")
    for kind in sensor_kinds():
        driver = sensor_class(kind)
        assert driver.kind == kind
        assert driver.unit or driver.option_table()["unit"].required
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
    with pytest.raises(
        OptionError, match="driver: expected one of temperature, humidity, light, generic, got 'ph'"
    ):
        sensor_class("ph")


def test_protocols_by_name() -> None:
    """Each says what its links take, and makes sources of it that open nothing."""
    assert protocol_names()[0] == "sensorline"
    assert {"text", "sysfs", "modbus", "mysensors"} <= set(protocol_names())
    assert protocol("sensorline").options["port"].required
    source = new_source("sensorline", {"port": "/dev/ttyACM0", "baud": 9600})
    assert (source.where, source.device_of("temp")) == ("/dev/ttyACM0", "")


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    """Also by the link, before anything is opened."""
    with pytest.raises(OptionError, match=r"protocol: expected one of sensorline, .*, got 'morse'"):
        protocol("morse")
    with pytest.raises(OptionError, match="protocol: expected one of sensorline"):
        drivers.Link("board", "/dev/ttyACM0", protocol="morse")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "port: is missing: expected a port"),
        ({"port": "/dev/x", "speed": 5}, "speed: unknown option; expected one of port, baud"),
        ({"port": "/dev/x", "baud": 5}, "baud: expected a whole number from 50 to 4000000, got 5"),
    ],
)
def test_options_of_a_link_that_are_wrong(options: dict[str, Any], text: str) -> None:
    """Each is named."""
    with pytest.raises(OptionError, match=text):
        drivers.Link("board", **options)


OURS = """
from drivers import TemperatureSensor
from drivers.stream.sensorline import PROTOCOL

class OvenSensor(TemperatureSensor):
    kind = "oven"
"""


def test_what_other_packages_register(tmp_path: Path) -> None:
    """Listed after ours, and found by name; none takes the name of one of ours."""
    entries = {
        DRIVERS_GROUP: "oven = oven_sensors:OvenSensor\nlight = oven_sensors:OvenSensor",
        PROTOCOLS_GROUP: "ovenline = oven_sensors:PROTOCOL",
    }
    with installed(tmp_path, "oven_sensors", OURS, entries):
        assert sensor_kinds() == ("temperature", "humidity", "light", "generic", "oven")
        assert sensor_class("oven").kind == "oven"
        assert sensor_class("light").kind == "light"
        assert protocol_names()[0] == "sensorline"
        assert protocol_names()[-1] == "ovenline"
        assert "port" in protocol("ovenline").options


def test_a_package_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """With what is wrong with it."""
    entries = {PROTOCOLS_GROUP: "brokenline = broken_package:PROTOCOL"}
    with (
        installed(tmp_path, "broken_package", "import nothing_of_that_name", entries),
        pytest.raises(
            OptionError,
            match="'brokenline' of broken_package cannot be loaded: ModuleNotFoundError: No module",
        ),
    ):
        protocol("brokenline")


@pytest.mark.parametrize(
    ("group", "program", "wrong"),
    [
        (DRIVERS_GROUP, "THING = 5", "expected a subclass of drivers.Sensor, got 5"),
        (
            DRIVERS_GROUP,
            "from drivers import Sensor\nclass THING(Sensor):\n    kind = 'thing'\n    units = {}",
            "expected the class attributes kind, unit, units, low_event, high_event, unit, low_event, "
            "high_event is missing",
        ),
        (
            DRIVERS_GROUP,
            "from drivers import HumiditySensor\nclass THING(HumiditySensor): kind = 'soil'",
            "expected kind = 'thing', as its entry point is called, got 'soil'",
        ),
        (
            DRIVERS_GROUP,
            "from drivers import HumiditySensor\nclass THING(HumiditySensor):\n    kind = 'thing'\n"
            "    limits = (0.0, float('inf'))",
            "expected two finite limits where clamps is True, got limits = (0.0, inf)",
        ),
        (
            DRIVERS_GROUP,
            "from drivers import HumiditySensor\nclass THING(HumiditySensor):\n    kind = 'thing'\n"
            "    units = {'%': 1.0}",
            "expected units as a mapping of names to functions, got {'%': 1.0}",
        ),
        (
            PROTOCOLS_GROUP,
            "THING = {}",
            "another drivers.source.SourceKind; options, check, warnings, channels, source",
        ),
    ],
)
def test_what_another_package_registers_is_looked_at(
    tmp_path: Path, group: str, program: str, wrong: str
) -> None:
    """Before anything is made of it; the package is named."""
    load = sensor_class if group == DRIVERS_GROUP else protocol
    package = f"odd_{zlib.crc32(program.encode())}"  # one that has not been imported before
    with (
        installed(tmp_path, package, program, {group: f"thing = {package}:THING"}),
        pytest.raises(OptionError, match=rf"'thing' of {package}: .*{re.escape(wrong)}"),
    ):
        load("thing")


def test_the_package_offers_what_it_says() -> None:
    """Every name of `__all__` is there."""
    assert all(hasattr(drivers, name) for name in drivers.__all__)
