"""1-wire thermometers: `temperature`, or `w1_slave` of older kernels.

By the kernel's Documentation/w1/slaves/w1_therm.rst and drivers/w1/slaves/w1_therm.c. Each read of either
file is a conversion, which takes up to 750 ms. Where the checksum is wrong, or the sensor does not answer,
newer kernels deliver nothing at all; older ones say `NO`, and a temperature that is of the wrong bytes. A
sensor that has just been switched on, or whose conversion did not happen, says 85 °C, one with too little
power 127.9375 °C, and wires that are shorted say zeros, whose checksum is right. Real values look the same
but for the scratchpad, which `w1_slave` shows.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.sysfs.faults import Fault, number, shown
from drivers.sysfs.files import Files
from drivers.sysfs.quantity import UNKNOWN, Quantity

# By the family, which an id begins with: the chip, and what it can measure in °C (their data sheets).
FAMILIES = {
    "10": ("DS18S20", (-55.0, 125.0)),
    "22": ("DS1822", (-55.0, 125.0)),
    "28": ("DS18B20", (-55.0, 125.0)),
    "3b": ("DS1825", UNKNOWN),  # or a MAX31850 with a thermocouple
    "42": ("DS28EA00", (-40.0, 85.0)),
}
# An id is the family and 48 bits, without the checksum (drivers/w1/w1.c).
ID = re.compile(r"[0-9a-f]{2}-[0-9a-f]{12}")
# What a bus without a pull-up, or with noise, seems to have: no chip is of this family.
GHOST = "00"
MASTER = "w1_bus_master"

_POWER_ON = 85_000
_TOO_LITTLE_POWER = 127_937
_DOUBTFUL = (0, _POWER_ON, _TOO_LITTLE_POWER)
# Byte 6 of the scratchpad after power-on; after a conversion to just that value it is another one.
_NOT_CONVERTED = 0x0C
_CHECKS_CONVERSION = 1  # the bit of `features` with which the kernel looks at byte 6 itself
_SCRATCHPAD = re.compile(r"((?:[0-9a-f]{2} ){9}): crc=([0-9a-f]{2}) (YES|NO)")
# The bytes of the second line are the last good ones; how many degrees they are differs from chip to chip.
_VALUE = re.compile(r"(?:[0-9a-f]{2} ){9}t=(-?[0-9]{1,7})")

_EMPTY = "the sensor did not answer, or its checksum was wrong; check the wiring and the pull-up of 4.7 kΩ"
_NO = "the checksum is wrong (CRC NO): a long cable, noise, or a pull-up that is too weak"
_IS_POWER_ON = "85 °C is what the sensor says before its first conversion: the conversion did not happen"
_IS_POWERLESS = "127.94 °C is what the sensor says with too little power; give it three wires, not two"
_IS_SHORT = "all that the sensor sent are zeros: the data wire is shorted to ground"
_NO_DRIVER = "neither `temperature` nor `w1_slave` is there; load the kernel's driver: modprobe w1_therm"


@dataclass(frozen=True, slots=True)
class W1Quantity:
    """See `Quantity`. `files` are those that are there of `temperature`, `w1_slave` and `features`."""

    files: frozenset[str]
    low: float = -math.inf
    high: float = math.inf
    name: str = ""
    kind: str = "temperature"
    unit: str = "C"
    resolution: float = 0.0

    def read(self, files: Files, folder: str) -> float:
        """See `Quantity`."""
        if "temperature" in self.files:
            return self._read_temperature(files, folder) / 1000
        if "w1_slave" in self.files:
            return scratchpad(files.text(f"{folder}/w1_slave")) / 1000
        raise Fault(_NO_DRIVER)

    def _read_temperature(self, files: Files, folder: str) -> float:
        path = f"{folder}/temperature"
        text = files.text(path)
        if not text.strip():  # a second try costs a conversion, and is worth one
            text = files.text(path)
        milli = self._milli(text)
        if milli not in _DOUBTFUL:
            return milli
        if "w1_slave" in self.files:
            return scratchpad(files.text(f"{folder}/w1_slave"))
        if milli == 0:
            return milli
        again = self._milli(files.text(path))
        if again not in _DOUBTFUL or self._is_checked(files, folder):
            return again
        raise Fault(_IS_POWER_ON if again == _POWER_ON else _IS_POWERLESS)

    def _milli(self, text: str) -> float:
        if not text.strip():
            raise Fault(_EMPTY)
        return number(text, "temperature")

    def _is_checked(self, files: Files, folder: str) -> bool:
        """Whether the kernel looks by itself at what tells a real 85 °C from the other."""
        if "features" not in self.files:
            return False
        return bool(int(number(files.text(f"{folder}/features"), "features")) & _CHECKS_CONVERSION)


def quantities(names: Iterable[str], identity: str) -> dict[str, Quantity]:
    """What the folder of a thermometer has: the one quantity. Empty for a chip that is none. Never raises."""
    family = identity[:2]
    if family not in FAMILIES:
        return {}
    low, high = FAMILIES[family][1]
    files = frozenset(names) & {"temperature", "w1_slave", "features"}
    return {"": W1Quantity(files, low, high)}


def scratchpad(text: str) -> float:
    """Thousandths of a degree from what `w1_slave` says. Raises `Fault` for whatever is not to be trusted."""
    if not text.strip():
        raise Fault(_EMPTY)
    first, _, second = text.strip().partition("\n")
    match, value = _SCRATCHPAD.fullmatch(first.strip()), _VALUE.fullmatch(second.strip())
    if match is None or value is None:
        raise Fault(f"w1_slave says {shown(text.strip())} where a scratchpad was expected")
    if match[3] == "NO":
        raise Fault(_NO)
    sent, milli = bytes.fromhex(match[1]), int(value[1])
    if not any(sent):
        raise Fault(_IS_SHORT)
    if not crc8(sent[:8]) == sent[8] == int(match[2], 16):
        raise Fault("w1_slave says YES, and the checksum does not fit its bytes: the text is damaged")
    if sent[6] == _NOT_CONVERTED and milli in (_POWER_ON, _TOO_LITTLE_POWER):
        raise Fault(_IS_POWER_ON if milli == _POWER_ON else _IS_POWERLESS)
    return milli


def crc8(data: bytes) -> int:
    """The checksum of 1-wire, x^8 + x^5 + x^4 + 1 from its low bit (Maxim's application note 27)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
