"""How far each gateway's events are in a site's file: a row of its notes for each, rewritten with the events.

    [gateway, epoch, seq, when that event was triggered (UTC in ms)]

All runs inside transactions of the caller's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from gateway.collect.admission import Cursor
from gateway.encoding import decode, encode
from gateway.fleet.message import Position
from gateway.history import notes
from gateway.history.schema import NOTES, SCHEMA

MOST = notes.NAMES_FROM - notes.CURSORS_FROM
"""Gateways of a site, that were ever heard: their keys are between those of other notes."""


class Cursors:
    """Of one file. `read` first."""

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}

    def read(self, db: sqlite3.Connection) -> dict[str, Cursor]:
        """By gateway. What is damaged is not there: its events come again, as far as it still has them."""
        self._keys = {}
        found: dict[str, Cursor] = {}
        query = "SELECT * FROM notes WHERE key >= ? AND key < ?"
        for row in db.execute(query, (notes.CURSORS_FROM, notes.NAMES_FROM)):
            if not SCHEMA.is_sound(NOTES, row):
                continue
            gateway, epoch, seq, utc_ms = decode(row[1])
            self._keys[gateway] = row[0]
            found[gateway] = Cursor(Position(epoch, seq), utc_ms)
        return found

    def write(self, db: sqlite3.Connection, cursors: Mapping[str, Cursor]) -> None:
        """With the events that they are of. Raises OverflowError beyond MOST gateways."""
        for gateway, (position, utc_ms) in cursors.items():
            notes.note(db, self._key(gateway), encode([gateway, *position, utc_ms]))

    def _key(self, gateway: str) -> int:
        if gateway not in self._keys:
            key = max(self._keys.values(), default=notes.CURSORS_FROM - 1) + 1
            if key >= notes.NAMES_FROM:
                raise OverflowError(f"more than {MOST} gateways in one site's history")
            self._keys[gateway] = key
        return self._keys[gateway]
