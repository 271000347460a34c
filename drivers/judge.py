"""From what a board measured to a value and how far to trust it: units, calibration, limits, spikes."""

import math
from collections.abc import Mapping
from typing import Any

from drivers.calibration import Calibration
from drivers.filters import SpikeGuard
from drivers.quantity import NO_LIMITS, Convert, Quantity
from drivers.source import Channel

# How far outside the limits of its kind a value may be to be set to the limit: a part of the span between
# them.
CLAMPED_PART = 0.05


class Judge:
    """Pure but for the spike guard's memory; the sensor guards it with a lock.

    A value is `raw`, converted from the board's unit, times `scale`, plus `offset`; or, with a `calibration`,
    what that makes of `raw`. Before the calibration,
    raw is compared with the range that the board says it can measure, unless there is `plausible` instead.
    After it, the value is compared with `limits`, what a `kind` can be at all, and with `plausible`, both in
    the sensor's unit. Outside of any it is suspect, and when `spikes` says so.

    `clamp`: a value that is outside `limits` by at most `CLAMPED_PART` is set to the limit. Both must be
    finite; else there is no span to take a part of, and nothing is clamped.
    """

    def __init__(
        self,
        offset: float,
        scale: float,
        plausible: tuple[float, float] | None,
        spikes: SpikeGuard,
        *,
        calibration: Calibration | None = None,
        limits: tuple[float, float] = NO_LIMITS,
        clamp: bool = False,
        kind: str = "value",
    ) -> None:
        self._offset = offset
        self._scale = scale
        self._calibration = calibration
        self._plausible = plausible
        self._spikes = spikes
        self._guarded = spikes.active  # asked once: most sensors have no `spike`, and readings are many
        self._limits = low, high = limits
        self._kind = kind
        span = high - low
        self._band = span * CLAMPED_PART if clamp and math.isfinite(span) else 0.0
        # What nearly every value is within, compared in one step.
        self._ordinary = (
            (low, high) if plausible is None else (max(low, plausible[0]), min(high, plausible[1]))
        )
        self._convert: Convert = float
        self._board_range = NO_LIMITS
        self.decimals = 6
        """How many digits after the point a judged value has."""
        self.warning: str | None = None
        """Why no value of this board is to be trusted, whatever it is."""

    def use(self, channel: Channel, convert: Convert) -> float:
        """Judge values of `channel`; `convert` leads from its unit to the sensor's. Returns the resolution
        of a judged value, 0 if it is not known."""
        self._convert = self._calibration or convert
        self._board_range = (channel.low, channel.high) if self._plausible is None else NO_LIMITS
        finest, self._spikes.resolution = self._steps(channel)
        # One digit more than is resolved: enough after conversion and offset, and 23.18 stays 23.18.
        digits = -math.floor(math.log10(finest)) if 0 < finest < math.inf else 5
        self.decimals = max(0, digits) + 1
        return self._spikes.resolution

    def _steps(self, channel: Channel) -> tuple[float, float]:
        """What the channel's resolution is in judged values, at least and at most."""
        if self._calibration is not None:
            least, most = self._calibration.slopes
            return channel.resolution * least, channel.resolution * most
        at = channel.high if math.isfinite(channel.high) else 0.0
        step = abs((self._convert(at) - self._convert(at - channel.resolution)) * self._scale)
        return step, step

    def judge(self, raw: float, *, in_turn: bool = True) -> tuple[float, str | None, bool]:
        """The value, why it is suspect (None: it is good), and whether it was clamped. One that is not
        `in_turn` is compared with no other."""
        # + 0.0: a small negative value must not be rounded to "-0.0"
        value = round(self._convert(raw) * self._scale + self._offset, self.decimals) + 0.0
        low, high = self._board_range
        reason, clamped = self.warning, False
        if reason is not None:
            return value, reason, False
        if not low <= raw <= high and not self._at_the_end_of_the_scale(raw):
            reason = f"outside the board's range, {low:g} to {high:g}"
        else:
            low, high = self._ordinary
            if not low <= value <= high:
                value, reason, clamped = self._compare(value)
        if self._guarded and reason is None and in_turn:
            reason = self._spikes.check(value)
        return value, reason, clamped

    def go_on_for(self, before: "Judge", *, alike: bool) -> None:
        """Take the place of a judge with other settings. `alike`: of one that made the same values, whose
        memory is kept."""
        self.warning = before.warning
        if alike:
            self._spikes.go_on_for(before._spikes)

    def trust(self, raw: float) -> None:
        """That was a good one, by other settings: it is the level, if none is known yet."""
        self._spikes.trust(self.judge(raw)[0])

    def begin_anew(self) -> None:
        """What comes next may be of another board, or of one that was just switched on."""
        self._spikes.reset()

    @property
    def wants_another(self) -> bool:
        """Whether the value taken last is suspect only as long as no other confirms it."""
        return self.warning is None and self._spikes.wants_another

    def take(self, value: float, reason: str | None) -> None:
        """Note a judged value, in the order of measurement."""
        if self._guarded:
            self._spikes.take(value, reason)

    def _compare(self, value: float) -> tuple[float, str | None, bool]:
        """The same for a value outside the limits or the plausible range, but for spikes."""
        low, high = self._limits
        clamped = False
        if not low <= value <= high:
            if not low - self._band <= value <= high + self._band:
                bound, word = (low, "less") if value < low else (high, "more")
                return value, f"{word} than {self._kind} can be, {bound:g}", False
            value, clamped = min(max(value, low), high), True
        if self._plausible is not None:
            low, high = self._plausible
            if not low <= value <= high:
                return value, f"outside the plausible range, {low:g} to {high:g}", clamped
        return value, None, clamped

    def _at_the_end_of_the_scale(self, raw: float) -> bool:
        """Whether a raw value outside the board's range is to be clamped rather than suspected: it is near
        enough to the kind's limit, and the board's range ends there too. A hygrometer that announces 0 to
        100 % (or 99.9) says 101.7 in fog."""
        if not self._band:
            return False
        low, high = self._board_range
        end, value = self._convert(low if raw < low else high), self._convert(raw)
        limit = self._limits[1 if value > end else 0]
        return abs(end - limit) <= self._band and abs(value - limit) <= self._band


def judge_of(parsed: Mapping[str, Any], quantity: Quantity, *, clamps: bool) -> Judge:
    """The judge that a sensor's options ask for. `clamps`: the driver's default."""
    return Judge(
        parsed["offset"],
        parsed["scale"],
        parsed["range"],
        SpikeGuard(parsed["spike"]),
        calibration=None if parsed["calibrate"] is None else Calibration(parsed["calibrate"]),
        limits=quantity.limits,
        clamp=clamps if parsed["clamp"] is None else parsed["clamp"],
        kind=quantity.kind,
    )
