"""Options: how a value from a config file becomes what a driver works with.

Each parser takes what YAML delivers (number, text, list, None) and returns the parsed value, or
raises `ValueError` with a text that says what was expected and what was given. An `Option` couples
a parser with its default and its documentation; the config reference and the config's validation
are both made from these tables, so a new sensor kind brings its options with it.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.errors import OptionError

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|min|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
# No quantity in any unit is so large; and products of three such numbers are floats still.
ABSURD = 1e100
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class Amount:
    """A difference of values: absolute in the sensor's unit, or relative (`0.05` for 5 %)."""

    size: float
    relative: bool = False

    def at(self, level: float) -> float:
        """The difference in the sensor's unit, at a value of `level`."""
        return self.size * abs(level) if self.relative else self.size

    def __str__(self) -> str:
        return f"{self.size * 100:g}%" if self.relative else f"{self.size:g}"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a driver or of a link: its parser, default, what it takes, and what it does.

    `required`: there is no default. `write`: a value to copy, for error messages.
    """

    parse: Callable[[object], Any]
    default: Any
    expected: str
    doc: str
    required: bool = False
    write: str = ""


def finite(raw: object) -> float | None:
    """`raw` as a float, None if it is no finite number. `True` is not one, though Python thinks so."""
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        return None
    try:
        number = float(raw)
    except OverflowError:  # an integer of more than 308 digits
        return None
    return number if math.isfinite(number) else None


def parse_number(raw: object) -> float:
    """A finite number, of a size that something may have."""
    number = finite(raw)
    if number is not None and abs(number) <= ABSURD:
        return number
    raise ValueError(f"expected a number such as 21.5, got {raw!r}")


def parse_amount(raw: object) -> Amount:
    """A number that is not negative, or a percentage: `0.1`, `"5%"`."""
    match = _PERCENT.fullmatch(raw.strip()) if isinstance(raw, str) else None
    size = finite(float(match[1]) / 100 if match else raw)
    if size is not None and size >= 0:
        return Amount(size, relative=match is not None)
    raise ValueError(f"expected a number from 0 or a percentage such as 5%, got {raw!r}")


def parse_duration(raw: object) -> float:
    """A time span in seconds: a number of seconds, or text such as `500ms`, `30s`, `5min`, `12h`, `400d`."""
    match = _DURATION.fullmatch(raw.strip()) if isinstance(raw, str) else None
    seconds = finite(float(match[1]) * _SECONDS[match[2]] if match else raw)
    if seconds is not None and seconds >= 0:
        return seconds
    raise ValueError(f"expected a time span such as 30s, 5min or 12h, or seconds, got {raw!r}")


def parse_interval(raw: object) -> float:
    """A time span in seconds that a board can count: 0, or at least a millisecond."""
    interval = parse_duration(raw)
    if 0 < interval < 0.001:
        raise ValueError(f"expected 0 or a time span from 1ms, got {raw!r}")
    return interval


def parse_numbers(raw: object) -> tuple[float, ...]:
    """A number, or a list of numbers: `85`, `[-127, 85]`."""
    listed = raw if isinstance(raw, list | tuple) else [raw]
    numbers = tuple(number for each in listed if (number := finite(each)) is not None)
    if len(numbers) == len(listed):
        return numbers
    raise ValueError(f"expected a number or a list of numbers such as [-127, 85], got {raw!r}")


def parse_switch(raw: object) -> bool:
    """True or false."""
    if isinstance(raw, bool):
        return raw
    raise ValueError(f"expected true or false, got {raw!r}")


def parse_range(raw: object) -> tuple[float, float]:
    """Two numbers, the lower one first: `[-20, 60]`."""
    problem = f"expected two numbers, the lower first, such as [-20, 60], got {raw!r}"
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise ValueError(problem)
    try:
        low, high = parse_number(raw[0]), parse_number(raw[1])
    except ValueError:
        raise ValueError(problem) from None
    if low >= high:
        raise ValueError(problem)
    return low, high


def parse_text(raw: object) -> str:
    """A text, which may be empty."""
    if isinstance(raw, str):
        return raw.strip()
    raise ValueError(f"expected a text, got {raw!r}")


def parse_whole(raw: object, least: int, most: int) -> int:
    """A whole number within those two."""
    number = finite(raw)
    if number is not None and number == int(number) and least <= number <= most:
        return int(number)
    raise ValueError(f"expected a whole number from {least} to {most}, got {raw!r}")


def near(raw: object, names: Iterable[str]) -> str:
    """Of many names the one that may be meant, for an error message; else all of them."""
    found = difflib.get_close_matches(str(raw), list(names), n=1)
    return f"did you mean {found[0]!r}?" if found else f"one of {', '.join(names)}"


def parse_options(
    table: Mapping[str, Option], given: Mapping[str, object], also: Iterable[str] = ()
) -> dict[str, Any]:
    """All options of `table`: those given parsed, the others with their defaults. `also`: what else may have
    been meant. Raises `OptionError`."""
    for name in given:
        if name not in table:
            near = difflib.get_close_matches(name, [*table, *also], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(table)}"
            raise OptionError(name, f"unknown option; {hint}")
    parsed: dict[str, Any] = {}
    for name, option in table.items():
        value = given.get(name)
        if value is None and option.required:
            raise OptionError(name, f"is missing: expected {option.expected}")
        try:
            parsed[name] = option.default if value is None else option.parse(value)
        except ValueError as error:
            raise OptionError(name, getattr(error, "problem", str(error))) from None
    return parsed
