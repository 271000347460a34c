"""The board's clock: milliseconds since it started, which never wrap."""

import time


class Clock:
    """`ticks_ms` wraps, after 12.4 days on most ports: so its steps are added up. To be looked at more often
    than that, which the board's loop does."""

    def __init__(self):
        self._last = time.ticks_ms()
        self._now = 0

    def ms(self):
        """Now."""
        ticks = time.ticks_ms()
        self._now += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now
