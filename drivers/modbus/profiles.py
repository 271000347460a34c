"""Devices that people have: what their registers hold, and how they come from the maker.

Each cites its manual. Where a manual's own example is among the golden frames, tests/vectors/modbus.json has
it. Another lot or a clone may differ: then `registers` in the config says what holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drivers.modbus.registers import Register

Line = tuple[int, str]
"""Baud and parity."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`lines`: how it comes from the maker, the usual one first. `source`: where all of that is said."""

    model: str
    registers: Mapping[str, Register]
    lines: tuple[Line, ...]
    source: str


def _temperature(address: int, *, function: int = 3, kind: str = "s16", scale: float = 0.1) -> Register:
    return Register(address, kind, function, scale=scale, unit="C", kind="temperature")


def _humidity(address: int, *, function: int = 3, scale: float = 0.1) -> Register:
    return Register(address, "u16", function, scale=scale, unit="%", kind="humidity")


def _light(address: int, *, scale: float = 1.0) -> Register:
    return Register(address, "u32", scale=scale, unit="lx", kind="light")


_HUMIDITY_FIRST = {"humidity": _humidity(0), "temperature": _temperature(1)}

PROFILES: Mapping[str, Profile] = {
    "xy-md02": Profile(
        "XY-MD02",
        {"temperature": _temperature(1, function=4), "humidity": _humidity(2, function=4)},
        ((9600, "none"), (9600, "even")),
        "XY-MD02 manual as on domoticx.com/modbus-temp-hum-sensor-xy-md02 (XY-MD01 alike); lots at 8E1: "
        "github.com/groupsky/ya-modbus, driver-xymd1",
    ),
    "rs-ws-n01": Profile(
        "RS-WS-N01",
        _HUMIDITY_FIRST,
        ((4800, "none"),),
        "Renke RS-WS-N01-8 manual as on epower.co.th/product/57749-77843",
    ),
    "cwt": Profile(
        "CWT-TH",
        _HUMIDITY_FIRST,
        ((4800, "none"),),
        "ComWinTop RS485 temperature humidity probe, "
        "store.comwintop.com/products/rs485-modbus-water-proof-temperature-humidity-sensor-probe",
    ),
    "r444a01": Profile(
        "R444A01",
        {"temperature": _temperature(0), "humidity": _humidity(1)},
        ((9600, "none"), (19_200, "none")),
        "eletechsup R444A01: the maker's table as in stackoverflow.com/questions/58773136; at 19,200 baud: "
        "industrialmonitordirect.com, R444A01 register map",
    ),
    "pta8d08": Profile(
        "PTA8D08",
        {f"temperature{number}": _temperature(number - 1) for number in range(1, 9)},
        ((9600, "none"),),
        "eletechsup PTA8D08, PTA8C04: register list as on lamaplc.com, pta8c04",
    ),
    "kincony-sht30": Profile(
        "KinCony SHT30",
        {
            "temperature": _temperature(0, function=4, kind="sign-offset"),
            "humidity": _humidity(1, function=4),
        },
        ((9600, "none"),),
        "KinCony, shop.kincony.com/products/rs485-temperature-and-humidity-sensor-modbus-rtu-use-by-sht30",
    ),
    "rs-gz": Profile(
        "RS-GZ",
        {"light": _light(7)},
        ((4800, "none"), (9600, "none")),
        "Renke light transmitters of 0 to 200,000 lx (two registers): the instrument shelter's manual as in "
        "github.com/Isuromu/Telemetry-Weather-station-system, docs/protocols",
    ),
    "sen0644": Profile(
        "SEN0644",
        {"light": _light(2, scale=0.001)},
        ((9600, "none"),),
        "DFRobot SEN0644, wiki.dfrobot.com/sen0644/docs/19609",
    ),
    "orch-s4": Profile(
        "SenseCAP ORCH S4",
        {
            "temperature": _temperature(0, scale=0.01),
            "humidity": _humidity(1, scale=0.01),
            "pressure": replace(_light(2), unit="Pa", kind="pressure"),
            "light": _light(4, scale=0.001),
        },
        ((9600, "none"),),
        "Seeed 101990661 user guide V1.0, 4.3, as on manualshelf.com/manual/seeedstudio/101990661",
    ),
}
