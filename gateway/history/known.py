"""What the writer knows of the file without reading it again: names, their series, and their gaps."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from gateway.encoding import encode
from gateway.event_id import BEFORE_ALL, EventId
from gateway.history import events, gaps, lookups, notes, series
from gateway.history.buckets import Gap
from gateway.history.ledger import Ledger
from gateway.history.schema import MOST_SENSORS, SENSORS, sealed


@dataclass(slots=True)
class Name:
    """`numbers`: of its series, by unit; `last`: when it was heard last, -1 for never; `gap`: which lasts."""

    home: int
    numbers: dict[str, int] = field(default_factory=dict)
    last: int = -1
    gap: Gap | None = None


class Known:
    """Of the file that `db` is a connection to."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.names: dict[str, Name] = {}
        self.last_id = _last_id(db)
        self.alive = notes.number(db, notes.ALIVE) or 0
        """Noted; readings of since then say that it was at work later."""
        self.ledger = Ledger()
        self._newest = 0
        lasts, open_ones = series.last_times(db), gaps.open_ones(db)
        for number, home, name, unit in series.all_series(db):
            there = self.names.setdefault(name, Name(home, gap=open_ones.get(home)))
            there.numbers[unit] = number
            there.last = max(there.last, lasts.get(number, -1))
        (newest,) = db.execute("SELECT max(key) FROM sensors").fetchone()
        self._newest = newest or 0

    def alive_until(self, db: sqlite3.Connection) -> int | None:
        """Until when a gateway was at work, UTC in ms; None where that was never noted."""
        return lookups.alive_until(db)

    def name(self, db: sqlite3.Connection, name: str, unit: str | None) -> Name | None:
        """That name, with a series of that unit, of whatever unit if None is asked for. Made if it is not
        there; None if there are too many."""
        there = self.names.get(name)
        if there is not None and (unit is None or unit in there.numbers):
            return there
        if self._newest + 1 >= MOST_SENSORS:
            return None
        self._newest += 1
        row = sealed(SENSORS, self._newest, name, unit or "")
        db.execute("INSERT INTO sensors VALUES (?, ?, ?, ?)", row)
        notes.note(db, notes.NAMES_FROM + self._newest, encode([name, unit or ""]))
        if there is None:
            there = self.names[name] = Name(self._newest)
        there.numbers[unit or ""] = self._newest
        return there


def _last_id(db: sqlite3.Connection) -> EventId:
    """The newest that is noted, or of what has been written since."""
    noted = notes.event_id(db, notes.LAST_ID)
    if noted is None:
        return events.newest(db) or BEFORE_ALL
    later = [events.newest_event(db), events.newest_reading_after(db, noted)]
    return max([noted, *(each for each in later if each is not None)])
