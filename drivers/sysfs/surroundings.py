"""What the buses of a session share, and how long a read may take."""

from collections.abc import Callable
from typing import NamedTuple

from drivers.source import Keeper
from drivers.sysfs.files import Files
from drivers.sysfs.left import LeftReads

# Nothing takes so long that goes well. An I2C transfer is given up by the kernel after 1 s; a 1-wire sensor
# whose checksum is wrong is asked five times, 750 ms each (w1_therm.c).
HANGS_AFTER_S = 2.0
W1_HANGS_AFTER_S = 5.0
# Where channels are read more often than that, those behind the one that hangs would turn stale meanwhile,
# which they do after three intervals and 1 s. But one conversion is waited for.
_LEAST_S = 1.5
_INTERVALS = 2


class Surroundings(NamedTuple):
    """`hangs_after_s` is instead of the spans above; `look_soon` has the session look for what is there."""

    keeper: Keeper
    files: Files
    every_s: float
    left: LeftReads
    hangs_after_s: float | None
    look_soon: Callable[[], None]

    def longest_read_s(self, *, converts: bool) -> float:
        """After so long, a read hangs; `converts`: of a 1-wire sensor."""
        if self.hangs_after_s is not None:
            return self.hangs_after_s
        longest = W1_HANGS_AFTER_S if converts else HANGS_AFTER_S
        return min(longest, max(_LEAST_S, _INTERVALS * self.every_s))
