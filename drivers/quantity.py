"""What a sensor measures, once its options are known: in which unit, from which units, within what limits."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from drivers.source import Channel, Device
from drivers.units import spelled

Convert = Callable[[float], float]
NO_LIMITS = (-math.inf, math.inf)
# So many digits are left of a limit that is converted: else 0 K in °F would be less than can be, by rounding.
_LIMIT_DIGITS = 6


class Shown(NamedTuple):
    """A unit to publish in, beside the driver's own, and how to convert a value to it."""

    unit: str
    convert: Convert


@dataclass(frozen=True, slots=True)
class Quantity:
    """`unit`: of the readings. `units`: those that a source may deliver, and how to convert a value from
    each; a source that does not say delivers the one that the config says (`said`), else the first. `limits`,
    in `unit`: the least and the most that can be. `any_kind`: a channel of another kind will do too.

    `device_class` and `state_class` are Home Assistant's, None where there is none; `precision`: how many
    digits after the point are published, None for all.
    """

    kind: str
    unit: str
    units: Mapping[str, Convert]
    said: str | None = None
    limits: tuple[float, float] = NO_LIMITS
    any_kind: bool = False
    device_class: str | None = None
    state_class: str | None = "measurement"
    precision: int | None = None

    def shown_in(self, name: str, shown: Shown) -> "Quantity":
        """The same, published in another unit, which sources call `name`."""
        low, high = (round(shown.convert(limit), _LIMIT_DIGITS) for limit in self.limits)
        units = {
            # What is in that unit already stays as it is.
            each: float if each == name else _through(convert, shown.convert)
            for each, convert in self.units.items()
        }
        return replace(self, unit=shown.unit, units=units, limits=(low, high))

    def convert(self, channel: Channel) -> Convert:
        """From the channel's values to `unit`. The channel fits."""
        return self.units[self._unit_of(channel)]

    def unfit(self, channel: Channel) -> str | None:
        """Why the channel's values are none of this quantity; None when they are."""
        name = channel.name
        if channel.kind not in ("", self.kind) and not self.any_kind:
            return (
                f"channel {name!r} measures {channel.kind}, not {self.kind}; choose another driver or channel"
            )
        unit = self._unit_of(channel)
        if channel.unit and self.said is not None and unit != self.said:
            return f"channel {name!r} is in {channel.unit!r}, and the config says `unit: {self.said}`; " + (
                f'write unit: "{channel.unit}"' if self.any_kind else "remove `unit`"
            )
        if unit not in self.units:
            expected = f"{' or '.join(self.units)}, or use driver: generic"
            return f"channel {name!r} is in {channel.unit!r}; expected {expected}"
        return None

    def _unit_of(self, channel: Channel) -> str:
        if channel.unit:
            return spelled(channel.unit)
        return self.said if self.said is not None else next(iter(self.units))


def _through(first: Convert, second: Convert) -> Convert:
    return lambda value: second(first(value))


def channel_of(device: Device, name: str) -> Channel | None:
    """The device's channel of that name; one that is not known yet, where it may be any."""
    channel = device.channels.get(name)
    return Channel(name, unannounced=True) if channel is None and device.any_channel else channel


def no_channel(device: Device, name: str) -> str:
    """That it has no such channel, for a person."""
    who = f"device {device.name}" if device.name else f"board {device.identity}".rstrip()
    return f"{who} has no channel {name!r}; it has {', '.join(device.channels) or 'none'}"
