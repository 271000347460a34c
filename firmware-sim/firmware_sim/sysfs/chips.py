"""The chips of the made-up machine: where the kernel would show them, which files they have, what is in them.

Source: the kernel's Documentation/ABI/testing (sysfs-bus-iio, sysfs-class-hwmon,
sysfs-driver-w1_therm) and its drivers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from firmware_sim.sysfs import w1

_I2C = "devices/platform/soc/fe804000.i2c/i2c-1"
_W1 = "devices/w1_bus_master1"
PRESSURE_KPA = "101.325000000\n"


class Seen(NamedTuple):
    """What is measured: °C, %."""

    temp: float
    hum: float


Files = dict[str, str]
"""By name, what is in them."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip: `name` as in a config's channel, `home` its real folder and `link` the one on its bus, both
    with `{}` for the number that the kernel gives it; by quantity, the files that hold it."""

    name: str
    home: str
    link: str
    files: Files
    quantities: dict[str, Callable[[Seen], Files]]
    nonsense: Files = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    number: int | None = None


def _millis(value: float) -> str:
    return f"{round(value * 1000)}\n"


def _ds18b20(serial: str, warmer: float) -> Chip:
    def files(seen: Seen) -> Files:
        data = w1.scratchpad(seen.temp + warmer)
        return {"temperature": f"{w1.millis(data)}\n", "w1_slave": w1.w1_slave(data)}

    return Chip(
        f"w1/{serial}",
        f"{_W1}/{serial}",
        f"bus/w1/devices/{serial}",
        {
            "name": f"{serial}\n",
            "resolution": "12\n",
            "conv_time": "750\n",
            "ext_power": "1\n",
            "features": "0\n",
            "alarms": "70 75\n",
        },
        {"": files},
        # What newer kernels make of a wrong checksum (nothing), and the file that they have of old.
        nonsense={"temperature": "", "w1_slave": w1.w1_slave(w1.BROKEN)},
    )


CHIPS = (
    Chip(
        "iio/bme280",
        f"{_I2C}/1-0076/iio:device{{}}",
        "bus/iio/devices/iio:device{}",
        {"name": "bme280\n"},
        {
            "temp": lambda seen: {"in_temp_input": _millis(seen.temp)},
            "humidityrelative": lambda seen: {"in_humidityrelative_input": _millis(seen.hum)},
            "pressure": lambda _: {"in_pressure_input": PRESSURE_KPA},
        },
        number=0,
    ),
    Chip(
        "hwmon/cpu_thermal",
        "devices/virtual/thermal/thermal_zone0/hwmon{}",
        "class/hwmon/hwmon{}",
        {"name": "cpu_thermal\n"},
        # A processor is warmer than the room, by much the same amount.
        {"temp1": lambda seen: {"temp1_input": _millis(seen.temp + 25)}},
        links={"device": "../../thermal_zone0"},
        number=0,
    ),
    Chip(
        "hwmon/sht3x",
        f"{_I2C}/1-0044/hwmon/hwmon{{}}",
        "class/hwmon/hwmon{}",
        {"name": "sht3x\n", "update_interval": "0\n"},
        {
            "temp1": lambda seen: {"temp1_input": _millis(seen.temp)},
            "humidity1": lambda seen: {"humidity1_input": _millis(seen.hum)},
        },
        links={"device": "../../../1-0044"},
        number=1,
    ),
    _ds18b20("28-0316a2794b1f", 0.0),
    _ds18b20("28-00000a1b2c3d", -2.0),
)

MASTER = f"{_W1}"
MASTER_LINK = "bus/w1/devices/w1_bus_master1"
MASTER_FILES = {"w1_master_name": "w1_bus_master1\n", "therm_bulk_read": "0\n"}
"""Of the bus itself; with the list of who is on it."""


def master_lists(serials: list[str]) -> Files:
    """Who is on the 1-wire bus."""
    names = "".join(f"{serial}\n" for serial in serials) or "not found.\n"
    return {"w1_master_slaves": names, "w1_master_slave_count": f"{len(serials)}\n"}
