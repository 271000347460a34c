"""What was heard and is not on disk yet, in bounded memory. One thread at a time.

What has no room is dropped, the oldest first. A mark takes the place of each sender's lost readings, so that
the time shows as a gap and not as a value that held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from drivers.receipt import Receipt
from gateway.event_id import BEFORE_ALL, EventId
from gateway.history.rows import Item, Kept, Mark, Untimed, receipt_of
from gateway.loss import Loss, Tally

MOST_BYTES = 7_000_000
"""While the disk cannot be written: 20,000 readings, 100 s of 200 a second, half an hour of ten."""
ROW_BYTES, UNTIMED_BYTES = 350, 150
"""What a reading takes in memory: its tuple, numbers and id. An event takes as much, and its data."""
LOST = "readings were lost: they could not be written to the disk"


class Pending:
    """`begin` hands out what a commit is to write, `done` forgets it; if that failed, it stays."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._items: list[Item] = []
        self._marks: dict[str, Item] = {}  # since when readings were lost, by sender
        self._begun = 0, 0  # items and marks that are being written
        self._dropped: list[Receipt] = []
        self.bytes = 0
        """What the items take, about."""
        self.since: float | None = None
        """When the oldest was heard, by the clock's `monotonic`; None while there is none."""
        self.untimed = 0
        """How many wait for the clock to be set."""
        self.lost = 0
        """Events dropped, since the start."""
        self.tally = Tally()
        """The same by sender."""
        self.lost_until = BEFORE_ALL
        """The id of the newest of them."""

    @property
    def count(self) -> int:
        """How many items wait."""
        return len(self._items) + len(self._marks)

    @property
    def full(self) -> bool:
        """Whether there is no more room."""
        return self.bytes >= self._most

    def add(self, items: Iterable[Item], heard: float) -> None:
        """Heard then. There is room for them: who adds looks at `full` first."""
        for item in items:
            self._items.append(item)
            self.bytes += _size(item)
            self.untimed += isinstance(item, Untimed)
            if self.since is None:
                self.since = heard

    def put_first(self, items: Iterable[Item], heard: float) -> None:
        """Before all that wait: of a time before theirs."""
        was, self._items = self._items, []
        self.bytes -= sum(map(_size, was))
        self.untimed = 0
        self.add(items, heard)
        self.add(was, heard)

    def begin(self) -> list[Item]:
        """All that is to be written now."""
        self._begun = len(self._items), len(self._marks)
        return self.all()

    def done(self, now: float) -> list[Receipt]:
        """What `begin` handed out is written; what came since was heard before `now`. The receipts are to be
        released."""
        items, marks = self._begun
        written = self._items[:items]
        del self._items[:items]
        for sender in list(self._marks)[:marks]:
            del self._marks[sender]
        self.bytes -= sum(map(_size, written))
        self.untimed -= sum(isinstance(item, Untimed) for item in written)
        self.since = now if self._items else None
        return _receipts(written)

    def all(self) -> list[Item]:
        """All, in the order in which they were heard."""
        return [*self._marks.values(), *self._items]

    def trim(self) -> int:
        """Drop the oldest until the rest has room; how many those were."""
        dropped = 0
        while self.bytes > self._most:
            self._drop(self._items[dropped])
            dropped += 1
        self._dropped += _receipts(self._items[:dropped])
        del self._items[:dropped]
        self.lost += dropped
        return dropped

    def dropped(self) -> list[Receipt]:
        """Of what was dropped since the last time; they are lost."""
        receipts, self._dropped = self._dropped, []
        return receipts

    def receipts(self) -> list[Receipt]:
        """Of all that waits."""
        return _receipts(self._items)

    def replace(self, change: Callable[[Item], Item]) -> None:
        """Each item by what `change` makes of it."""
        self._items = [change(item) for item in self._items]
        self._marks = {sender: change(mark) for sender, mark in self._marks.items()}
        self.bytes = sum(map(_size, self._items))
        self.untimed = sum(isinstance(item, Untimed) for item in self._items)

    def count_lost(self, losses: Mapping[str, Loss]) -> None:
        """Events that have not come so far, by sender."""
        for sender, loss in losses.items():
            self.tally.add(sender, loss.count)
            self.lost += loss.count

    def _drop(self, item: Item) -> None:
        self.bytes -= _size(item)
        self.untimed -= isinstance(item, Untimed)
        inner = item.item if isinstance(item, Untimed) else item
        if not isinstance(inner, Mark):
            self.tally.add(inner.sender, 1)
            self.lost_until = max(self.lost_until, inner.id)
        if isinstance(inner, Kept) or inner.sender in self._marks:
            return
        mark = inner if isinstance(inner, Mark) else Mark(inner.sender, inner.time, LOST)
        self._marks[inner.sender] = item._replace(item=mark) if isinstance(item, Untimed) else mark


def renumbered(item: Item, new: Callable[[EventId], EventId]) -> Item:
    """The same, with another id."""
    if isinstance(item, Untimed):
        inner = renumbered(item.item, new)
        assert not isinstance(inner, Untimed)
        return item._replace(item=inner)
    return item if isinstance(item, Mark) else item._replace(id=new(item.id))


def _receipts(items: Iterable[Item]) -> list[Receipt]:
    return [receipt for item in items if (receipt := receipt_of(item)) is not None]


def _size(item: Item) -> int:
    if isinstance(item, Untimed):
        return UNTIMED_BYTES + _size(item.item)
    return ROW_BYTES + (len(item.data) if isinstance(item, Kept) else 0)
