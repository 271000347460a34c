"""How many decimals a value has: in the live table, `watch` and `senders` as many as its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_DECIMALS = 3
SIGNIFICANT = 4
_DEGREES = frozenset("CFK")
"""A step of one is about a step of the other."""


def value_text(value: float | None, decimals: int) -> str:
    """`23.10`; a dash without a value."""
    if value is None:
        return "-"
    return f"{value:.{decimals}f}" if abs(value) < 1e9 else f"{value:.6g}"


def decimals_of(value: float | None) -> int:
    """How many decimals are worth showing of `value`: all, if it has no more than 3, as what a board sends;
    else, as a calibration makes digits that mean nothing, what leaves 4 significant digits, at most 4."""
    if value is None:
        return 0
    decimals = _decimals(value, 6)
    if decimals <= MOST_DECIMALS:
        return decimals
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return _decimals(value, max(0, SIGNIFICANT - whole))


def decimals_of_source(info: object) -> int | None:
    """As many as the resolution of a sensor's source has, at most 3, by what the sensor answers to `info`;
    None where it says none, or one of other values than the sensor's."""
    if not isinstance(info, Mapping):
        return None
    channel, options = info.get("channel"), info.get("options")
    resolution = channel.get("resolution") if isinstance(channel, Mapping) else None
    if not isinstance(resolution, int | float) or isinstance(resolution, bool) or not 0 < resolution < 1e9:
        return None
    if isinstance(options, Mapping) and (options.get("scale", 1) != 1 or "calibrate" in options):
        return None
    assert isinstance(channel, Mapping)
    ours, its = _unit(info), _unit(channel)
    if ours != its and not {ours, its} <= _DEGREES:
        return None
    return min(MOST_DECIMALS, _decimals(float(resolution), 6))


class Shown:
    """Values as texts, by sensor: each with its source's decimals or, where those are not known, with as many
    as one of its values had. For one thread."""

    def __init__(self) -> None:
        self._decimals: dict[str, int] = {}

    def decimals(self, sensor: str, value: float | None, of_source: int | None) -> int:
        """How many to show."""
        if of_source is not None:
            return of_source
        most = max(self._decimals.get(sensor, 0), decimals_of(value))
        self._decimals[sensor] = most
        return most


def _unit(says: Mapping[str, Any]) -> str:
    """°C is C: a board has ASCII alone."""
    return str(says.get("unit")).removeprefix("°")


def _decimals(value: float, most: int) -> int:
    return len(f"{value:.{most}f}".partition(".")[2].rstrip("0"))
