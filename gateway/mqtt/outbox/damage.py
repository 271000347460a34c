"""What the disk has spoilt of the outbox, until it is in gap records: rows to delete, and losses to tell."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

from gateway.loss import Loss, Tally
from gateway.mqtt.outbox.schema import EVENTS, GAPS, RETAINED, is_name
from gateway.mqtt.outbox.sieve import DAMAGED, Sieve, add
from gateway.storage.salvage import Salvaged

logger = logging.getLogger(__name__)


class Damage:
    """Of the file at `path`. All of it belongs to the bridge's thread."""

    def __init__(self, path: Path, lost: Tally) -> None:
        self._path = path
        self._lost = lost
        self._said = False
        self.bad: dict[str, set[Any]] = {EVENTS: set(), GAPS: set(), RETAINED: set()}
        """By table, the ids or topics of rows that are to be deleted."""
        self.losses: dict[tuple[str, str], Loss] = {}
        """What is to be told in their place, by sender and reason."""
        self.found = 0
        """Events that were spoilt, since the start."""

    def __bool__(self) -> bool:
        return bool(self.losses or any(self.bad.values()))

    def another_file(self) -> None:
        """The ids are those of other rows now, and what is found in it is said again."""
        for ids in self.bad.values():
            ids.clear()
        self._said = False

    def settled(self) -> None:
        """It is in the file."""
        for ids in self.bad.values():
            ids.clear()
        self.losses.clear()

    def events(self, sieve: Sieve) -> None:
        """Those that a sieve has held back."""
        if sieve.bad:
            self.bad[EVENTS].update(sieve.bad)
            for sender, loss in sieve.losses().items():
                self.lose(sender, loss)
            self._say("events are not what was written: they are not sent, and are told of in gaps")

    def lose(self, sender: str, loss: Loss) -> None:
        """Events of a sender are gone."""
        self.found += loss.count
        self._lost.add(sender, loss.count)
        add(self.losses, (sender, DAMAGED), loss)

    def gap(self, gap_id: int, now: Loss) -> None:
        """A gap record that is not what was written: that there was one is all that is known."""
        self.bad[GAPS].add(gap_id)
        self.lose("", now.times(1))
        self._say("a record of lost events is not what was written: how many there were is not known")

    def retained(self, topic: str) -> None:
        """What stands retained at the broker, and may stay there."""
        self.bad[RETAINED].add(topic)
        self._say("a note of a retained topic is not what was written: what stands there may stay")

    def vanished(self, count: int, first: float, now: Loss) -> None:
        """Events that are not there any more, though nobody deleted them."""
        if count:
            loss = now.times(count)
            loss.first = min(first, now.first)
            self.lose("", loss)
            self._say(f"{count} events are not there any more: they are told of in a gap")

    def salvaged(self, db: sqlite3.Connection, salvaged: Salvaged, now: Loss) -> None:
        """What a file had that is not in the one after it."""
        told = 0
        for table, row in salvaged.bad:
            if table == EVENTS and not _has(db, "id = ?", row[0]):
                sender = row[2] if is_name(row[2]) and _has(db, "sender = ?", row[2]) else ""
                self.lose(sender, Loss(*_times(db, row[0], now.last), 1))
                told += 1
        if (more := salvaged.lost.get(EVENTS, 0) - told) > 0:
            self.lose("", Loss(*_times(db, None, now.last), more))
        if gaps := salvaged.lost.get(GAPS, 0):
            self.lose("", now.times(gaps))

    def _say(self, text: str) -> None:
        if not self._said:
            logger.error("%s: %s; what else is found there is only counted", self._path, text)
        self._said = True


def _has(db: sqlite3.Connection, condition: str, value: object) -> bool:
    query = f"SELECT EXISTS (SELECT 1 FROM events WHERE {condition})"  # noqa: S608 - our own text
    return bool(db.execute(query, (value,)).fetchone()[0])


def _times(db: sqlite3.Connection, row_id: int | None, now: float) -> tuple[float, float]:
    """From when to when that which is missing was triggered, by what is left: around an id, or all."""
    if row_id is None:
        first, last = db.execute("SELECT min(time), max(time) FROM events").fetchone()
        return (now, now) if first is None else (first, last)
    query = "SELECT (SELECT time FROM events WHERE id < ? ORDER BY id DESC LIMIT 1), "
    query += "(SELECT time FROM events WHERE id > ? ORDER BY id LIMIT 1)"
    ends = [time for time in db.execute(query, (row_id, row_id)).fetchone() if time is not None] or [now]
    return min(ends), max(ends)
