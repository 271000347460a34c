"""Lines that a link could not use: how many, since when, and a word about them in the log."""

import logging
import math

from drivers.stream.conversation import Dropped

logger = logging.getLogger(__name__)

# A line that is wrong is often one of thousands.
LOG_S = 1.0
# Of damaged lines a channel may be called anything: more than a link has.
MAX_CHANNELS = 1024


class DroppedLines:
    """Kept by the reader's thread; `since` may be asked from any. `count`: from the port's opening on."""

    def __init__(self, link: str) -> None:
        self.count = 0
        self._link = link
        self._at_reading: dict[str, int] = {}
        self._logged = 0
        self._quiet_until = -math.inf

    def note(self, count: int, newest: Dropped, now: float) -> None:
        """There are `count` by now. Logs the newest, at level debug, at most once in `LOG_S`."""
        self.count = count
        if now < self._quiet_until:
            return
        self._quiet_until = now + LOG_S
        more = count - self._logged - 1
        self._logged = count
        left_out = f" ({more} more since the last such line here)" if more else ""
        logger.debug("%s: dropped a line: %s%s", self._link, newest, left_out)

    def note_reading(self, channel: str) -> None:
        """A reading of `channel` came."""
        if channel not in self._at_reading and len(self._at_reading) >= MAX_CHANNELS:
            del self._at_reading[next(iter(self._at_reading))]
        self._at_reading[channel] = self.count

    def since(self, channel: str) -> int:
        """How many were dropped since the last reading of `channel`."""
        return self.count - self._at_reading.get(channel, 0)
