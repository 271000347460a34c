"""The keys of a Modbus link that describe its slaves: `devices`, `registers`, and what stands in them.

Errors name the place inside the option: `roof.registers.temperature.type: expected …`.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.modbus.pdu import FUNCTIONS
from drivers.modbus.profiles import PROFILES
from drivers.modbus.registers import WORD_ORDERS, WORDS, Register
from drivers.options import parse_duration, parse_number, parse_numbers

# Of the ids that the norm leaves to slaves; 0 is everybody, 248 and more are reserved.
IDS = range(1, 248)
_NAME = re.compile(r"[^\x00-\x20/\x7f\ud800-\udfff]{1,48}")
_MAX_REGISTERS = 256
EVERY_S = (0.05, 86_400.0)
TIMEOUT_S = (0.01, 60.0)
GAP_S = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class SlaveOptions:
    """A slave as the config describes it. `every_s`: None for the link's."""

    id: int
    registers: Mapping[str, Register]
    profile: str | None = None
    every_s: float | None = None


def parse_devices(raw: object) -> dict[str, SlaveOptions]:
    """Slaves by name. Raises `ValueError`."""
    devices = {
        name: _slave(name, value)
        for name, value in _names(raw, "", "roof: {id: 2, profile: xy-md02}").items()
    }
    seen: dict[int, str] = {}
    for name, slave in devices.items():
        other = seen.setdefault(slave.id, name)
        if other != name:
            raise ValueError(
                f"{name}.id: {slave.id} is the id of {other} already; each device on a bus has its own"
            )
    return devices


def parse_registers(raw: object) -> dict[str, Register]:
    """Registers by channel. Raises `ValueError`."""
    return _registers(raw, "")


def parse_id(raw: object) -> int:
    """A slave's id. Raises `ValueError`."""
    return _whole(raw, IDS)


def span(low: float, high: float) -> Callable[[object], float]:
    """A parser of time spans within these seconds."""

    def parse(raw: object) -> float:
        seconds = parse_duration(raw)
        if not low <= seconds <= high:
            raise ValueError(f"expected a time span from {low:g} to {high:g} s, got {raw!r}")
        return seconds

    return parse


def _slave(name: str, raw: object) -> SlaveOptions:
    example = f"{name}: {{id: 2, profile: xy-md02}}"
    parsed = _keys(raw, name, _SLAVE, example)
    if "id" not in parsed:
        raise ValueError(f"{name}.id: is missing: expected a whole number from 1 to 247; write: {example}")
    profile = parsed.get("profile")
    registers = {**(PROFILES[profile].registers if profile else {}), **parsed.get("registers", {})}
    if not registers:
        raise ValueError(f"{name}: expected a profile, or registers; write: {example}")
    return SlaveOptions(parsed["id"], registers, profile, parsed.get("every"))


def _register(raw: object, where: str) -> Register:
    example = f"{where.rpartition('.')[2]}: {{function: 4, address: 1, type: s16, scale: 0.1, unit: C}}"
    parsed = _keys(raw, where, _REGISTER, example)
    if "address" not in parsed:
        raise ValueError(
            f"{where}.address: is missing: expected a whole number from 0 to 65535; write: {example}"
        )
    register = Register(**parsed)
    if register.address + register.count > 65_536:
        raise ValueError(f"{where}.address: {register.type} takes two registers, and 65535 is the last")
    return register


def _registers(raw: object, where: str) -> dict[str, Register]:
    example = "temperature: {function: 4, address: 1, type: s16, scale: 0.1, unit: C}"
    named = _names(raw, where, example)
    if len(named) > _MAX_REGISTERS:
        raise ValueError(f"{_at(where)}expected at most {_MAX_REGISTERS} registers, got {len(named)}")
    return {name: _register(value, f"{where}.{name}" if where else name) for name, value in named.items()}


def _names(raw: object, where: str, example: str) -> dict[str, object]:
    """A mapping whose keys a person has chosen."""
    if not isinstance(raw, dict) or not raw:
        raise ValueError(f"{_at(where)}expected a mapping such as {example}, got {_shown(raw)}")
    for name in raw:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"{_at(where)}expected a name without blanks and '/', at most 48 characters, got {name!r}"
            )
    return raw


def _keys(
    raw: object, where: str, table: Mapping[str, Callable[[object, str], Any]], example: str
) -> dict[str, Any]:
    """A mapping whose keys are ours; those that are there, parsed."""
    if not isinstance(raw, dict):
        raise _PlacedError(f"{_at(where)}expected a mapping such as {example}, got {_shown(raw)}")
    parsed = {}
    for key, value in raw.items():
        if key not in table:
            near = difflib.get_close_matches(str(key), table, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(table)}"
            raise _PlacedError(f"{where}.{key}: unknown key; {hint}")
        place = f"{where}.{key}"
        try:
            parsed[key] = table[key](value, place)
        except _PlacedError:
            raise
        except ValueError as error:
            text = str(error)
            raise _PlacedError(text if text.startswith(place) else f"{place}: {text}") from None
    return parsed


class _PlacedError(ValueError):
    """Says already where."""


def _whole(raw: object, allowed: range) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw not in allowed:
        raise ValueError(f"expected a whole number from {allowed[0]} to {allowed[-1]}, got {_shown(raw)}")
    return raw


def _one_of(raw: object, names: Mapping[str, object] | tuple[object, ...]) -> Any:
    if isinstance(raw, bool) or raw not in names:
        near = difflib.get_close_matches(str(raw), [str(name) for name in names], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"expected one of {', '.join(map(str, names))}, got {_shown(raw)}{hint}")
    return raw


def _unit(raw: object) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= 16 or not raw.isprintable():
        raise ValueError(f"expected a unit such as C, at most 16 characters, got {_shown(raw)}")
    return raw


def _scale(raw: object) -> float:
    scale = parse_number(raw)
    if scale == 0:
        raise ValueError("expected a number other than 0, got 0, which would make every value the same")
    return scale


def _shown(raw: object) -> str:
    if raw is None:
        return "nothing"
    if isinstance(raw, dict | list):
        return "a list" if isinstance(raw, list) else "a mapping"
    return repr(raw)[:60]


def _at(where: str) -> str:
    return f"{where}: " if where else ""


_SLAVE: Mapping[str, Callable[[object, str], Any]] = {
    "id": lambda raw, _: parse_id(raw),
    "profile": lambda raw, _: _one_of(raw, PROFILES),
    "registers": _registers,
    "every": lambda raw, _: span(*EVERY_S)(raw),
}
_REGISTER: Mapping[str, Callable[[object, str], Any]] = {
    "function": lambda raw, _: _one_of(raw, FUNCTIONS),
    "address": lambda raw, _: _whole(raw, range(65_536)),
    "type": lambda raw, _: _one_of(raw, WORDS),
    "word_order": lambda raw, _: _one_of(raw, WORD_ORDERS),
    "scale": lambda raw, _: _scale(raw),
    "offset": lambda raw, _: parse_number(raw),
    "invalid": lambda raw, _: parse_numbers(raw),
    "unit": lambda raw, _: _unit(raw),
}
