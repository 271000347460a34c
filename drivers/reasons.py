"""Why a link is not up, in the log: each kind once, not each wording.

A link with a wrong baud rate fails every few seconds, each time with other bytes in its reason: written as
they come, these are 11,000 lines a day on the SD card.
"""

import logging
import re
from collections.abc import Callable

logger = logging.getLogger(__name__)

# What is still the matter is said again so often.
AGAIN_S = 3600.0
# What comes and goes is said so many times within that.
TIMES = 3
# More kinds than a link has.
MAX_KINDS = 32
_VARYING = re.compile(r"[0-9]+")


def kind_of(reason: str) -> str:
    """The part of a reason that does not vary: up to its first semicolon, without numbers."""
    return _VARYING.sub("#", reason.partition(";")[0])


class LoggedReasons:
    """For one thread. `now`: the monotonic clock."""

    def __init__(self, link: str, now: Callable[[], float]) -> None:
        self._link = link
        self._now = now
        self._newest: str | None = None
        self._logged: dict[str, tuple[float, int]] = {}  # by kind: since when, how often

    def is_news(self, reason: str) -> bool:
        """Whether to log it: not what was logged just before, and each kind `TIMES` times in `AGAIN_S`."""
        now, kind = self._now(), kind_of(reason)
        since, times = self._logged.get(kind, (-AGAIN_S, 0))
        if now - since >= AGAIN_S:
            since, times = now, 0
        elif kind == self._newest or times >= TIMES:
            return False
        if kind not in self._logged and len(self._logged) >= MAX_KINDS:
            self._logged.clear()
        self._logged[kind] = since, times + 1
        self._newest = kind
        return True

    def warn(self, reason: str) -> None:
        """Log it, if it is news."""
        if self.is_news(reason):
            logger.warning("%s: %s", self._link, reason)

    def forget(self) -> None:
        """All is well: what comes next is news."""
        self._newest = None
        self._logged.clear()
