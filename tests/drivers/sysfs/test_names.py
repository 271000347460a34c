"""What a config calls a chip, and which one that is."""

import pytest

from drivers.sysfs.names import (
    ambiguity,
    channel_name,
    device_of,
    listed,
    meant,
    quantity_of,
    shown,
)
from drivers.sysfs.tree import Chip


def chip(subsystem: str, name: str, *addresses: str) -> Chip:
    """One, of which only that is known."""
    return Chip(subsystem, name, addresses, f"/{name}{addresses}", "", "", 0, {})


LOW = chip("iio", "bme280", "1-0076", "0x76", "76", "iio:device0")
HIGH = chip("iio", "bme280", "1-0077", "0x77", "77", "iio:device1")
OTHER_BUS = chip("iio", "bme280", "3-0076", "0x76", "76", "iio:device2")
DHT = chip("iio", "dht11", "4", "dht11@4", "iio:device3")
W1 = chip("w1", "28-0316a2794b1f")
HWMON = chip("hwmon", "bme280", "1-0076")


@pytest.mark.parametrize(
    ("channel", "device", "quantity"),
    [
        ("w1/28-0316a2794b1f", "w1/28-0316a2794b1f", ""),
        ("iio/bme280/temp", "iio/bme280", "temp"),
        ("iio/bme280@0x76/temp", "iio/bme280@0x76", "temp"),
        ("temp", "temp", ""),
        ("a/b/c/d", "a/b", "c/d"),
        ("", "", ""),
    ],
)
def test_parts_of_a_channel(channel: str, device: str, quantity: str) -> None:
    """The first two are the device."""
    assert (device_of(channel), quantity_of(channel)) == (device, quantity)
    assert channel_name(device, quantity) == channel


@pytest.mark.parametrize(
    ("name", "chips", "found"),
    [
        ("iio/bme280", [LOW, DHT, HWMON], [LOW]),
        ("iio/bme280", [LOW, HIGH], [LOW, HIGH]),
        ("iio/bme280@1-0076", [LOW, HIGH], [LOW]),
        ("iio/bme280@0x77", [LOW, HIGH], [HIGH]),
        ("iio/bme280@0X77", [LOW, HIGH], [HIGH]),
        ("iio/bme280@76", [LOW, HIGH], [LOW]),
        ("iio/bme280@76", [LOW], [LOW]),
        ("iio/bme280@76", [LOW, OTHER_BUS], [LOW, OTHER_BUS]),
        ("iio/bme280@3-0076", [LOW, OTHER_BUS], [OTHER_BUS]),
        ("iio/bme280@iio:device1", [LOW, HIGH], [HIGH]),
        ("iio/bme280@78", [LOW, HIGH], []),
        ("hwmon/bme280", [LOW, HWMON], [HWMON]),
        ("iio/dht11", [DHT], [DHT]),
        ("iio/dht11@4", [DHT], [DHT]),
        ("w1/28-0316a2794b1f", [W1], [W1]),
        ("w1/28-000000000000", [W1], []),
        ("", [W1], []),
        ("iio", [LOW], []),
    ],
)
def test_which_are_meant(name: str, chips: list[Chip], found: list[Chip]) -> None:
    """By name, and by any form of the address."""
    assert meant(name, chips) == found


def test_the_shortest_name() -> None:
    """With the address where two are alike, and with the bus where that is the same."""
    assert shown(LOW, [LOW, DHT, W1]) == "iio/bme280"
    assert shown(LOW, [LOW, HIGH]) == "iio/bme280@1-0076"
    assert shown(OTHER_BUS, [LOW, HIGH, OTHER_BUS]) == "iio/bme280@3-0076"
    assert shown(W1, [LOW, W1]) == "w1/28-0316a2794b1f"
    twin = chip("iio", "odd")
    assert shown(twin, [twin, chip("iio", "odd", "x")]) == "iio/odd"


def test_what_to_write_of_several() -> None:
    """Each, with the quantity that was asked for."""
    assert ambiguity("iio/bme280", [LOW, HIGH], "temp") == (
        "2 chips are called iio/bme280; write iio/bme280@1-0076/temp or iio/bme280@1-0077/temp"
    )


def test_lists() -> None:
    """Of a few names, or of many."""
    assert listed([]) == "none"
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(14)]).endswith("10, 11 and 2 more")
