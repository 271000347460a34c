"""From what a board measured to a value and how far to trust it: units, calibration, plausibility, spikes."""

import math
from collections.abc import Callable

from drivers.filters import SpikeGuard
from drivers.source import Channel


class Judge:
    """Pure but for the spike guard's memory; the sensor guards it with a lock.

    A value is `raw`, converted from the board's unit, times `scale`, plus `offset`. It is suspect outside
    `plausible` (in the sensor's unit, calibrated); without `plausible`, when raw is outside what the board
    says it can measure; and when `spikes` says so.
    """

    def __init__(
        self, offset: float, scale: float, plausible: tuple[float, float] | None, spikes: SpikeGuard
    ) -> None:
        self._offset = offset
        self._scale = scale
        self._plausible = plausible
        self._spikes = spikes
        self._convert: Callable[[float], float] = float
        self._board_range = (-math.inf, math.inf)
        self._decimals = 6

    def use(self, channel: Channel, convert: Callable[[float], float]) -> float:
        """Judge values of `channel`; `convert` leads from its unit to the sensor's. Returns the resolution
        of a judged value."""
        self._convert = convert
        self._board_range = channel.low, channel.high
        # One digit more than is resolved: enough after conversion and offset, and 23.18 stays 23.18.
        step = convert(channel.high) - convert(channel.high - channel.resolution)
        resolution = abs(step * self._scale)
        digits = -math.floor(math.log10(resolution)) if resolution > 0 else 5
        self._decimals = max(0, digits) + 1
        return resolution

    def judge(self, raw: float) -> tuple[float, str | None]:
        """The value, and why it is suspect (None: it is good)."""
        # + 0.0: a small negative value must not be rounded to "-0.0"
        value = round(self._convert(raw) * self._scale + self._offset, self._decimals) + 0.0
        if self._plausible is not None:
            low, high = self._plausible
            if not low <= value <= high:
                return value, f"outside the plausible range, {low:g} to {high:g}"
        else:
            low, high = self._board_range
            if not low <= raw <= high:
                return value, f"outside the board's range, {low:g} to {high:g}"
        return value, self._spikes.check(value)

    def take(self, value: float, reason: str | None) -> None:
        """Note a judged value, in the order of measurement."""
        self._spikes.take(value, reason)
