"""The two clocks of the house, in one object that a test can replace."""

import time
from functools import partial
from typing import Final, Protocol

UNSET: Final = "unset"
"""What a reading's `clock` says where the machine's clock is not known to be right."""


class Clock(Protocol):
    """Where time comes from. Time-outs and ages use `monotonic`, never `utc`: a Pi without a
    real-time clock may jump by years when it first reaches a time server."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment, those included in which the machine was suspended; never goes
        back, never jumps."""

    def utc(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z, as well as the machine knows."""

    def stamp(self, moment: float) -> tuple[float, bool]:
        """The UTC of a moment on `monotonic`, as it is known now, and whether the machine's clock is not
        believed. Asked later, of the same moment, it may know better."""


if hasattr(time, "CLOCK_BOOTTIME"):
    boottime = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
else:  # not Linux: the one that there stands still in a suspend
    boottime = time.monotonic  # type: ignore[assignment]


class SystemClock:
    """The machine's own clocks, which are believed."""

    monotonic = staticmethod(boottime)
    utc = staticmethod(time.time)

    def stamp(self, moment: float) -> tuple[float, bool]:
        """See `Clock`."""
        return time.time() - (boottime() - moment), False


SYSTEM_CLOCK = SystemClock()
