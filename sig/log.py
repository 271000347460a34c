"""Where `sig` logs to: nowhere, until `setup_logger` names a logger.

Modules log through `log.get().warning(text)`: the logger's own method is called directly, so that the line
and caller it reports are those of the code that logged. The text is complete; nothing is %-formatted.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal

from sig.errors import USER_FAULTS
from sig.loggers import LOG_LEVELS, Logger, NullLogger, SimpleLogger

__all__ = ["LOG_LEVELS", "NullLogger", "SimpleLogger", "setup_logger"]

TRACE_OF_STANDARD_LOGGERS = 5

Level = Literal["warning", "error"]


class _Adapted:
    """A logger's own bound methods, with a `trace` for those that have none, as `logging`'s do."""

    def __init__(self, logger: Any) -> None:
        self.debug: Callable[[str], Any] = logger.debug
        self.info: Callable[[str], Any] = logger.info
        self.warning: Callable[[str], Any] = logger.warning
        self.error: Callable[[str], Any] = logger.error
        self.critical: Callable[[str], Any] = logger.critical
        self._logger = logger

    def trace(self, text: str) -> None:
        if isinstance(self._logger, (logging.Logger, logging.LoggerAdapter)):
            # one frame up, past this method, is the code that logged
            self._logger.log(TRACE_OF_STANDARD_LOGGERS, text, stacklevel=2)
        else:
            self._logger.debug(text)


_SILENT: Logger = NullLogger()
_current: Logger = _SILENT


def setup_logger(logger: Any) -> None:
    """Log to `logger` from now on: a `logging` logger, a SimpleLogger, or any object with the methods
    trace, debug, info, warning, error, critical. None: log nothing, as before the first call.

    A standard logger has no `trace`: it gets those texts at level 5.
    """
    global _current
    repeated.tell(early=True)
    repeated.forget()
    if logger is None:
        _current = _SILENT
    elif hasattr(logger, "trace"):
        _current = logger
    else:
        _current = _Adapted(logger)


def get() -> Logger:
    """The logger in use."""
    return _current


def is_silent() -> bool:
    """Whether nothing is logged: then there is no need to put a text together."""
    return _current is _SILENT


class _Harmless:
    """`with harmless: get().info(...)`: what the logger raises goes to stderr, not to who had something to
    report. The logger is called by the code that logs, so that it reports that code's line."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool:
        if not isinstance(error, USER_FAULTS):
            return False
        with suppress(Exception):  # there may be no stderr either
            traceback.print_exception(kind, error, where, file=sys.stderr)
        return True


harmless = _Harmless()


def failure(what: str) -> None:
    """Log `what` with the traceback of the exception being handled; a failing logger is not let through."""
    with harmless:
        _current.error(f"{what}\n{traceback.format_exc()}")


class Repeated:
    """What anybody outside can make happen any number of times: the first of a kind is logged at once, as a
    warning or an error; those of the next AGAIN_S are counted, and their number is logged with the last. Any
    thread; a logger that raises harms nobody.

    The clock is in seconds, and monotonic.
    """

    AGAIN_S = 60.0
    MAX_SOURCES = 3
    # Of 1 kB at most each, but for the text of an exception.
    MAX_KINDS = 100

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}

    def note(
        self,
        kind: str,
        text: str,
        source: str,
        at_once: int = 1,
        level: Level = "warning",
        other: str | None = None,
    ) -> None:
        """Once more; the first `at_once` are logged. `source`: who did it.

        `kind`: one of a few of ours. If it is not, `other` is: it is of that kind where there are MAX_KINDS.
        """
        with self._lock:
            if other is not None and kind not in self._counts and len(self._counts) >= self.MAX_KINDS:
                kind = other
            count = self._counts.get(kind)
            if count is None:
                count = self._counts[kind] = _Count(self._clock(), at_once, level)
            counted = count.add(text, source, self.MAX_SOURCES)
        if not counted:
            with harmless:
                getattr(get(), level)(text)

    def tell(self, early: bool = False) -> None:
        """Log the counts whose time has come, or (`early`) all. To be called once in a while."""
        if not self._counts:
            return
        now = self._clock()
        lines = []
        with self._lock:
            for kind, count in list(self._counts.items()):
                if early or now - count.since >= self.AGAIN_S:
                    lines += [(count.level, text) for text in count.told(now)]
                    del self._counts[kind]
                    if count.times and not early:
                        self._counts[kind] = _Count(now, 0, count.level)
        for level, text in lines:
            with harmless:
                getattr(get(), level)(text)

    def forget(self) -> None:
        """As if nothing had happened yet."""
        with self._lock:
            self._counts.clear()

    def forked(self) -> None:
        """In a child: what has happened is its parent's to tell, and a thread that it lacks may have had the
        lock."""
        self._lock = threading.Lock()
        self._counts = {}


class _Count:
    """How often one kind has come `since` then, but for the first few."""

    def __init__(self, since: float, at_once: int, level: Level) -> None:
        self.since = since
        self.level = level
        self.times = 0
        self._at_once = at_once
        self._text = ""
        # The last few, in order.
        self._sources: dict[str, None] = {}

    def add(self, text: str, source: str, most: int) -> bool:
        """Once more; False if it is one of the first few, and to be logged as it is."""
        if self._at_once > 0:
            self._at_once -= 1
            return False
        self.times += 1
        self._text = text
        self._sources.pop(source, None)
        self._sources[source] = None
        if len(self._sources) > most:
            del self._sources[next(iter(self._sources))]
        return True

    def told(self, now: float) -> list[str]:
        """The line about it, if there is anything to tell."""
        if not self.times:
            return []
        sources = ", ".join(self._sources)
        return [f"{self._text} ({self.times} more in {now - self.since:.0f} s, the last from {sources})"]


repeated = Repeated()
# A program without a network may have nobody who tells what was counted last.
atexit.register(lambda: repeated.tell(early=True))
os.register_at_fork(after_in_child=lambda: repeated.forked())


class Failures:
    """What one loop that goes on, whatever happens, logs of what fails in it: each kind, a class of exception
    and the line that raised it, once in AGAIN_S seconds, with its traceback. For one thread."""

    AGAIN_S = 600.0
    MAX_KINDS = 50

    def __init__(self, what: str) -> None:
        self._what = what
        self._told: dict[object, float] = {}

    def note(self, error: BaseException) -> None:
        """`error` is being handled."""
        innermost = error.__traceback__
        while innermost is not None and innermost.tb_next is not None:
            innermost = innermost.tb_next
        where = (innermost.tb_frame.f_code, innermost.tb_lineno) if innermost is not None else None
        kind, now = (type(error), where), time.monotonic()
        if now - self._told.get(kind, -self.AGAIN_S) < self.AGAIN_S:
            return
        if len(self._told) >= self.MAX_KINDS:
            self._told.clear()
        self._told[kind] = now
        failure(self._what)
