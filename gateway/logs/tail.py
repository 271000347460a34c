"""The newest log lines, for the live table."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import nullcontext

from gateway.logs.lines import LineFormatter
from gateway.logs.stderr import Unfailing

TAIL_LINES = 200
"""What the live table keeps: more than the tallest terminal shows."""


class Tail(Unfailing):
    """Keeps the last lines, until they are handed over. `lines` may be read from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(LineFormatter())
        self.lines: deque[tuple[int, str]] = deque(maxlen=TAIL_LINES)
        self._onward: logging.Handler | None = None

    def hand_over(self, handler: logging.Handler) -> list[tuple[int, str]]:
        """From now on `handler` gets what is logged; returns the lines of before, each of which is in one of
        the two."""
        with self.lock or nullcontext():
            self._onward = handler
            return list(self.lines)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`, on the thread that logged."""
        if self._onward is not None:
            self._onward.handle(record)
            return
        try:
            for line in self.format(record).splitlines():
                self.lines.append((record.levelno, line))
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
