"""Log lines on standard error. Whoever logs has more to do than that: nothing fails because of it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

from gateway.logs.lines import JournalFormatter, LineFormatter


class Unfailing(logging.Handler):
    """Not even a stderr that is closed is let through to whoever logs."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say on stderr what went wrong, if that can be done."""
        with suppress(Exception):
            super().handleError(record)


class _Lines(Unfailing, logging.StreamHandler[TextIO]):
    """A line, or the few of a traceback."""


def to_stderr(environ: Mapping[str, str] = os.environ) -> logging.Handler:
    """The handler for plain lines; with the journal's priorities where standard error is the journal."""
    handler = _Lines(sys.stderr)
    handler.setFormatter(JournalFormatter() if is_journal(sys.stderr, environ) else LineFormatter())
    return handler


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether what is written there goes to systemd's journal: `JOURNAL_STREAM` names the device and inode of
    the socket (systemd.exec(5)). A child whose standard error is elsewhere has the variable too."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(stream.fileno())
        return (status.st_dev, status.st_ino) == (int(device), int(inode))
    except (OSError, ValueError):  # none, closed, or no file at all
        return False
