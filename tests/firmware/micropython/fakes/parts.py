# mypy: ignore-errors
"""Chips and parts that are made up, in the places of MicroPython's own modules. Runs under MicroPython."""

import sys

state = {"temperature": 20.0, "humidity": 50.0, "frame": "", "counts": 0, "probes": 1, "raises": ""}
log = []


def run():
    """Of a board: the example stops here."""


def _fail():
    if state["raises"] == "OSError":
        raise OSError(110)
    if state["raises"]:
        raise Exception(state["raises"])  # noqa: TRY002 - as the modules do


class _Module:
    pass


class _Dht22:
    def __init__(self, pin):
        log.append("dht22 %d" % pin)

    def measure(self):
        log.append("measure")
        _fail()

    def temperature(self):
        return state["temperature"]

    def humidity(self):
        return state["humidity"]


class _I2c:
    def __init__(self, number, sda, scl, freq):
        pass

    def writeto(self, address, data):
        log.append("0x%02x %s" % (address, data.hex()))

    def readfrom(self, address, count):
        log.append("0x%02x read %d" % (address, count))
        if not state["frame"]:
            raise OSError(5)
        return bytes.fromhex(state["frame"])


class _Adc:
    def __init__(self, pin):
        log.append("adc %d" % pin)

    def read_u16(self):
        return state["counts"]


class _Rtc:
    _held = b""

    def memory(self, data=None):
        if data is None:
            return _Rtc._held
        _Rtc._held = bytes(data)
        return None


class _Ds18x20:
    def __init__(self, wire):
        log.append("wire %d" % wire)

    def scan(self):
        log.append("scan")
        return [b"\x28\xaa"] * state["probes"]

    def write_scratch(self, rom, data):
        log.append("%s scratch %s" % (rom.hex(), data.hex()))

    def convert_temp(self):
        log.append("convert")

    def read_temp(self, rom):
        log.append("%s read" % rom.hex())
        _fail()
        return state["temperature"]


def _module(name, **members):
    module = _Module()
    for member, value in members.items():
        setattr(module, member, value)
    sys.modules[name] = module


_module(
    "machine",
    Pin=lambda number: number,
    I2C=_I2c,
    ADC=_Adc,
    RTC=_Rtc,
    unique_id=lambda: b"\xe6\x60\x58\x38\x83\x72\x4b\x2f",
)
_module("dht", DHT22=_Dht22)
_module("onewire", OneWire=lambda pin: pin)
_module("ds18x20", DS18X20=_Ds18x20)
