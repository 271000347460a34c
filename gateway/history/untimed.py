"""The table of what waits until the clock of its boot is known. All is inside a transaction of the caller's.

What is never settled stays there, at most MOST_ROWS of it, and is never charted: its times are wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from drivers.clock import UNSET
from drivers.reading import format_ms
from gateway.encoding import decode, encode
from gateway.event_id import EventId
from gateway.history.events import of_reading
from gateway.history.rows import Kept, Mark, Reading, Untimed
from gateway.history.schema import SCHEMA, UNTIMED, sealed
from gateway.storage.schema import Values

MOST_ROWS = 100_000
"""Some 25 MB; ten readings a second for three hours, or one a minute of ten sensors for a week."""
SOME = 1000
"""Rows that are settled in one transaction."""
_KINDS: dict[str, type[Reading] | type[Mark] | type[Kept]] = {"reading": Reading, "mark": Mark, "event": Kept}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def put(db: sqlite3.Connection, item: Untimed) -> bool:
    """After those that are there, of which the oldest go if they are too many. Whether it can be held."""
    values = (item.boot, item.at, item.heard, _NAMES[type(item.item)], _text(item.item))
    if not SCHEMA.can_be_ours(UNTIMED, (1, *values, 0)):
        return False
    first, last = db.execute(
        "SELECT (SELECT min(key) FROM untimed), (SELECT max(key) FROM untimed)"
    ).fetchone()
    new = (last or 0) + 1
    if first is not None and new - first >= MOST_ROWS:
        db.execute("DELETE FROM untimed WHERE key <= ?", (new - MOST_ROWS,))
    db.execute("INSERT INTO untimed VALUES (?, ?, ?, ?, ?, ?, ?)", sealed(UNTIMED, new, *values))
    return True


def _text(item: Reading | Mark | Kept) -> str:
    """As JSON, without what ends with the process; if it is not late, as before readings could be."""
    if isinstance(item, Reading):
        return encode(item[:-1] if item.late else item[:-2])
    return encode(item[:-1] if isinstance(item, Kept) else item)


def boots(db: sqlite3.Connection) -> frozenset[str]:
    """Of which something waits."""
    found = db.execute("SELECT DISTINCT boot FROM untimed").fetchall()
    return frozenset(boot for (boot,) in found if boot is not None)


def after(db: sqlite3.Connection, key: int, limit: int) -> list[tuple[int, Untimed | None]]:
    """At most so many behind that key, with their keys, in the order in which they were heard; None for one
    that is not what was written."""
    rows = db.execute("SELECT * FROM untimed WHERE key > ? ORDER BY key LIMIT ?", (key, limit)).fetchall()
    return [(row[0], _item(row)) for row in rows]


def published_after(db: sqlite3.Connection, event_id: EventId) -> list[Kept]:
    """The events that wait and came after that one, as they were published, in no order."""
    found: list[Kept] = []
    for row in db.execute("SELECT * FROM untimed ORDER BY key DESC"):
        item = _item(row)
        if item is None or isinstance(item.item, Mark):
            continue
        if item.item.id <= event_id:
            break
        found.append(of_reading(item.item, unset=True) if isinstance(item.item, Reading) else item.item)
    return found


def settle_some(
    db: sqlite3.Connection, boot: str, offset_ms: int, settled: Callable[[Reading | Mark | Kept], None]
) -> bool:
    """Hand over the first of that boot, with their times, and forget them here. Whether there are more."""
    query = "SELECT * FROM untimed WHERE boot = ? ORDER BY key LIMIT ?"
    rows = db.execute(query, (boot, SOME)).fetchall()
    for row in rows:
        item = _item(row)
        if item is not None:
            settled(timed(item, offset_ms))
    db.executemany("DELETE FROM untimed WHERE key = ?", ((row[0],) for row in rows))
    return len(rows) == SOME


def timed(untimed: Untimed, offset_ms: int) -> Reading | Mark | Kept:
    """The item, with what is known of its time now."""
    item, time, heard = untimed.item, untimed.at + offset_ms, untimed.heard + offset_ms
    if isinstance(item, Mark):
        return item._replace(time=time)
    event_id = item.id._replace(ms=heard)
    if isinstance(item, Reading):
        return item._replace(time=time, id=event_id)
    return item._replace(id=event_id, data=_with_time(item.data, time))


def _with_time(text: str, time: int) -> str:
    """The JSON object as it is when the clock is set. It has the mark only if the time in it is ours."""
    try:
        data = decode(text)
        if isinstance(data, dict) and data.get("clock") == UNSET and isinstance(data.get("time"), str):
            del data["clock"]
            data["time"] = format_ms(time)
            return encode(data)
    except (ValueError, RecursionError):
        pass
    return text


def _item(row: Values) -> Untimed | None:
    if not SCHEMA.is_sound(UNTIMED, row):
        return None
    _, boot, at, heard, kind, text, _ = row
    fields: list[Any] = decode(text)
    made = _KINDS[kind](*fields)
    if not isinstance(made, Mark):
        made = made._replace(id=EventId(*made.id))
    return Untimed(boot, at, heard, made)
