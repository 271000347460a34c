"""SQLite's pages, read without SQLite, which gives up a table where one page of it is broken.

Source: https://www.sqlite.org/fileformat2.html, 1.6 (B-tree pages) and 2.1 (records). Whatever stands on a
page, nothing but ValueError is raised; each row's checksum tells later whether it is one of ours.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

INDEX_INNER, TABLE_INNER, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
"""A page's first byte. Rows stand on all but inner pages of tables."""
KINDS = (INDEX_INNER, TABLE_INNER, INDEX_LEAF, TABLE_LEAF)
MOST_BYTES = 16 * 1024 * 1024
"""A row that claims to be longer is damage: ours are at most 1 MiB, in bytes of 256 Ki characters."""
MOST_COLUMNS = 64

Fetch = Callable[[int], bytes]
"""The page of that number. Raises ValueError if there is none."""

_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_U16, _U32, _F64 = struct.Struct(">H"), struct.Struct(">I"), struct.Struct(">d")


class Cell(NamedTuple):
    """A row: its rowid, which an index has not, and its values."""

    rowid: int | None
    values: tuple[Any, ...]


def cells(page: bytes, fetch: Fetch) -> Iterator[Cell | None]:
    """The rows on a page, which is not the first; None for each that cannot be read, and nothing where there
    can be none."""
    kind = page[0]
    if kind not in KINDS or kind == TABLE_INNER:
        return
    pointers = 12 if kind == INDEX_INNER else 8
    count = min(_U16.unpack_from(page, 3)[0], (len(page) - pointers) // 2)
    for number in range(count):
        (at,) = _U16.unpack_from(page, pointers + 2 * number)
        try:
            yield _cell(page, at, kind, fetch)
        except (ValueError, IndexError, struct.error):
            yield None


def _cell(page: bytes, at: int, kind: int, fetch: Fetch) -> Cell:
    if kind == INDEX_INNER:
        at += 4
    size, at = _varint(page, at)
    if size > MOST_BYTES:
        raise ValueError("longer than any row")
    rowid = None
    if kind == TABLE_LEAF:
        rowid, at = _varint(page, at)
    here = _local(size, len(page), kind)
    payload = page[at : at + here]
    if here < size:
        payload += _overflow(_U32.unpack_from(page, at + here)[0], size - here, fetch)
    return Cell(rowid, _record(payload))


def _local(size: int, usable: int, kind: int) -> int:
    """How much of a row stands on the page itself."""
    most = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (usable - 12) * 32 // 255 - 23
    part = least + (size - least) % (usable - 4)
    return part if part <= most else least


def _overflow(number: int, size: int, fetch: Fetch) -> bytes:
    parts = []
    while size > 0:  # a chain that runs in a circle ends here too
        page = fetch(number)
        (number,) = _U32.unpack_from(page)
        parts.append(page[4 : 4 + size])
        size -= len(parts[-1])
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    types = []
    while at < end:
        kind, at = (payload[at], at + 1) if payload[at] < 0x80 else _varint(payload, at)
        types.append(kind)
    if len(types) > MOST_COLUMNS:
        raise ValueError("more columns than any table has")
    values = []
    for kind in types:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise ValueError("a row of another length")
    return tuple(values)


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind >= 12:
        end = at + (kind - 12) // 2
        if end > len(data):
            raise ValueError("a value of another length")
        part = data[at:end]
        return (part.decode() if kind % 2 else part), end
    if size := _INTEGERS.get(kind):
        return int.from_bytes(data[at : at + size], "big", signed=True), at + size
    if kind == 7:
        return _F64.unpack_from(data, at)[0], at + 8
    if kind in (8, 9):
        return kind - 8, at
    if kind == 0:
        return None, at
    raise ValueError("no type that SQLite writes")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The value, and where the next begins."""
    value = 0
    for number in range(9):
        byte = data[at + number]
        if number == 8:
            return _signed(value << 8 | byte), at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at + number + 1


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
