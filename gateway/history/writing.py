"""What a batch becomes in the file, item by item, inside a transaction of the caller's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from gateway.event_id import EventId
from gateway.history import covered, gaps, lookups, notes, sealing, untimed
from gateway.history.buckets import DAY, MINUTE, Gap
from gateway.history.events import LATE, LATE_SEQ, told_seq
from gateway.history.known import Known, Name
from gateway.history.rows import Item, Kept, Mark, Reading, Untimed
from gateway.history.schema import EVENTS, READINGS, SCHEMA, is_name, is_text, is_time, sealed
from gateway.history.sealed import GOOD
from gateway.storage.schema import Values

SOON_MS, NOTED_MS = MINUTE, 4 * MINUTE
"""A reading of that shortly before says that the gateway was at work, so that is not noted for so long: the
notes are on a page of their own, and each page counts (docs/decisions/0016-history.md)."""
BUNCH = 250
"""Readings that are handed to SQLite at once: a thousand would be in memory twice."""
Refused = Callable[[str], None]
"""An item cannot be held; the text says which."""
Came = Callable[[int, int], None]
"""A reading of that series and time is in the hot table."""


class Writing:
    """Of one transaction on `db`. `known` is of the same file; if the transaction fails, it is to be made
    anew. `oldest`: what is late and was measured before it is not kept. `every`: see `Store.write`."""

    def __init__(
        self,
        db: sqlite3.Connection,
        known: Known,
        came: Came,
        refused: Refused,
        oldest: int = 0,
        *,
        every: bool = False,
    ) -> None:
        self._every = every
        self._db = db
        self._known = known
        self._came = came
        self._refused = refused
        self._oldest = oldest
        self.repeated = 0
        """Readings that were there already."""
        self._readings: list[Values] = []
        self._taken: dict[tuple[int, int], int] = {}  # by time and series, the numbers of those that are kept
        self._covered: dict[int, int] = {}  # by series, up to when it is sealed, as far as it was asked for
        self._newest = -1  # the time of the last reading
        self._first_id: EventId | None = None

    def add(self, item: Item) -> None:
        """As it was heard."""
        if not isinstance(item, Mark) and self._is_repeated(item):
            self.repeated += 1
            return
        if isinstance(item, Reading):
            self._seen(item.id)
            self._reading(item)
        elif isinstance(item, Mark):
            self._mark(item)
        elif isinstance(item, Kept):
            self._seen(item.id)
            self._event(item)
        else:
            self._untimed(item)

    def settled(self, item: Reading | Mark | Kept) -> None:
        """What has waited for its clock."""
        if isinstance(item, Kept):
            item = item._replace(id=self._free_id(item.id))
        self.add(item)

    def end(self, alive: int | None, *, is_last: bool = False) -> None:
        """Nothing more comes; `is_last`: nor will it in this run."""
        self._flush()
        self._known.ledger.write(self._db)
        if self._first_id is not None and notes.event_id(self._db, notes.REACH) is None:
            before = self._first_id._replace(number=self._first_id.number - 1)
            notes.note(self._db, notes.REACH, notes.id_text(before))
        if alive is not None and is_time(alive):
            if (
                not is_last
                and self._known.alive <= alive < self._known.alive + NOTED_MS
                and 0 <= alive - self._newest <= SOON_MS
            ):
                return
            notes.note(self._db, notes.ALIVE, alive)
            self._known.alive = alive
        if self._first_id is not None or alive is not None:
            notes.note(self._db, notes.LAST_ID, notes.id_text(self._known.last_id))

    def _seen(self, event_id: EventId) -> None:
        if self._first_id is None or event_id < self._first_id:
            self._first_id = event_id
        self._known.last_id = max(self._known.last_id, event_id)

    def _is_repeated(self, item: Reading | Kept | Untimed) -> bool:
        """Whether it is a reading that its device has sent once more, as it was not told in time that it is
        safe; else it is noted that it has come. Only what is late can have come before."""
        inner = item.item if isinstance(item, Untimed) else item
        if isinstance(inner, Mark) or inner.receipt is None:
            return False
        late = inner.event == LATE if isinstance(inner, Kept) else inner.late
        if isinstance(inner, Kept) and not late:  # what else was said of a reading
            return False
        ledger = self._known.ledger
        if late and ledger.has(self._db, inner.receipt, inner.sender):
            return True
        ledger.add(self._db, inner.receipt, inner.sender)
        return False

    def _reading(self, item: Reading) -> None:
        if item.late and item.time < self._oldest:
            return
        reason = None if item.quality == GOOD else item.reason or ""
        name = None
        if is_name(item.sender) and is_name(item.unit) and is_time(item.time):
            name = self._known.name(self._db, item.sender, item.unit)
        if name is None:
            self._refused(f"a reading of {item.sender!r:.80} at {item.time!r:.40}")
            return
        number, seq = name.numbers[item.unit], item.seq + LATE_SEQ if item.late else item.seq
        if item.receipt is not None or (self._every and item.time <= name.last):
            item = self._beside(item, number)
        elif self._every:
            self._taken[item.time, number] = item.seq
        values = (
            item.time,
            number,
            float(item.value) + 0.0,  # SQLite keeps no sign of a zero
            item.id.ms - item.time,
            item.id.number,
            seq,
            reason,
        )
        if not SCHEMA.can_be_ours(READINGS, (*values, 0)):
            self._refused(f"a reading of {item.sender!r:.80}: {item.value!r:.40}")
            return
        self._readings.append(sealed(READINGS, *values))
        self._newest = max(self._newest, item.time)
        if len(self._readings) >= BUNCH:
            self._flush()
        self._uncover(number, item.time)
        self._came(number, item.time)
        self._ends_a_gap(name, item.time)

    def _beside(self, item: Reading, number: int) -> Reading:
        """At its time, or, where the device has measured twice in that millisecond, in the next."""
        query = "SELECT seq FROM readings WHERE time = ? AND sensor = ?"
        while True:
            at = item.time, number
            row = self._db.execute(query, at).fetchone() if at not in self._taken else (self._taken[at],)
            if row is None or not isinstance(row[0], int) or told_seq(row[0]) == item.seq:
                self._taken[at] = item.seq
                return item
            item = item._replace(time=item.time + 1)

    def _uncover(self, number: int, time: int) -> None:
        """One that comes late is not in the day that is sealed."""
        if number not in self._covered:
            self._covered[number] = covered.until(self._db, number)
        if time < self._covered[number]:
            covered.cover(self._db, number, time)
            self._covered[number] = time

    def _ends_a_gap(self, name: Name, time: int) -> None:
        gap = name.gap
        if gap is not None and gap.begin < time:
            gaps.put(self._db, name.home, gap._replace(end=time))
            name.gap = None
        elif time < name.last and (was := gaps.cut_short(self._db, name.home, time)) is not None:
            self._roll_others(name, {time // DAY, (was.end or time) // DAY})
        name.last = max(name.last, time)

    def _roll_others(self, name: Name, days: set[int]) -> None:
        """What they said in another unit may have held in the gap. The series of the reading itself is rolled
        up anew when its day is sealed."""
        for number in name.numbers.values() if len(name.numbers) > 1 else ():
            for day in days:
                sealing.roll_again(self._db, number, day)

    def _mark(self, item: Mark) -> None:
        name = None
        if is_name(item.sender) and is_time(item.time) and is_text(item.reason):
            name = self._known.name(self._db, item.sender, None)
        if name is None:
            self._refused(f"a mark of {item.sender!r:.80} at {item.time!r:.40}")
            return
        if name.gap is not None and name.gap.begin <= item.time:
            return
        gap: Gap | None
        if name.gap is None and item.time >= name.last:
            gap = Gap(item.time, None, item.reason)
            gaps.put(self._db, name.home, gap)
        elif (gap := self._opened_late(name, item)) is None:
            return
        if gap.end is None:
            name.gap = gap
        for number in name.numbers.values():
            for day in {gap.begin // DAY, (gap.end or gap.begin) // DAY}:
                sealing.roll_again(self._db, number, day)

    def _opened_late(self, name: Name, item: Mark) -> Gap | None:
        """There are readings after it, or a gap."""
        self._flush()
        nexts = [lookups.first_after(self._db, number, item.time) for number in name.numbers.values()]
        heard_next = min((time for time in nexts if time is not None), default=None)
        return gaps.opened(self._db, name.home, item.time, item.reason, heard_next)

    def _event(self, item: Kept) -> None:
        values = (item.id.ms, item.id.number, item.sender, item.event, item.data)
        if not SCHEMA.can_be_ours(EVENTS, (*values, 0)):
            self._refused(f"an event of {item.sender!r:.80}: {item.event!r:.80}")
            return
        self._db.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)", sealed(EVENTS, *values))

    def _untimed(self, item: Untimed) -> None:
        if not isinstance(item.item, Mark):
            self._seen(item.item.id)
        if not untimed.put(self._db, item):
            self._refused(f"an item of {item.item.sender!r:.80}")

    def _free_id(self, event_id: EventId) -> EventId:
        """That one, or the next that no event has."""
        query = "SELECT EXISTS (SELECT 1 FROM events WHERE ms = ? AND number = ?)"
        while self._db.execute(query, event_id).fetchone()[0]:
            event_id = event_id._replace(number=event_id.number + 1)
        return event_id

    def _flush(self) -> None:
        if self._readings:
            insert = "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            self._db.executemany(insert, self._readings)
            self._readings = []
