"""Hardware monitoring: `temp1_input`, `humidity1_input`, `in0_input`, …, all whole numbers in small units.

Names and units are those of the kernel's Documentation/hwmon/sysfs-interface.rst and
Documentation/ABI/testing/sysfs-class-hwmon. A sensor that is switched off says ENODATA; one that is open or
shorted says so in `temp1_fault`, and what its `_input` says then means nothing.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.sysfs.faults import Fault, number
from drivers.sysfs.files import Files
from drivers.sysfs.quantity import Quantity

_VALUE = re.compile(r"((temp|humidity|in|curr|power|energy|fan)[0-9]+)_(input|average)")
# By the type that a file's name begins with: kind, unit, and what leads from the kernel's unit to it.
_TYPES = {
    "temp": ("temperature", "C", 0.001),
    "humidity": ("humidity", "%", 0.001),
    "in": ("voltage", "V", 0.001),
    "curr": ("current", "A", 0.001),
    "power": ("power", "W", 0.000001),
    "energy": ("energy", "J", 0.000001),
    "fan": ("", "rpm", 1.0),
}


@dataclass(frozen=True, slots=True)
class HwmonQuantity:
    """See `Quantity`. `fault` is the file that says whether the sensor is broken, empty if there is none."""

    name: str
    kind: str
    unit: str
    factor: float
    file: str
    fault: str = ""
    low: float = -math.inf
    high: float = math.inf
    resolution: float = 0.0

    def read(self, files: Files, folder: str) -> float:
        """See `Quantity`."""
        if self.fault and number(files.text(f"{folder}/{self.fault}"), self.fault):
            raise Fault(f"{self.fault} is set: the sensor is not connected, or shorted")
        return round(number(files.text(f"{folder}/{self.file}"), self.file) * self.factor, 9) + 0.0


def quantities(names: Iterable[str]) -> dict[str, Quantity]:
    """What a folder with these files has, by name. Never raises."""
    there = set(names)
    found: dict[str, Quantity] = {}
    for file in sorted(there, reverse=True):  # `_input` before `_average`, which some have instead
        match = _VALUE.fullmatch(file)
        if match is None or match[1] in found:
            continue
        kind, unit, factor = _TYPES[match[2]]
        fault = f"{match[1]}_fault"
        found[match[1]] = HwmonQuantity(
            match[1],
            kind,
            unit,
            factor,
            file,
            fault if fault in there else "",
        )
    return dict(sorted(found.items()))
