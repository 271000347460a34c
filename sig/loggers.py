"""The loggers that come with `sig`, and what it needs of any other."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Protocol

LOGS_FOR_OTHERS = ("sig.log", "sig.asking")
"""Not the code that had something to report."""


class LOG_LEVELS:  # noqa: N801 - the name is part of the API
    """Levels of a SimpleLogger; those in common with `logging` have its values."""

    LEVEL_TRACE = 0
    LEVEL_DEBUG = 10
    LEVEL_INFO = 20
    LEVEL_WARNING = 30
    LEVEL_ERROR = 40
    LEVEL_CRITICAL = 50
    LEVEL_NONE = 100

    LEVEL_NAMES: Mapping[int, str] = {
        LEVEL_TRACE: "trace",
        LEVEL_DEBUG: "debug",
        LEVEL_INFO: "info",
        LEVEL_WARNING: "warning",
        LEVEL_ERROR: "error",
        LEVEL_CRITICAL: "critical",
    }


class Logger(Protocol):
    """What `sig` needs of a logger: six methods that take a text. A `SimpleLogger` is one."""

    def trace(self, text: str) -> Any: ...
    def debug(self, text: str) -> Any: ...
    def info(self, text: str) -> Any: ...
    def warning(self, text: str) -> Any: ...
    def error(self, text: str) -> Any: ...
    def critical(self, text: str) -> Any: ...


class NullLogger:
    """Logs nothing; what is in use until `setup_logger`."""

    def trace(self, text: str) -> None:
        """Nothing, as all six."""

    debug = info = warning = error = critical = trace


class SimpleLogger:
    """Prints `[tag][line][caller][level]-text` to stdout for every text at or above `level`.

    `tag` is printed as given, brackets included; line and caller are those of the code that logged.
    """

    def __init__(self, tag: str = "[sig]", level: int = LOG_LEVELS.LEVEL_INFO) -> None:
        self.tag = tag
        self.level = level

    def trace(self, text: str, *args: Any) -> None:
        """Print `text`, %-formatted with `args` if there are any; so do the five below."""
        self._print(LOG_LEVELS.LEVEL_TRACE, text, args)

    def debug(self, text: str, *args: Any) -> None:
        """As `trace`, at level 10."""
        self._print(LOG_LEVELS.LEVEL_DEBUG, text, args)

    def info(self, text: str, *args: Any) -> None:
        """As `trace`, at level 20."""
        self._print(LOG_LEVELS.LEVEL_INFO, text, args)

    def warning(self, text: str, *args: Any) -> None:
        """As `trace`, at level 30."""
        self._print(LOG_LEVELS.LEVEL_WARNING, text, args)

    def error(self, text: str, *args: Any) -> None:
        """As `trace`, at level 40."""
        self._print(LOG_LEVELS.LEVEL_ERROR, text, args)

    def critical(self, text: str, *args: Any) -> None:
        """As `trace`, at level 50."""
        self._print(LOG_LEVELS.LEVEL_CRITICAL, text, args)

    def _print(self, level: int, text: str, args: tuple[Any, ...]) -> None:
        if level < self.level:
            return
        frame = sys._getframe(2)
        while frame.f_globals.get("__name__") in LOGS_FOR_OTHERS and frame.f_back is not None:
            frame = frame.f_back
        name = LOG_LEVELS.LEVEL_NAMES[level]
        text = text % args if args else text
        print(f"{self.tag}[{frame.f_lineno:>4}][{frame.f_code.co_name:>20}][{name:>8}]-{text}")
