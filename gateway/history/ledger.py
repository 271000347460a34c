"""Which readings of devices that keep theirs are in the file: each counts once, however often it comes.

A device sends again what was not acknowledged to it: also what was committed a moment before the gateway was
killed (docs/kept.md). A reading is known by its device, the device's boot, its number, and the sender that it
was published by: two devices of one identity have different senders.

    a row of the notes    [identity, boot, which CHUNK of numbers, {sender: bits of it, in hex}]

The row of the newest numbers is the only one that a commit rewrites, and it is written with the readings. All
runs inside transactions of the caller's; if one fails, the ledger is to be made anew.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from drivers.receipt import Receipt
from gateway.encoding import decode, encode
from gateway.history import notes
from gateway.history.schema import NOTES, SCHEMA

CHUNK = 256
"""Numbers of a row: of ten senders some 0.9 kB at most, so that a commit has a page more, and rarely two."""
MOST_OF_ONE = 65_536 // CHUNK + 64
"""Rows of a device: a ring of 65,535 readings, the most that a hello announces, lies in 257 of them, and in
one more for each of its boots."""
MOST = 4096
"""Rows of all: sixteen rings of that size, or a hundred of 10,000. They take 1 MB; of more the oldest go."""

_At = tuple[str, int, int]  # identity, boot, which chunk


@dataclass(slots=True)
class _Row:
    key: int
    bits: dict[str, int] = field(default_factory=dict)  # by sender


class Ledger:
    """Of the file that `db` is a connection to; read when it is needed first."""

    def __init__(self) -> None:
        self._rows: dict[_At, _Row] | None = None  # in the order of their keys
        self._changed: set[_At] = set()

    def has(self, db: sqlite3.Connection, receipt: Receipt, sender: str) -> bool:
        """Whether the reading is there, as that sender's."""
        at, bit = _place(receipt)
        row = self._all(db).get(at)
        return row is not None and row.bits.get(sender, 0) & bit != 0

    def add(self, db: sqlite3.Connection, receipt: Receipt, sender: str) -> None:
        """It is there now. Where it was there already, the device's numbers have begun anew, though its boot
        is the same: what is noted of them is of another life."""
        rows, (at, bit) = self._all(db), _place(receipt)
        row = rows.get(at)
        if row is None:
            row = rows[at] = _Row(max((each.key for each in rows.values()), default=notes.LEDGER_FROM) + 1)
            self._prune(db, receipt.identity)
        bits = row.bits.get(sender, 0)
        row.bits[sender] = bit if bits & bit else bits | bit
        self._changed.add(at)

    def write(self, db: sqlite3.Connection) -> None:
        """What has been added, in one row or a few."""
        if self._changed:
            for at in sorted(self._changed):
                row = self._all(db)[at]
                masks = {sender: f"{bits:x}" for sender, bits in row.bits.items()}
                notes.note(db, row.key, encode([*at, masks]))
            self._changed.clear()

    def _all(self, db: sqlite3.Connection) -> dict[_At, _Row]:
        if self._rows is None:
            self._rows = {}
            query = "SELECT * FROM notes WHERE key > ? ORDER BY key"
            for values in db.execute(query, (notes.LEDGER_FROM,)):
                if SCHEMA.is_sound(NOTES, values):
                    identity, boot, chunk, masks = decode(values[1])
                    bits = {sender: int(mask, 16) for sender, mask in masks.items()}
                    self._rows[identity, boot, chunk] = _Row(values[0], bits)
        return self._rows

    def _prune(self, db: sqlite3.Connection, identity: str) -> None:
        """The oldest rows of that device, and of all, beyond the bounds."""
        rows = self._all(db)
        mine = [at for at in rows if at[0] == identity]
        for at in [*mine[:-MOST_OF_ONE], *list(rows)[:-MOST]]:
            row = rows.pop(at, None)
            self._changed.discard(at)
            if row is not None:
                db.execute("DELETE FROM notes WHERE key = ?", (row.key,))


def _place(receipt: Receipt) -> tuple[_At, int]:
    """In which row a reading is, and its bit there."""
    chunk, bit = divmod(receipt.seq, CHUNK)
    return (receipt.identity, receipt.boot, chunk), 1 << bit
