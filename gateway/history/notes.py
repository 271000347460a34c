"""What is known of the history as a whole, in its own table: a number, a date, an event's id."""

from __future__ import annotations

import sqlite3

from gateway.event_id import EventId
from gateway.history.schema import NOTES, SCHEMA, SENSOR_BITS, sealed

ALIVE = 1
"""The gateway was at work until then, UTC in ms."""
LAST_ID = 2
"""Of all events that were ever written."""
REACH = 3
"""All events after that one are here, and can be had by their ids."""
RAW_FROM = 4
"""The first day whose readings are kept; of those before there are roll-ups."""

HOT_FROM = 5
"""The first day of which no reading has ever gone from the hot table."""

CURSORS_FROM = 1 << 8
"""From this key on, of a collector's file: how far each gateway's events are here. See `gateway.collect`."""
NAMES_FROM = 1 << SENSOR_BITS
"""From this key on, each series' name and unit once more: without them all that it has said is nobody's."""
COVERED_FROM = 2 << SENSOR_BITS
"""From this key on, up to when each series is sealed: see `covered`."""
LEDGER_FROM = 3 << SENSOR_BITS
"""Beyond this key, which readings of devices that keep theirs are here: see `ledger`."""


def note(db: sqlite3.Connection, key: int, text: object) -> None:
    """Write it."""
    db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", sealed(NOTES, key, str(text)))


def noted(db: sqlite3.Connection, key: int) -> str | None:
    """None for what was never noted, or is not what was written."""
    row = db.execute("SELECT * FROM notes WHERE key = ?", (key,)).fetchone()
    return row[1] if row is not None and SCHEMA.is_sound(NOTES, row) else None


def number(db: sqlite3.Connection, key: int) -> int | None:
    """The same of an integer."""
    text = noted(db, key)
    return int(text) if text is not None and text.isdigit() else None


def event_id(db: sqlite3.Connection, key: int) -> EventId | None:
    """The same of an event's id."""
    ms, _, number_text = (noted(db, key) or "").rpartition("/")
    try:
        return EventId(int(ms), int(number_text))
    except ValueError:
        return None


def id_text(of: EventId) -> str:
    """As it is noted: its number may be negative here."""
    return f"{of.ms}/{of.number}"
