"""A record as text. Pure."""

from __future__ import annotations

import logging
import time

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Of syslog(3), which sd-daemon(3) takes at the begin of a line."""
_DEBUG = 7


class LineFormatter(logging.Formatter):
    """`2026-11-22T06:30:00.123Z INFO board: up …`: UTC with milliseconds, level, text; a traceback follows on
    lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = f"{second}.{int(record.msecs):03d}Z {record.levelname} {record.getMessage()}"
        return line + _traceback(self, record)


class JournalFormatter(logging.Formatter):
    """`<4>board: lost …`: before every line what systemd's journal reads as a priority. It has the time."""

    def format(self, record: logging.LogRecord) -> str:
        """One record. A message of several lines is as many for the journal."""
        text = record.getMessage() + _traceback(self, record)
        mark = f"<{priority(record.levelno)}>"
        return "\n".join(mark + line for line in text.splitlines() or [""])


def priority(level: int) -> int:
    """syslog's, of a level of `logging`."""
    return next((number for least, number in _PRIORITIES if level >= least), _DEBUG)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return "\n" + formatter.formatException(record.exc_info) if record.exc_info else ""
