"""A checksum for each row: what is on disk is what was written, or it is known that it is not.

A card's sectors and a file's pages go bad without SQLite's noticing: a number that has changed is a number.
"""

from __future__ import annotations

import sqlite3
import zlib

ROW_CRC = "row_crc"
"""The function's name in SQL: of all a row's columns in their order, but for `id` and `crc`."""


_NUMBERS = (int, float)


def row_crc(*values: object) -> int:
    """CRC-32 over a row's values, in one form whatever SQLite made of them: as Python writes a list of them
    in ASCII, with all numbers as doubles; it keeps a whole REAL as an integer, and no sign of a zero."""
    plain = [value + 0.0 if isinstance(value, _NUMBERS) else value for value in values]
    return zlib.crc32(ascii(plain).encode())


def teach(db: sqlite3.Connection) -> None:
    """Let SQL on this connection call it."""
    db.create_function(ROW_CRC, -1, row_crc, deterministic=True)
