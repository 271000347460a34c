"""Errors of the bridge's own: they are told of, and end neither the bridge nor what is to be done next."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

logger = logging.getLogger(__name__)

AFTER_FAILURE_S = (1.0, 60.0)
"""How long the bridge rests after an error of its own, the first time and at most."""
FORGIVEN_S = 600.0
"""After so long without an error, the rest after the next is short again; without one of its kind, one is
logged again."""
MAX_KINDS = 50
"""Of errors that are remembered; a kind is the exception's class and the line that raised it."""


class Guard:
    """Of one thread's work. `clock`: monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed_at = -math.inf
        self._told: dict[object, float] = {}  # kinds of errors, and when they came last
        self.rest_s = 0.0
        """How long to rest after the last one."""

    def works(self, work: Callable[[], object]) -> bool:
        """Whether it did."""
        try:
            work()
        except Exception as error:
            first_s, longest_s = AFTER_FAILURE_S
            now = self._clock()
            if self._is_news(error, now):
                logger.exception("mqtt: the bridge failed, and begins anew; please report this")
            if now - self._failed_at > FORGIVEN_S:
                self.rest_s = 0.0
            self._failed_at = now
            self.rest_s = min(max(first_s, 2 * self.rest_s), longest_s)
            return False
        return True

    def forget(self) -> None:
        """Each is news again."""
        self._told.clear()

    def _is_news(self, error: Exception, now: float) -> bool:
        """Whether none of its kind came within FORGIVEN_S."""
        innermost = error.__traceback__
        while innermost is not None and innermost.tb_next is not None:
            innermost = innermost.tb_next
        where = (innermost.tb_frame.f_code, innermost.tb_lineno) if innermost is not None else None
        kind = type(error), where
        before = self._told.pop(kind, -math.inf)
        if len(self._told) >= MAX_KINDS:
            del self._told[next(iter(self._told))]  # that which has not come for longest
        self._told[kind] = now
        return now - before > FORGIVEN_S
