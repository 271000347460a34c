"""Probes that people buy: which functions they answer, what is in their registers.

The maps are those of the makers' manuals and of reports by owners, named at each; an independent reading of
them, which shares nothing with the gateway's profiles.
"""

import struct
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from firmware_sim.modbus.rtu import READ_HOLDING, READ_INPUT

OPEN_TENTHS = 977
"""What an open input of a PTA8D08 reads, in tenths of a degree: plausible, and nothing tells it apart."""
PRESSURE_PA = 101_325


class Seen:
    """What is measured now: °C, %, lx; each once, when a register wants it. `id`: the slave's, on the bus."""

    def __init__(self, measure: Callable[[str], float], slave_id: int) -> None:
        self._measure = measure
        self.id = slave_id

    @cached_property
    def temp(self) -> float:
        return self._measure("temp")

    @cached_property
    def hum(self) -> float:
        return self._measure("hum")

    @cached_property
    def lux(self) -> float:
        return self._measure("lux")


Registers = dict[int, int]
"""By address, from 0; each is taken modulo 2^16."""


class Model(NamedTuple):
    """A kind of slave: by function, the registers that it has."""

    reads: dict[int, Callable[[Seen], Registers]]


def _tenths(value: float) -> int:
    return round(value * 10)


def _words(address: int, value: int) -> Registers:
    """32 bits in two registers, the high word first."""
    return {address: value >> 16, address + 1: value}


def _float(address: int, value: float) -> Registers:
    """IEEE 754, 32 bits, the high word first."""
    return _words(address, int.from_bytes(struct.pack(">f", value), "big"))


def _xy_md02_input(seen: Seen) -> Registers:
    return {1: _tenths(seen.temp), 2: _tenths(seen.hum)}


def _xy_md02_holding(seen: Seen) -> Registers:
    return {0x0101: seen.id, 0x0102: 9600, 0x0103: 0, 0x0104: 0}


def _rs_ws_n01(seen: Seen) -> Registers:
    return {0: _tenths(seen.hum), 1: _tenths(seen.temp), 0x07D0: seen.id, 0x07D1: 1}


def _cwt(seen: Seen) -> Registers:
    return {0: _tenths(seen.hum), 1: _tenths(seen.temp)}


def _r444a01(seen: Seen) -> Registers:
    return {0: _tenths(seen.temp), 1: _tenths(seen.hum), 2: seen.id, 3: 9600}


def _pta8d08(seen: Seen) -> Registers:
    """Two probes, the second a degree warmer; six inputs are open."""
    celsius = [seen.temp, seen.temp + 1]
    tenths = [_tenths(value) for value in celsius] + [OPEN_TENTHS] * 6
    ohm = [_tenths(_pt100(value)) for value in celsius] + [1376] * 6
    return {**dict(enumerate(tenths)), **dict(enumerate(ohm, 32)), 253: seen.id}


def _pt100(celsius: float) -> float:
    """Ohm of a Pt100 above 0 °C, and near enough for a simulator below: IEC 60751."""
    return 100 * (1 + 3.9083e-3 * celsius - 5.775e-7 * celsius**2)


def _kincony(seen: Seen) -> Registers:
    """Tenths with an offset of 10,000 for what lies below zero; then the same as floats."""
    tenths = _tenths(seen.temp)
    signed = tenths if tenths >= 0 else 10_000 - tenths
    return {0: signed, 1: _tenths(seen.hum), **_float(2, seen.temp), **_float(4, seen.hum)}


def _rs_gz(seen: Seen) -> Registers:
    return _words(7, round(seen.lux))


def _sen0644(seen: Seen) -> Registers:
    return _words(2, round(seen.lux * 1000))


def _orch_s4(seen: Seen) -> Registers:
    climate = {0: round(seen.temp * 100), 1: round(seen.hum * 100)}
    return {**climate, **_words(2, PRESSURE_PA), **_words(4, round(seen.lux * 1000))}


def _both(registers: Callable[[Seen], Registers]) -> Model:
    return Model({READ_HOLDING: registers, READ_INPUT: registers})


MODELS = {
    # domoticx.com, "Modbus temperature humidity sensor XY-MD02"
    "xy-md02": Model({READ_INPUT: _xy_md02_input, READ_HOLDING: _xy_md02_holding}),
    "rs-ws-n01": Model({READ_HOLDING: _rs_ws_n01}),  # the maker's manual: humidity comes first
    "cwt": Model({READ_HOLDING: _cwt}),  # ComWinTop's shop page
    "r444a01": Model({READ_HOLDING: _r444a01}),  # whosebug.com 4753680
    "pta8d08": Model({READ_HOLDING: _pta8d08}),  # lamaplc.com
    "kincony-sht30": _both(_kincony),  # shop.kincony.com
    "rs-gz": Model({READ_HOLDING: _rs_gz}),  # Isuromu/Telemetry-Weather-station-system, its docs
    "sen0644": Model({READ_HOLDING: _sen0644}),  # wiki.dfrobot.com/sen0644
    "orch-s4": _both(_orch_s4),  # Seeed's user guide of part 101990661
}
