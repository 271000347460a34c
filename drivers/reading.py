"""A reading: a value with its unit, the time of its measurement, and how far to trust it."""

import functools
import math
import time
from typing import Final, NamedTuple

from drivers import published
from drivers.clock import UNSET

GOOD: Final = "good"
SUSPECT: Final = "suspect"
STALE: Final = "stale"


class Reading(NamedTuple):
    """What a sensor delivers.

    `value` is in `unit`; None only in a reading that is stale because there has never been a value.
    `utc` is when it was measured, in seconds since 1970. `seq` is the board's number of the
    measurement. `reason` says why `quality` is not good, and is None where it is. `unset`: `utc` may be
    wrong, as the machine's clock is not believed.
    """

    value: float | None
    unit: str
    utc: float
    quality: published.Quality
    seq: int
    reason: str | None = None
    unset: bool = False

    def as_data(self) -> published.Reading:
        """The form in which readings leave the process: events' data, responses (product names)."""
        data: published.Reading = {
            "value": self.value,
            "unit": self.unit,
            "time": format_utc(self.utc),
            "quality": self.quality,
            "seq": self.seq,
        }
        if self.reason is not None:
            data["reason"] = self.reason
        if self.unset:
            data["clock"] = UNSET
        return data


def format_utc(utc: float) -> str:
    """`2026-11-22T06:30:00.123Z`. Rounded up to the next millisecond, so that a measurement never
    seems to come before the request that caused it."""
    return format_ms(math.ceil(utc * 1000))


def format_ms(utc_ms: int) -> str:
    """The same of whole milliseconds since 1970."""
    second, millisecond = divmod(utc_ms, 1000)
    return f"{_second(second)}.{millisecond:03d}Z"


@functools.lru_cache(maxsize=4)  # readings come in bunches of the same second
def _second(utc: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(utc))
