"""The options that every sensor takes.

The config's validation and its reference are made from these tables.
"""

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
)

_AMOUNT = "a number from 0, or a percentage such as 5%"
_DURATION = "a time span such as 30s or 5min, or seconds"
_NUMBER = "a number"

COMMON_OPTIONS: dict[str, Option] = {
    "offset": Option(parse_number, 0.0, _NUMBER, "Calibration: added to the value, after `scale`."),
    "scale": Option(parse_number, 1.0, _NUMBER, "Calibration: the value is multiplied by it."),
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
        "Silence that makes the value `stale`. Without it, three of the channel's intervals and a second.",
    ),
    "interval": Option(
        parse_interval,
        None,
        _DURATION,
        "The reporting interval to set on the board. Without it, the board's own.",
    ),
}


def threshold_options(low_event: str, high_event: str, unit: str) -> dict[str, Option]:
    """The options of a sensor's two thresholds, named like the events that they fire."""
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
