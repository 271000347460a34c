"""What the history's file says, for any thread: beside a gateway that writes it, and without one.

Each question is answered from one moment's state of the file, on a connection that is lent for it; what may
be long (all readings of a year) is asked a day at a time, so that no reader keeps the writer's log from being
begun anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.event_id import EventId
from gateway.history import answers, events, untimed
from gateway.history.answers import Row
from gateway.history.buckets import DAY, Gap
from gateway.history.rows import Item, Kept, Sender, Series, Untimed
from gateway.history.schema import SCHEMA
from gateway.storage.reading import Readers

SOME = 500
"""Events that are read at a time."""


class Archive:
    """Of the file at `path`, which need not be there yet. Everything raises StoreError if there is no history
    there, or it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._readers = Readers(path, SCHEMA, "history")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing can be asked any more."""
        self._readers.close()

    def senders(self) -> list[Sender]:
        """All of whom there are readings, by name."""
        return self._readers.read(answers.senders)

    def points(
        self, sender: str, since_ms: int, until_ms: int, points: int, unwritten: Sequence[Item] = ()
    ) -> Series | None:
        """A chart of that time in at most so many points; None for a sender that is not known. `unwritten`:
        what is not in the file yet, in the order in which it was heard. Gaps are cut to begin with the time;
        one that lasts has no end. Of a sender whose unit has changed, what it has said in the last one."""
        mine = [item for item in unwritten if not isinstance(item, Kept | Untimed) and item.sender == sender]
        return self._readers.read(lambda db: answers.chart(db, sender, since_ms, until_ms, points, mine))

    def rows(self, sender: str, since_ms: int, until_ms: int) -> Iterator[Row]:
        """All readings from `since_ms` on and before `until_ms`, in order; of those that are not kept any
        more, and of damaged days, nothing."""
        days = self._readers.read(lambda db: answers.days_of(db, sender, since_ms, until_ms))
        for day in days:
            begin, end = max(since_ms, day * DAY), min(until_ms, (day + 1) * DAY)
            yield from self._readers.read(partial(answers.rows_of, name=sender, since=begin, until=end))

    def gaps(self, sender: str, since_ms: int, until_ms: int) -> list[Gap]:
        """Those that lasted at some time of it, whole, in order; one that lasts has no end."""
        return self._readers.read(lambda db: answers.gaps_of(db, sender, since_ms, until_ms))

    def events(self, since_ms: int, until_ms: int, sender: str | None = None) -> Iterator[Kept]:
        """All but readings that were heard then, in order; of one sender, if it is given."""
        after = EventId(since_ms, -1)
        while found := self._readers.read(partial(events.after, event_id=after, limit=SOME, sender=sender)):
            for each in found:
                if each.id.ms >= until_ms:
                    return
                yield each
            after = found[-1].id

    def untimed(self) -> Iterator[Untimed]:
        """What waits for its clock to be known, in the order in which it was heard."""
        key = 0
        while found := self._readers.read(partial(untimed.after, key=key, limit=SOME)):
            yield from (item for _, item in found if item is not None)
            key = found[-1][0]

    def since(self, after: EventId, limit: int) -> list[Kept] | None:
        """At most so many events after that one, readings too, by their ids, as they were published; None if
        it does not reach back so far."""
        return self._readers.read(lambda db: answers.since(db, after, limit))
