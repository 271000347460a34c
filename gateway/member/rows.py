"""The rows of the spool's file, and what is asked of its tables.

Everything here runs inside a transaction, or a read, of the caller's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from gateway.fleet.gaps import Gap, Share
from gateway.fleet.message import MOST_BYTES, MOST_EVENTS, Position
from gateway.member.schema import CONFIRMED, EPOCHS, EVENTS, GAPS, SCHEMA
from gateway.storage.checksum import row_crc

ROW_BYTES = 80
"""What a row takes beside its texts: header, id, numbers, times, checksum, its share of the tree."""
_SIZE = (
    f"({ROW_BYTES} + length(CAST(sender AS BLOB)) + length(CAST(event AS BLOB)) "
    "+ length(CAST(data AS BLOB)) + length(CAST(boot AS BLOB)))"
)


class Row(NamedTuple):
    """An event. `time`: UTC in seconds, as it was noted; `boot`, `at`, `known`: see the migration."""

    epoch: int
    seq: int
    time: float
    sender: str
    event: str
    data: str
    boot: str
    at: float
    known: bool

    @property
    def position(self) -> Position:
        """Its event's."""
        return Position(self.epoch, self.seq)

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return ROW_BYTES + sum(len(text.encode()) for text in (self.sender, self.event, self.data, self.boot))

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """From all columns, which are what was written."""
        return cls(*values[1:-1])._replace(known=bool(values[-2]))


class Epoch(NamedTuple):
    """`base`: the id before its first event's; `last`: the last number that is known."""

    base: int
    last: int


class Totals(NamedTuple):
    """Rows, their bytes, the last id."""

    rows: int
    size: int
    last: int


def totals(db: sqlite3.Connection) -> Totals:
    """Counted in the file."""
    query = f"SELECT count(*), coalesce(sum{_SIZE}, 0), coalesce(max(id), 0) FROM events"  # noqa: S608 - ours
    return Totals(*db.execute(query).fetchone())


def add(db: sqlite3.Connection, base: int, rows: Iterable[Row]) -> None:
    """Of one epoch."""
    db.executemany(
        "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(base + row.seq, *row, row_crc(*row)) for row in rows],
    )


def between(db: sqlite3.Connection, after: int, upto: int) -> tuple[list[Row], bool]:
    """The oldest after the one id and up to the other, a little more than a page of them, and whether these
    are all; those that are not what was written are left out."""
    found: list[Row] = []
    size = 0
    for values in db.execute("SELECT * FROM events WHERE id > ? AND id <= ? ORDER BY id", (after, upto)):
        if len(found) > MOST_EVENTS or size > MOST_BYTES:
            return found, False
        if SCHEMA.is_sound(EVENTS, values):
            found.append(Row.of(values))
            size += found[-1].size
    return found, True


def oldest(db: sqlite3.Connection) -> Row | None:
    """The first that is what was written, of the first hundred."""
    for values in db.execute("SELECT * FROM events ORDER BY id LIMIT 100"):
        if SCHEMA.is_sound(EVENTS, values):
            return Row.of(values)
    return None


def size_upto(db: sqlite3.Connection, upto: int) -> tuple[int, int]:
    """How many there are up to that id, and their bytes."""
    query = f"SELECT count(*), coalesce(sum{_SIZE}, 0) FROM events WHERE id <= ?"  # noqa: S608 - our own text
    rows, size = db.execute(query, (upto,)).fetchone()
    return rows, size


def nth(db: sqlite3.Connection, count: int) -> int:
    """The id up to which there are so many; 0 if there are none."""
    query = "SELECT coalesce(max(id), 0) FROM (SELECT id FROM events ORDER BY id LIMIT ?)"
    found: int = db.execute(query, (count,)).fetchone()[0]
    return found


def upto_older(db: sqlite3.Connection, is_older: Callable[[Row], bool]) -> int:
    """The id up to which all are; 0 if none is. Bad ones are as old as their neighbours."""
    upto = 0
    for values in db.execute("SELECT * FROM events ORDER BY id"):
        if SCHEMA.is_sound(EVENTS, values) and not is_older(Row.of(values)):
            break
        upto = values[0]
    return upto


def sound_upto(db: sqlite3.Connection, upto: int) -> Iterator[Row]:
    """All that are what was written, up to that id."""
    for values in db.execute("SELECT * FROM events WHERE id <= ? ORDER BY id", (upto,)):
        if SCHEMA.is_sound(EVENTS, values):
            yield Row.of(values)


def delete_upto(db: sqlite3.Connection, upto: int) -> None:
    """All up to that id."""
    db.execute("DELETE FROM events WHERE id <= ?", (upto,))


def newest_of_boots(db: sqlite3.Connection) -> list[Row]:
    """Of each boot that is there the newest event when the clock was believed, or any if it never was."""
    found: dict[str, Row] = {}
    newest = "SELECT max(id) FROM events GROUP BY boot, known"
    for values in db.execute(f"SELECT * FROM events WHERE id IN ({newest}) ORDER BY known, id"):  # noqa: S608 - ours
        if SCHEMA.is_sound(EVENTS, values):
            row = Row.of(values)
            found[row.boot] = row
    return list(found.values())


def epochs(db: sqlite3.Connection) -> dict[int, Epoch]:
    """Those that are noted, and those that can be told from the events."""
    found: dict[int, Epoch] = {}
    by_events = "SELECT epoch, max(id) - max(seq), max(seq) FROM events GROUP BY epoch"
    for epoch, base, last in db.execute(by_events):
        if all(isinstance(value, int) and value >= 0 for value in (epoch, base, last)):
            found[epoch] = Epoch(base, last)
    for values in db.execute("SELECT * FROM epochs"):
        if SCHEMA.is_sound(EPOCHS, values):
            found[values[0]] = Epoch(*values[1:3])
    return dict(sorted(found.items()))


def note_epoch(db: sqlite3.Connection, epoch: int, noted: Epoch) -> None:
    """As it is now."""
    values = (epoch, *noted)
    db.execute("INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?)", (*values, row_crc(*values)))


def forget_epochs(db: sqlite3.Connection, most: int) -> None:
    """All but the last `most`."""
    last = "SELECT epoch FROM epochs ORDER BY epoch DESC LIMIT ?"
    db.execute(f"DELETE FROM epochs WHERE epoch < (SELECT min(epoch) FROM ({last}))", (most,))  # noqa: S608 - ours


def confirmed(db: sqlite3.Connection) -> dict[str, tuple[Position, float]]:
    """By consumer, up to where, and when it said so."""
    rows = db.execute("SELECT * FROM confirmed").fetchall()
    return {
        values[0]: (Position(*values[1:3]), values[3])
        for values in rows
        if SCHEMA.is_sound(CONFIRMED, values)
    }


def note_confirmed(db: sqlite3.Connection, by: dict[str, tuple[Position, float]]) -> None:
    """Instead of what was noted."""
    rows = [(consumer, *position, time) for consumer, (position, time) in by.items()]
    db.execute("DELETE FROM confirmed")
    db.executemany(
        "INSERT INTO confirmed VALUES (?, ?, ?, ?, ?)", [(*values, row_crc(*values)) for values in rows]
    )


def gaps(db: sqlite3.Connection) -> list[Gap]:
    """All, in order; they grow no more. What a bad row said of a gap is its senders' no longer, but its size
    is known by the numbers."""
    found: dict[tuple[int, int], Gap] = {}
    for values in db.execute("SELECT * FROM gaps ORDER BY epoch, first_seq, id"):
        if not SCHEMA.is_sound(GAPS, values):
            continue
        _, epoch, first, last, sender, lost, first_s, last_s, reason, _ = values
        gap = found.setdefault((epoch, first), Gap(epoch, first, last, reason, told=True))
        gap.shares[sender] = Share(lost, round(first_s * 1000), round(last_s * 1000))
    for gap in found.values():
        known = list(gap.shares.values())
        missing = gap.last - gap.first + 1 - sum(share.events for share in known)
        if missing > 0:
            times = min(share.first_ms for share in known), max(share.last_ms for share in known)
            rest = gap.shares.setdefault("", Share(0, *times))
            rest.events += missing
    return list(found.values())


def note_gap(db: sqlite3.Connection, gap: Gap) -> None:
    """As it is now."""
    forget_gap(db, gap.epoch, gap.first)
    start: int = db.execute("SELECT coalesce(max(id), 0) FROM gaps").fetchone()[0]
    rows = []
    for number, (sender, share) in enumerate(gap.shares.items(), start + 1):
        times = share.first_ms / 1000, share.last_ms / 1000
        values = (gap.epoch, gap.first, gap.last, sender, share.events, *times, gap.reason)
        rows.append((number, *values, row_crc(*values)))
    db.executemany("INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def forget_gap(db: sqlite3.Connection, epoch: int, first: int) -> None:
    """All who need to know have heard of it, or it is noted anew."""
    db.execute("DELETE FROM gaps WHERE epoch = ? AND first_seq = ?", (epoch, first))
