"""The options that every sensor takes.

The config's validation and its reference are made from these tables.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from drivers.calibration import MAX_POINTS, parse_points
from drivers.errors import OptionError
from drivers.options import (
    Amount,
    Option,
    parse_amount,
    parse_duration,
    parse_interval,
    parse_number,
    parse_numbers,
    parse_range,
    parse_switch,
    parse_whole,
)
from drivers.smoothing import LEAST_AVERAGE_S, LEAST_MEDIAN, MOST_AVERAGE_S, MOST_MEDIAN
from drivers.units import spelled

_AMOUNT = "a number from 0, or a percentage such as 5%"
_DURATION = "a time span such as 30s or 5min, or seconds"
_NUMBER = "a number"


def parse_median(raw: object) -> int:
    """How many values: an odd number."""
    size = parse_whole(raw, LEAST_MEDIAN, MOST_MEDIAN)
    if size % 2:
        return size
    raise ValueError(f"expected an odd number, so that one value is in the middle, got {raw!r}")


def parse_average(raw: object) -> float:
    """Of how many seconds."""
    span = parse_duration(raw)
    if LEAST_AVERAGE_S <= span <= MOST_AVERAGE_S:
        return span
    raise ValueError(f"expected a time span from 100ms to 1d, got {raw!r}")


def parse_unit(raw: object, units: Iterable[str]) -> str:
    """One of `units`, however it is written."""
    if isinstance(raw, str) and spelled(raw) in units:
        return spelled(raw)
    raise ValueError(f"expected {' or '.join(units)}, got {raw!r}")


COMMON_OPTIONS: dict[str, Option] = {
    "offset": Option(parse_number, 0.0, _NUMBER, "Calibration: added to the value, after `scale`."),
    "scale": Option(parse_number, 1.0, _NUMBER, "Calibration: the value is multiplied by it."),
    "calibrate": Option(
        parse_points,
        None,
        f"a list of two to {MAX_POINTS} points [raw, true], raw rising",
        "Calibration by points: what the source says, and what is true, in the unit that is published. "
        "Straight between them and beyond. It takes the place of `offset`, `scale` and the conversion of "
        "units.",
    ),
    "invalid": Option(
        parse_numbers,
        None,
        "a number, or a list of numbers such as [-127, 85]",
        "What the board says when it has no value, as it says it (before `scale` and the conversion of "
        "units): the sensor has failed, as with a board's `!absent`.",
    ),
    "range": Option(
        parse_range,
        None,
        "two numbers, the lower first",
        "Plausible values, calibrated; one outside is `suspect`. Without it, the range that the board "
        "announces, before calibration.",
    ),
    "clamp": Option(
        parse_switch,
        None,
        "true or false",
        "A value outside the limits of its kind by at most 5 % of the span between them is set to the limit. "
        "Without it, true for `humidity`.",
    ),
    "spike": Option(
        parse_amount,
        None,
        _AMOUNT,
        "A value further than this from the last trusted one is `suspect`, until three in a row agree; so is "
        "the first one after a connect, until the next agrees.",
    ),
    "median": Option(
        parse_median,
        None,
        f"an odd number from {LEAST_MEDIAN} to {MOST_MEDIAN}",
        "The median of so many good values, the newest among them. A step comes through after half of them.",
    ),
    "average": Option(
        parse_average,
        None,
        "a time span from 100ms to 1d",
        "The mean of the good values of that time. A step is half through after half of it. Not together "
        "with `median`.",
    ),
    "delta": Option(
        parse_amount,
        Amount(0.0),
        _AMOUNT,
        "Deadband: the least change worth a `#changed`. A percentage is of the last published value.",
    ),
    "min_interval": Option(
        parse_duration,
        0.0,
        _DURATION,
        "The least time between two `#changed`, give or take half of the channel's interval; changes of "
        "`step` or more do not wait.",
    ),
    "step": Option(
        parse_amount, None, _AMOUNT, "A change so large is published at once, whatever `min_interval` says."
    ),
    "heartbeat": Option(
        parse_duration,
        0.0,
        _DURATION,
        "Publish after so long though nothing changed, give or take half of the channel's interval; 0: only "
        "changes.",
    ),
    "hysteresis": Option(
        parse_amount,
        Amount(0.0),
        _AMOUNT,
        "How far a value must come back before a threshold can fire again. A percentage is of the threshold.",
    ),
    "stale_after": Option(
        parse_duration,
        None,
        _DURATION,
        "Silence that makes the value `stale`. Without it, three of the channel's intervals and a second; "
        "where the source does not say how often it reports, three of the longest of the last eight gaps "
        "(10 s to 1 h; 5 min at first). 0: never.",
    ),
    "interval": Option(
        parse_interval,
        None,
        _DURATION,
        "The reporting interval to set on the board. Without it, the board's own. Only where the link's "
        "protocol can set it.",
    ),
}


def unit_options(units: Iterable[str], shows: Iterable[str]) -> dict[str, Option]:
    """`unit`, what a source delivers that does not say, and `show`, what is published, where there is a
    choice. The first of each is the default."""
    units, shows = tuple(units), tuple(shows)
    found = {}
    if units:
        found["unit"] = Option(
            partial(parse_unit, units=units),
            None,
            " or ".join(units),
            f"What the source delivers, where it does not say. Without it, {units[0]}.",
        )
    if shows:
        found["show"] = Option(
            partial(parse_unit, units=shows),
            None,
            " or ".join(shows),
            f"What is published; thresholds, `delta`, `offset` and all other options are in it. Without it, "
            f"{shows[0]}.",
        )
    return found


def threshold_options(low_event: str, high_event: str, unit: str) -> dict[str, Option]:
    """The options of a sensor's two thresholds, named like the events that they fire. `unit`: theirs, in
    words."""
    return {
        low_event: Option(
            parse_number,
            None,
            f"{_NUMBER}, in {unit}",
            f"The event `{low_event}` fires at this value or below.",
        ),
        high_event: Option(
            parse_number,
            None,
            f"{_NUMBER}, in {unit}",
            f"The event `{high_event}` fires at this value or above.",
        ),
    }


def check_filters(parsed: Mapping[str, Any]) -> None:
    """What exclude each other. Raises `OptionError`."""
    if parsed["scale"] == 0:
        raise OptionError("scale", "expected a number other than 0")
    if parsed["calibrate"] is not None:
        for name, neutral in (("offset", 0), ("scale", 1)):
            if parsed[name] != neutral:
                raise OptionError(name, "`calibrate` takes its place; remove one of the two")
    if parsed["median"] is not None and parsed["average"] is not None:
        raise OptionError("average", "`median` evens out already; remove one of the two")


def check_thresholds(parsed: Mapping[str, Any], low_event: str, high_event: str) -> None:
    """That the two do not cross. Raises `OptionError`."""
    low, high, hysteresis = parsed[low_event], parsed[high_event], parsed["hysteresis"]
    if low is None or high is None:
        return
    if low >= high:
        raise OptionError(low_event, f"expected less than {high_event} ({high:g}), got {low:g}")
    if low + hysteresis.at(low) >= high or high - hysteresis.at(high) <= low:
        raise OptionError(
            "hysteresis", f"expected less than the distance from {low:g} to {high:g}, got {hysteresis}"
        )
