"""Log lines: `2026-11-22T06:30:00.123Z INFO board: up …`, and the newest of them for the live table."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TextIO

import sig

TAIL_LINES = 200
"""What the live table keeps: more than the tallest terminal shows."""


class LineFormatter(logging.Formatter):
    """UTC with milliseconds, level, text; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = f"{second}.{int(record.msecs):03d}Z {record.levelname} {record.getMessage()}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class _Unfailing(logging.Handler):
    """Whoever logs has more to do than that: not even a stderr that is closed is let through."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say on stderr what went wrong, if that can be done."""
        with suppress(Exception):
            super().handleError(record)


class Tail(_Unfailing):
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


class _Lines(_Unfailing, logging.StreamHandler[TextIO]):
    """A line, or the few of a traceback."""


def to_stderr() -> logging.Handler:
    """The handler for plain lines."""
    handler = _Lines(sys.stderr)
    handler.setFormatter(LineFormatter())
    return handler


@contextmanager
def logging_to(handler: logging.Handler, *, verbose: bool = False) -> Iterator[None]:
    """Send the gateway's, the drivers' and sig's log to `handler`; `verbose`: the debug lines of all
    but sig, too."""
    root = logging.getLogger()
    sig_logger = logging.getLogger("sig")
    level, sig_level = root.level, sig_logger.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # Below that, sig tells of every connection that comes and goes: one for each `sig-gateway read`.
    sig_logger.setLevel(logging.WARNING)
    sig.setup_logger(sig_logger)
    try:
        yield
    finally:
        sig.setup_logger(None)
        sig_logger.setLevel(sig_level)
        root.setLevel(level)
        root.removeHandler(handler)
