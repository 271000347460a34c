"""So many lines of a kind in so long, and then how many more there were. No I/O, no clock of its own.

What is said for the first time comes through, unless there are more different lines than anybody reads: then
these too are counted.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass

from gateway.logs.kinds import Kind, kind_of

SPAN_S = 600.0
"""Of a kind that comes again and again, one report in ten minutes: 144 a day."""
OF_A_KIND = 10
"""Lines in a span that come through. A board that is plugged in and out by hand is told of whole."""
MOST_KINDS = 256
"""That are remembered, each some 500 bytes; who has been silent longest is forgotten first."""
AT_ONCE, A_MINUTE = 1000, 10
"""Lines of all kinds together: a start with hundreds of sensors is told of whole, and what goes on for days
comes to 14 400 lines a day, 2 MB, at most."""
OF_THE_NEW = 0.2
"""What of `AT_ONCE` is left to lines of kinds that are new."""


@dataclass(slots=True)
class _Count:
    """Of one kind. `since`: when its span began; `last`: what came last of those that were not told."""

    since: float
    told: int = 0
    more: int = 0
    last: str = ""


class Limits:
    """For one thread at a time. `take` says of each record whether it is told; `due` are the reports."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Kind, _Count] = OrderedDict()
        self._room, self._room_at = float(AT_ONCE), float("-inf")
        self._beyond: _Count | None = None  # of what had no room
        self._reports: list[logging.LogRecord] = []

    def take(self, record: logging.LogRecord, now: float) -> bool:
        """Whether `record` is told. Debug lines are: who asked for them wants them. `now`: monotonic."""
        if record.levelno < logging.INFO:
            return True
        kind = kind_of(record)
        count = self._counts.pop(kind, None)
        if count is None or now - count.since >= SPAN_S:
            self._report(kind, count, now)
            count = _Count(now)
        self._counts[kind] = count  # the last to be forgotten
        self._forget(now)
        if count.told >= OF_A_KIND:
            count.more, count.last = count.more + 1, record.getMessage()
            return False
        if not self._has_room(record, now, new=count.told == 0):
            return False
        count.told += 1
        return True

    def due(self, now: float, *, all_of_them: bool = False) -> list[logging.LogRecord]:
        """The reports that are to be told now; of all kinds, where it ends."""
        for kind, count in self._counts.items():
            if count.more and (all_of_them or now - count.since >= SPAN_S):
                self._report(kind, count, now)
                count.since, count.told, count.more = now, 0, 0
        if self._beyond is not None and (all_of_them or now - self._beyond.since >= SPAN_S):
            self._report_beyond(self._beyond, now)
            self._beyond = None
        reports, self._reports = self._reports, []
        return reports

    def _has_room(self, record: logging.LogRecord, now: float, *, new: bool) -> bool:
        self._room = min(float(AT_ONCE), self._room + (now - self._room_at) / 60 * A_MINUTE)
        self._room_at = now
        if self._room >= 1 + (0 if new else OF_THE_NEW * AT_ONCE):
            self._room -= 1
            return True
        if self._beyond is None:
            self._beyond = _Count(now)
        self._beyond.more, self._beyond.last = self._beyond.more + 1, record.getMessage()
        return False

    def _forget(self, now: float) -> None:
        while len(self._counts) > MOST_KINDS:
            kind, count = self._counts.popitem(last=False)
            self._report(kind, count, now)

    def _report(self, kind: Kind, count: _Count | None, now: float) -> None:
        if count is not None and count.more:
            text = f"{count.more} more like this in the last {_minutes(now - count.since)}: {count.last}"
            self._reports.append(_record(kind.logger, kind.level, text))

    def _report_beyond(self, count: _Count, now: float) -> None:
        when = _minutes(now - count.since)
        text = f"log: {count.more} lines of the last {when} were not told, such as: {count.last}"
        self._reports.append(_record(__name__, logging.WARNING, text))


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minutes" if minutes > 1 else "minute"


def _record(logger: str, level: int, text: str) -> logging.LogRecord:
    return logging.LogRecord(logger, level, __file__, 0, "%s", (text,), None)
