"""A checksum for each row: what is on disk is what was written, or it is known that it is not.

A card's sectors and a file's pages go bad without SQLite's noticing: a number that has changed is a number.
"""

from __future__ import annotations

import sqlite3
import zlib

ROW_CRC = "row_crc"
"""The function's name in SQL: of all a row's columns in their order, but for `id` and `crc`."""


def row_crc(*values: object) -> int:
    """CRC-32 over a row's values, in one form whatever SQLite made of them: lengths go before the values, and
    all numbers are doubles, as SQLite keeps a REAL that is whole as an integer."""
    return zlib.crc32(b"".join(map(_told, values)))


def teach(db: sqlite3.Connection) -> None:
    """Let SQL on this connection call it."""
    db.create_function(ROW_CRC, -1, row_crc, deterministic=True)


def _told(value: object) -> bytes:
    if isinstance(value, str):
        data, kind = value.encode(errors="surrogatepass"), b"t"
    elif isinstance(value, int | float):
        data, kind = repr(float(value) + 0.0).encode(), b"n"  # + 0.0: SQLite keeps no minus before a zero
    else:
        data, kind = repr(value).encode(), b"x"  # no column of ours holds such
    return b"%s%d:%s" % (kind, len(data), data)
