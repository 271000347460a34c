"""Other options for a sensor that is at work: what of its memory goes on by them."""

from collections.abc import Mapping
from typing import Any

from drivers.judge import judge_of
from drivers.quantity import Quantity
from drivers.readings import Rules
from drivers.smoothing import smoothing_of
from drivers.source import Channel

SCALE = ("offset", "scale", "calibrate", "unit", "show")
"""With one of these, the same measurement has another value."""
WINDOW = ("median", "average")


def same(before: Mapping[str, Any], after: Mapping[str, Any], *names: str) -> bool:
    """Whether those options are as they were. Not every driver has all of them."""
    return all(before.get(name) == after.get(name) for name in names)


def rules_of(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    quantity: Quantity,
    channel: Channel | None,
    *,
    clamps: bool,
) -> Rules:
    """By which a sensor judges from now on, whose options were `before` and are `after`, both parsed.
    `channel`: what the device says of it, None where it never was there; `clamps`: the driver's default."""
    fits = channel is not None and quantity.unfit(channel) is None
    alike = same(before, after, *SCALE)
    window = after["median"] is not None or after["average"] is not None
    return Rules(
        unit=quantity.unit,
        judge=judge_of(after, quantity, clamps=clamps),
        smoothing=smoothing_of(after, quantity.precision),
        alike=alike,
        same_window=window and alike and same(before, after, *WINDOW),
        channel=channel if fits else None,
        convert=quantity.convert(channel) if fits and channel is not None else float,
    )
