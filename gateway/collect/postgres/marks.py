"""When nothing is known of a sender's value, in PostgreSQL: as `gateway.history.writing` has it. Within a
transaction of the caller's; if it fails, this is to be made anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg

from gateway.history.rows import Mark, Reading


@dataclass(slots=True)
class _Sender:
    """`last`: its newest reading's time; `gap`: when the gap began that lasts, None for none."""

    last: int
    gap: int | None
    series: dict[str, int] = field(default_factory=dict)


class Marks:
    """What is known of each sender, read when it is needed first."""

    def __init__(self) -> None:
        self._senders: dict[str, _Sender] = {}

    def series(self, db: psycopg.Connection[Any], item: Reading) -> int:
        """The number of its series."""
        known = self._known(db, item.sender)
        number = known.series.get(item.unit)
        if number is None:
            query = "INSERT INTO series (name, unit) VALUES (%s, %s) RETURNING id"
            row = db.execute(query, (item.sender, item.unit)).fetchone()
            assert row is not None
            number = known.series[item.unit] = row[0]
        return number

    def reading(self, db: psycopg.Connection[Any], item: Reading) -> None:
        """A value is known from then on."""
        known = self._known(db, item.sender)
        if (known.gap is not None and known.gap < item.time) or item.time < known.last:
            query = (
                "UPDATE gaps SET ended = %s "
                "WHERE sender = %s AND began < %s AND (ended IS NULL OR ended > %s)"
            )
            db.execute(query, (item.time, item.sender, item.time, item.time))
            if known.gap is not None and known.gap < item.time:
                known.gap = None
        known.last = max(known.last, item.time)

    def mark(self, db: psycopg.Connection[Any], item: Mark) -> None:
        """None is known from then on. All readings before it are in the table."""
        known = self._known(db, item.sender)
        if known.gap is not None and known.gap <= item.time:
            return
        ended = None
        if item.time < known.last:
            query = (
                "SELECT min(time) FROM readings JOIN series ON series.id = series "
                "WHERE name = %s AND time > %s"
            )
            row = db.execute(query, (item.sender, item.time)).fetchone()
            ended = None if row is None else row[0]
        query = "INSERT INTO gaps VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
        db.execute(query, (item.sender, item.time, ended, item.reason))
        if ended is None:
            known.gap = item.time

    def _known(self, db: psycopg.Connection[Any], sender: str) -> _Sender:
        known = self._senders.get(sender)
        if known is None:
            known = self._senders[sender] = self._read(db, sender)
        return known

    def _read(self, db: psycopg.Connection[Any], sender: str) -> _Sender:
        last = -1
        series: dict[str, int] = {}
        for number, unit in db.execute("SELECT id, unit FROM series WHERE name = %s", (sender,)).fetchall():
            series[unit] = number
            row = db.execute("SELECT max(time) FROM readings WHERE series = %s", (number,)).fetchone()
            last = max(last, -1 if row is None or row[0] is None else row[0])
        query = "SELECT max(began) FROM gaps WHERE sender = %s AND ended IS NULL"
        gap = db.execute(query, (sender,)).fetchone()
        return _Sender(last, None if gap is None else gap[0], series)
