"""Industrial I/O: `in_temp_input`, or `in_temp_raw`, `in_temp_offset` and `in_temp_scale`.

Names, units and the arithmetic are those of the kernel's Documentation/ABI/testing/sysfs-bus-iio:
(raw + offset) × scale, where an offset that is not there is 0. Two drivers say the humidity in per cent and
not in thousandths of it: bme680 does to this day (drivers/iio/chemical/bme680_core.c), bme280 did in older
kernels (drivers/iio/pressure/bmp280-core.c).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from drivers.sysfs.faults import Fault, number
from drivers.sysfs.files import Files
from drivers.sysfs.quantity import Quantity

_VALUE = re.compile(r"in_([A-Za-z0-9_-]+)_(input|raw)")
_DIGITS = re.compile(r"[0-9]+")
_TYPE = re.compile(r"[a-z]+")
# The greatest and the least of the past, and sums that are no measurement.
_NO_MEASUREMENTS = ("_peak", "_trough", "_mean", "_calib")


class _Meaning(NamedTuple):
    """`factor` leads from what the ABI says to `unit`."""

    kind: str
    unit: str
    factor: float


# By the type that a file's name begins with.
_TYPES = {
    "temp": _Meaning("temperature", "C", 0.001),
    "humidityrelative": _Meaning("humidity", "%", 0.001),
    "illuminance": _Meaning("light", "lx", 1.0),
    "pressure": _Meaning("pressure", "hPa", 10.0),  # the ABI's is the kilopascal, that of a barometer not
    "voltage": _Meaning("voltage", "V", 0.001),
    "altvoltage": _Meaning("voltage", "V", 0.001),
    "current": _Meaning("current", "A", 0.001),
    "power": _Meaning("power", "W", 0.001),
    "energy": _Meaning("energy", "J", 1.0),
    "resistance": _Meaning("", "Ω", 1.0),
    "capacitance": _Meaning("", "nF", 1.0),
    "distance": _Meaning("distance", "m", 1.0),
    "accel": _Meaning("", "m/s²", 1.0),
    "gravity": _Meaning("", "m/s²", 1.0),
    "anglvel": _Meaning("", "rad/s", 1.0),
    "angl": _Meaning("", "rad", 1.0),
    "incli": _Meaning("", "°", 1.0),
    "magn": _Meaning("", "G", 1.0),
    "ph": _Meaning("ph", "", 1.0),
    "velocity": _Meaning("speed", "m/s", 1.0),
    "massconcentration": _Meaning("", "µg/m³", 1.0),
    "concentration": _Meaning("", "%", 1.0),
    "electricalconductivity": _Meaning("", "S/m", 1.0),
    "frequency": _Meaning("frequency", "Hz", 1.0),
}
# Some types mean more when one knows of what.
_NAMES = {
    "concentration_co2": _Meaning("carbon_dioxide", "ppm", 10_000.0),  # per cent by the ABI
    "massconcentration_pm1": _Meaning("pm1", "µg/m³", 1.0),
    "massconcentration_pm2p5": _Meaning("pm25", "µg/m³", 1.0),
    "massconcentration_pm10": _Meaning("pm10", "µg/m³", 1.0),
}
_UNKNOWN = _Meaning("", "", 1.0)
_PER_CENT_DRIVERS = ("bme680",)


@dataclass(frozen=True, slots=True)
class IioQuantity:
    """See `Quantity`. `file` has the value; `scale` and `offset` are files, empty where there is none."""

    name: str
    kind: str
    unit: str
    factor: float
    file: str
    scale: str = ""
    offset: str = ""
    per_cent: bool = False
    low: float = -math.inf
    high: float = math.inf
    resolution: float = 0.0

    def read(self, files: Files, folder: str) -> float:
        """See `Quantity`."""
        text = files.text(f"{folder}/{self.file}")
        value = number(text, self.file)
        if self.file.endswith("_raw"):
            value += self._part(files, folder, self.offset, 0.0)
            value *= self._part(files, folder, self.scale, 1.0)
        factor = 1.0 if self._is_per_cent(text, value) else self.factor
        # Nine digits after the point are more than any chip has, and hide what a binary fraction adds.
        value = round(value * factor, 9) + 0.0
        if not math.isfinite(value):
            raise Fault(f"{self.file}, its offset and its scale make {value}")
        return value

    def _part(self, files: Files, folder: str, file: str, missing: float) -> float:
        return number(files.text(f"{folder}/{file}"), file) if file else missing

    def _is_per_cent(self, text: str, value: float) -> bool:
        """A humidity of at most a tenth of a per cent is none; a whole number is in thousandths."""
        if self.kind != "humidity" or self.file.endswith("_raw"):
            return False
        return self.per_cent or (0 <= value <= 100 and "." in text)


def quantities(names: Iterable[str], chip: str) -> dict[str, Quantity]:
    """What a folder with these files has, by name; `chip` is what its `name` says. Never raises."""
    there = set(names)
    found: dict[str, Quantity] = {}
    for file in sorted(there):  # `_input` comes before `_raw`, and is kept: the driver has done the sums
        match = _VALUE.fullmatch(file)
        if match is None or match[1] in found or match[1].endswith(_NO_MEASUREMENTS):
            continue
        name = match[1]
        kind, unit, factor = _meaning(name)
        found[name] = IioQuantity(
            name,
            kind,
            unit,
            factor,
            file,
            _shared(there, name, "scale"),
            _shared(there, name, "offset"),
            per_cent=chip in _PER_CENT_DRIVERS,
        )
    return found


def _type(name: str) -> str:
    match = _TYPE.match(name)
    return match[0] if match is not None else ""


def _meaning(name: str) -> _Meaning:
    return _NAMES.get(name) or _TYPES.get(_type(name), _UNKNOWN)


def _shared(there: set[str], name: str, what: str) -> str:
    """The file that says a value's scale or offset: its own, or one that it shares with others of its kind:
    `in_voltage0_scale`, `in_voltage_scale`, `in_voltage-voltage_scale`, `in_accel_scale`."""
    for shared in (name, _DIGITS.sub("", name), _type(name)):
        if f"in_{shared}_{what}" in there:
            return f"in_{shared}_{what}"
    return ""
