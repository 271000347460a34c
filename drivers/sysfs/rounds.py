"""Which channels of one bus are read when: all that work together in a round, at one moment of a rhythm.

Together, so that 1-wire thermometers share one conversion. A channel whose failure takes long leaves the
round, and is asked by itself, ever more rarely (`drivers.polling`): it must not cost the others their rhythm.
"""

import math
from collections.abc import Iterable

from drivers.polling import SHARE, Schedule

_ROUND = ""  # no channel is called so


class Rounds:
    """No I/O, no thread; whoever calls has a lock. Times are monotonic, in seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._schedule: Schedule[str] = Schedule()
        self._together: dict[str, None] = {}  # in the order of their coming
        self._apart: set[str] = set()
        self._soon: dict[str, None] = {}
        self._begun = False

    def want(self, channels: Iterable[str], now: float) -> None:
        """From now on these are read, and no others; new ones as soon as may be."""
        wanted = dict.fromkeys(channels)
        for channel in [*self._together, *self._apart]:
            if channel not in wanted:
                self.forget(channel)
        for channel in wanted:
            if channel not in self._together and channel not in self._apart:
                self._join(channel, now)
                self._soon[channel] = None

    def forget(self, channel: str) -> None:
        """It is not read any more; what is known of it does not count."""
        self._together.pop(channel, None)
        self._soon.pop(channel, None)
        self._apart.discard(channel)
        self._schedule.remove(channel)
        self._end_if_empty()

    def hasten(self, channel: str) -> None:
        """Have it read as soon as may be, if it is not one that fails."""
        if channel in self._together:
            self._soon[channel] = None

    def due(self, now: float) -> tuple[str, ...]:
        """What is to be read now, together; nothing if no moment has come."""
        key = self._schedule.due(now)
        if key == _ROUND:
            self._schedule.succeeded(_ROUND, now)
            self._soon.clear()
            return tuple(self._together)
        if key is not None:
            return (key,)
        soon, self._soon = self._soon, {}
        return tuple(soon)

    @property
    def next_due(self) -> float:
        """When `due` has something; infinity for never."""
        return -math.inf if self._soon else self._schedule.next_due

    def succeeded(self, channel: str, now: float) -> None:
        """It was read."""
        if channel in self._apart:
            self._schedule.succeeded(channel, now)
            self._schedule.remove(channel)
            self._apart.discard(channel)
            self._join(channel, now)

    def failed(self, channel: str, now: float, cost_s: float) -> None:
        """It was not, after so long. What costs little is asked in each round all the same."""
        if channel in self._together and cost_s > SHARE * self._every_s:
            del self._together[channel]
            self._end_if_empty()
            self._apart.add(channel)
            self._schedule.add(channel, self._every_s, now)
        if channel in self._apart:
            self._schedule.failed(channel, now, cost_s)

    def _join(self, channel: str, now: float) -> None:
        self._together[channel] = None
        if not self._begun:
            self._begun = True
            self._schedule.add(_ROUND, self._every_s, now)

    def _end_if_empty(self) -> None:
        """Where none works, there is nobody whom those that fail could cost anything."""
        if not self._together and self._begun:
            self._begun = False
            self._schedule.remove(_ROUND)
