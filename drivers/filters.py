"""What stands between a measured value and a published one: small pure decisions.

None of these knows of threads, clocks or senders; times are passed in (seconds, monotonic), values are
numbers in the sensor's unit. Those that keep state separate asking (`check`, `passes`) from taking note
(`take`), so that a live read can be judged without disturbing the stream.
"""

from collections.abc import Mapping
from typing import Any

from drivers.options import Amount

# So many values in a row that agree with each other are no spike but the new level. At the beginning two are
# enough: there is no level yet that speaks against them.
SPIKE_CONFIRMATIONS = 3


class Deadband:
    """Lets a value through when it differs enough from the last one published, or enough time passed.

    `delta`: the least difference worth publishing. `resolution`: a floor for a relative delta, which would
    otherwise let every flicker around zero through. `min_interval`: seconds between two publications, unless
    the difference reaches `step`. `heartbeat`: publish after so many seconds though nothing changed; 0:
    never.

    `interval`: seconds between two readings, 0 if unknown. Both times are then over at the reading nearest to
    their end: of readings each second, jitter must not make `heartbeat: 2s` wait for the third.
    """

    def __init__(
        self, delta: Amount, min_interval: float = 0.0, step: Amount | None = None, heartbeat: float = 0.0
    ) -> None:
        self._delta = delta
        self._min_interval = min_interval
        self._step = step
        self._heartbeat = heartbeat
        self.resolution = 0.0
        self.interval = 0.0
        self._value: float | None = None
        self._time = 0.0

    def passes(self, value: float, now: float) -> bool:
        """Whether `value` is worth publishing at `now`."""
        if self._value is None:
            return True
        elapsed = max(0.0, now - self._time)  # estimated times of measurement may step back a little
        if self._heartbeat and self._over(self._heartbeat, elapsed):
            return True
        change = abs(value - self._value)
        if change == 0.0 or change < self._least(self._delta) * (1 - 1e-9):  # 0.1 steps are not exact
            return False
        if self._over(self._min_interval, elapsed):
            return True
        return self._step is not None and change >= self._least(self._step) * (1 - 1e-9)

    def take(self, value: float, now: float) -> None:
        """Note that `value` was published at `now`."""
        self._value = value
        self._time = now

    def reset(self) -> None:
        """Let the next value through, whatever it is."""
        self._value = None

    def go_on_for(self, before: "Deadband") -> None:
        """Take the place of one with other settings."""
        self.resolution, self.interval = before.resolution, before.interval
        self._value, self._time = before._value, before._time

    def _over(self, span: float, elapsed: float) -> bool:
        return elapsed >= span - min(self.interval, span) / 2

    def _least(self, amount: Amount) -> float:
        size = amount.at(self._value or 0.0)
        return max(size, self.resolution) if amount.relative else size


class SpikeGuard:
    """Suspects the first value until another agrees with it, and any later one that jumps from the last
    trusted one by more than `limit`. Without a limit it suspects nothing.

    The first value may be anything: a DS18B20 says 85 when it was just switched on. It is trusted when the
    next one is within `limit` of it; if not, the next one is the one to be confirmed. A later jump that holds
    for `SPIKE_CONFIRMATIONS` values (each within `limit` of the one before) is a new level and is trusted
    from then on. `resolution`: a floor for a relative limit, as for the deadband.
    """

    def __init__(self, limit: Amount | None) -> None:
        self._limit = limit
        self.resolution = 0.0
        self._trusted: float | None = None
        self._suspected: float | None = None
        self._in_a_row = 0

    @property
    def active(self) -> bool:
        """Whether there is a limit."""
        return self._limit is not None

    def check(self, value: float) -> str | None:
        """Why `value` is suspect, or None."""
        limit, trusted = self._limit, self._trusted
        if limit is None:
            return None
        if trusted is None:
            return None if self._agrees(value) else self._unconfirmed(value)
        if abs(value - trusted) <= self._most(limit, trusted):
            return None
        if self._in_a_row >= SPIKE_CONFIRMATIONS - 1 and self._agrees(value):
            return None
        return f"spike: {value:g} after {trusted:g}, more than {limit} away"

    def take(self, value: float, reason: str | None) -> None:
        """Note `value` and what `check` said of it."""
        if reason is None:
            self._trusted, self._suspected, self._in_a_row = value, None, 0
        else:
            self._in_a_row = self._in_a_row + 1 if self._agrees(value) else 1
            self._suspected = value

    def reset(self) -> None:
        """Begin anew: the next value is a first one."""
        self._trusted, self._suspected, self._in_a_row = None, None, 0

    def go_on_for(self, before: "SpikeGuard") -> None:
        """Take the place of one with another limit, for values of the same kind."""
        self.resolution = before.resolution
        self._trusted, self._suspected = before._trusted, before._suspected
        self._in_a_row = before._in_a_row

    def trust(self, value: float) -> None:
        """That is the level, unless another is known."""
        if self._trusted is None and self._suspected is None:
            self._trusted = value

    @property
    def wants_another(self) -> bool:
        """Whether a value waits for another to confirm it, and no level is known meanwhile."""
        return self._limit is not None and self._trusted is None and self._suspected is not None

    def _unconfirmed(self, value: float) -> str:
        if self._suspected is None:
            return "first value, not yet confirmed"
        return f"not yet confirmed: {value:g} after {self._suspected:g}, more than {self._limit} away"

    def _agrees(self, value: float) -> bool:
        suspected, limit = self._suspected, self._limit
        if suspected is None or limit is None:
            return False
        return abs(value - suspected) <= self._most(limit, suspected)

    def _most(self, limit: Amount, level: float) -> float:
        size = limit.at(level)
        return max(size, self.resolution) if limit.relative else size


class Threshold:
    """Fires once when a value reaches `level`, and again only after it came back by `hysteresis`.

    `rising` tells the side: True fires at `value >= level` (hot, wet, bright), False at
    `value <= level` (cold, dry, dark). A first value that is already beyond the level fires too: an
    automation that starts later must learn of it.
    """

    def __init__(self, level: float, hysteresis: Amount, *, rising: bool) -> None:
        self.level = level
        self._rising = rising
        band = hysteresis.at(level)
        self._rearm = level - band if rising else level + band
        self._active = False

    def crossed(self, value: float) -> bool:
        """Take note of `value`; True when it has just crossed the level."""
        if not self._active:
            self._active = self._beyond(value)
            return self._active
        came_back = value <= self._rearm if self._rising else value >= self._rearm
        self._active = not came_back or self._beyond(value)
        return False

    def reset(self) -> None:
        """Begin anew: what was crossed before does not count."""
        self._active = False

    def go_on_for(self, before: "Threshold") -> None:
        """Take the place of one with another level: what has fired does not fire again, as long as the value
        is beyond the new level, too."""
        self._active = before._active

    def _beyond(self, value: float) -> bool:
        return value >= self.level if self._rising else value <= self.level


def deadband_of(parsed: Mapping[str, Any]) -> Deadband:
    """The one that a sensor's options ask for."""
    return Deadband(parsed["delta"], parsed["min_interval"], parsed["step"], parsed["heartbeat"])


def thresholds_of(parsed: Mapping[str, Any], low_event: str, high_event: str) -> dict[str, Threshold]:
    """Those that a sensor's options ask for, by the event that each fires."""
    return {
        event: Threshold(parsed[event], parsed["hysteresis"], rising=rising)
        for event, rising in ((low_event, False), (high_event, True))
        if parsed[event] is not None
    }
