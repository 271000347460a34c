"""The two clocks of the house, in one object that a test can replace."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Time-outs and ages use `monotonic`, never `utc`: a Pi without a
    real-time clock may jump by years when it first reaches a time server."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back, never jumps."""

    def utc(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z, as well as the machine knows."""


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)
    utc = staticmethod(time.time)


SYSTEM_CLOCK = SystemClock()
