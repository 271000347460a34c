"""Ten sketches, as people write and copy them: what they print at the start, for a measurement, for an error.

The shapes are those of sketches in public repositories; the names below say which example or library each one
grew from. The words are as printed there, the values our own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from json import dumps
from math import isnan, nan
from operator import xor
from typing import NamedTuple

ADC_MOST = 1023
"""Of the 10-bit converter that a light-dependent resistor hangs on: a count, not lux."""
FAILED = "Failed to read from DHT sensor!"


class Measured(NamedTuple):
    """What the sensors said: °C, %, lx. NaN where one failed; None where the sketch has none to print."""

    temp: float | None
    hum: float | None
    lux: float | None

    @property
    def failed(self) -> bool:
        """As `isnan(h) || isnan(t)` in the sketches."""
        return any(value is not None and isnan(value) for value in (self.temp, self.hum))


Printed = Callable[[Measured], list[str]]
"""The lines of a measurement."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is printed: at the start, for a measurement, in place of one, and when asked."""

    banner: tuple[str, ...]
    measurement: Printed
    error: str
    answers: Mapping[str, Printed] = field(default_factory=dict)


def nmea(body: str) -> str:
    """The sentence of `body`, with the checksum of NMEA 0183: the XOR of the bytes between $ and *."""
    return f"${body}*{reduce(xor, body.encode()):02X}"


def _some(**parts: tuple[str, float | None]) -> list[str]:
    """The parts that there is a value for, each formatted."""
    return [form.format(value) for form, value in parts.values() if value is not None]


def _dht_tester(seen: Measured) -> list[str]:
    if seen.failed:
        return [FAILED]
    t, h = seen.temp, seen.hum
    parts = _some(h=("Humidity: {:.2f}%", h), t=("Temperature: {:.2f}°C", t))
    if t is not None:
        parts[-1] += f" {_fahrenheit(t):.2f}°F"
        if h is not None:
            felt = _heat_index(_fahrenheit(t), h)
            parts.append(f"Heat index: {(felt - 32) / 1.8:.2f}°C {felt:.2f}°F")
    return ["  ".join(parts)] if parts else []


def _json(seen: Measured) -> list[str]:
    fields = _some(h=('"humidity": {:.2f}', seen.hum), t=('"temperature": {:.2f}', seen.temp))
    return ["{" + ", ".join(fields) + "}"]


def _json_pretty(seen: Measured) -> list[str]:
    fields = _some(h=('  "humidity": "{:.2f} %"', seen.hum), t=('  "temperature": "{:.2f} °C"', seen.temp))
    return ["{", *(field + "," for field in fields[:-1]), *fields[-1:], "}"]


def _json_nested(seen: Measured) -> list[str]:
    known = {"temperature": seen.temp, "humidity": seen.hum}
    data = {name: round(value, 1) for name, value in known.items() if value is not None}
    document = {"sensorType": "temperature_humidity", "sensorData": data}
    return [dumps(document, separators=(",", ":")).replace("NaN", "nan")]


def _csv(seen: Measured) -> list[str]:
    return [",".join("" if value is None else f"{value:.2f}" for value in (seen.hum, seen.temp))]


def _dht_lib(seen: Measured) -> list[str]:
    if seen.failed:
        return ["Checksum error\t"]
    columns = ["" if value is None else f"{value:.1f}" for value in (seen.hum, seen.temp)]
    heat = "" if seen.temp is None else f"{_fahrenheit(seen.temp):.1f}"
    return ["OK\t" + "\t\t".join([*columns, heat])]


def _one_a_line(seen: Measured) -> list[str]:
    wet = None if seen.hum is None or isnan(seen.hum) else round(seen.hum * 0.6)
    return _some(
        m=("moisture:{}", wet),
        h=("humidity:{:.2f} ", seen.hum),
        t=("temperature:{:.2f} ", seen.temp),
        l=("light:{}", _adc(seen.lux)),
    )


def _key_value(seen: Measured) -> list[str]:
    return _some(b=("BRIGHTNESS={}", _adc(seen.lux)), t=("TEMPERATURE={:.1f}", seen.temp))


def _sentences(seen: Measured) -> list[str]:
    lines = []
    if seen.temp is not None and seen.hum is not None:
        lines.append(nmea(f"OSMSG,TH,{seen.temp:.2f},{seen.hum:.2f}"))
    if seen.lux is not None:
        lines.append(nmea(f"OSMSG,LR,{_adc(seen.lux)}"))
    return lines


def _with_units(seen: Measured) -> list[str]:
    # What the libraries return for a sensor that does not answer: BH1750 -1, DallasTemperature -127.
    lux = -1.0 if seen.lux is not None and isnan(seen.lux) else seen.lux
    temp = -127.0 if seen.temp is not None and isnan(seen.temp) else seen.temp
    return _some(
        l=("Light: {:.2f} lx", lux),
        t=("Temperature: {:.2f} deg C", temp),
        h=("RHumidity: {:.1f} %", seen.hum),
    )


def _adc(lux: float | None) -> int | None:
    return None if lux is None else 0 if isnan(lux) else min(ADC_MOST, round(lux * 1.2))


def _fahrenheit(celsius: float) -> float:
    return celsius * 1.8 + 32


def _heat_index(fahrenheit: float, humidity: float) -> float:
    """How warm it feels, by the simple formula of the US National Weather Service: it holds below 80 °F."""
    return 0.5 * (fahrenheit + 61.0 + (fahrenheit - 68.0) * 1.2 + humidity * 0.094)


SKETCHES = {
    1: Sketch(("DHTxx test!",), _dht_tester, FAILED),  # Adafruit's DHTtester
    2: Sketch(("Booting",), _json, '{"error":"Failed to read from DHT sensor!"}'),
    3: Sketch(("Booting",), _json_pretty, '{"error":"read failed"}'),  # ArduinoJson's serializeJsonPretty
    4: Sketch((), _json_nested, '{"sensorType":"temperature_humidity","error":"read failed"}'),
    5: Sketch(("humidity_pct,temperature_C",), _csv, "# Error leyendo datos"),
    6: Sketch(
        ("DHT TEST PROGRAM", "LIBRARY VERSION: 0.1.13", "", "Status\tHumidity (%)\tTemperature (C)\t(F)"),
        _dht_lib,
        "Time out error\t",
    ),  # DHTlib
    7: Sketch(("Starting...",), _one_a_line, "Error reading sensor"),
    8: Sketch(
        ("READY",),
        _key_value,
        "ERROR=SENSOR",
        {"TYPEID": lambda _: ["TYPEID=LIGHTTEMP"], "CURRENTVALUES": _key_value},
    ),
    9: Sketch((nmea("OSMSG,START"),), _sentences, nmea("OSMSG,ERR,1")),
    10: Sketch(("BH1750 Test begin",), _with_units, "Sensor not found, check wiring"),
}

NOTHING = Measured(nan, nan, nan)
"""What is read when no sensor answers."""
