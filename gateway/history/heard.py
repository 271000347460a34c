"""What was heard, out of the mailbox, until it is on disk.

For any thread: who wants to see it takes it out of the mailbox, too, so that nobody waits for the disk, and
nothing is in neither of the two.
"""

from __future__ import annotations

import logging
import math
import threading

from drivers.receipt import Receipt
from gateway.clock.wall import WallClock
from gateway.event_id import EventId
from gateway.history.disk import Opened
from gateway.history.intake import OFF, items_of
from gateway.history.pending import LOST, Pending, renumbered
from gateway.history.rows import Item, Mark, Untimed, receipt_of
from gateway.history.untimed import timed
from gateway.loss import Loss
from gateway.mailbox import Mailbox, Noted

logger = logging.getLogger(__name__)

BUNCH = 256
"""Events taken from the mailbox at once."""


class Heard:
    """`begin` hands out what a commit is to write, `done` forgets it."""

    def __init__(self, mailbox: Mailbox, clock: WallClock) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._lock = threading.Lock()  # guards the pending, and who takes from the mailbox
        self._pending = Pending()
        self._given_up = False
        self.left_at = math.inf
        """From then on (`monotonic`) the gateway is about to end: senders that go then are not broken."""

    @property
    def count(self) -> int:
        """Events that wait, in the mailbox too."""
        return self._pending.count + self._mailbox.depth

    @property
    def bytes(self) -> int:
        """What was taken takes in memory, about."""
        return self._pending.bytes

    @property
    def since(self) -> float | None:
        """When the oldest of it was heard (`monotonic`); None while there is none."""
        return self._pending.since

    @property
    def lost(self) -> int:
        """Events dropped, since the start."""
        return self._pending.lost

    @property
    def lost_until(self) -> EventId:
        """Events up to this one may be missing, as they were dropped."""
        return self._pending.lost_until

    def dropped(self) -> dict[str, int]:
        """Events that are lost, by sender."""
        return self._pending.tally.counts()

    def unwritten(self) -> list[Item]:
        """All, in the order in which it was heard."""
        with self._lock:
            self._collect(beyond=False)
            return self._pending.all()

    def take(self) -> int:
        """All that is in the mailbox; how many events are dropped, as there is no room for them."""
        with self._lock:
            self._collect(beyond=True)
            dropped, receipts = self._pending.trim(), self._pending.dropped()
        for receipt in receipts:
            receipt.lose()
        return dropped

    def begin(self) -> list[Item]:
        """What is to be written now, out of what was taken."""
        with self._lock:
            return self._pending.begin()

    def done(self, now: float) -> None:
        """What `begin` handed out is written; what came since was heard before `now`."""
        with self._lock:
            receipts = self._pending.done(now)
        for receipt in receipts:
            receipt.release()

    def give_up(self) -> None:
        """What waits will never be written: whoever keeps a reading of it is to send it again. Once."""
        with self._lock:
            self._given_up = True
            self._mailbox.give_up()
            receipts = self._pending.receipts()
        for receipt in receipts:
            receipt.lose()

    def follow(self, opened: Opened, now: float, *, goes_on: bool = False) -> None:
        """On what an earlier run has left: ids go on after its own, and whose value held is in a gap, unless
        that one has recorded until now (`goes_on`)."""
        with self._lock:
            self._pending.replace(_Renumbering(opened.last_id))
            if opened.alive is not None and not goes_on:
                marks = [Mark(name, opened.alive, OFF) for name, gap in opened.senders.items() if gap is None]
                self._pending.put_first(marks, now)

    def offset(self, boot: str) -> int | None:
        """UTC less CLOCK_BOOTTIME in ms of a boot; None if it is not known."""
        at = self._clock.monotonic() if boot == self._clock.boot else 0.0
        utc, unset = self._clock.noted(boot, at, math.nan, known=False)
        return None if unset else round((utc - at) * 1000)

    def _collect(self, *, beyond: bool) -> None:
        """As far as there is room; `beyond`: or until the mailbox is empty. With the lock."""
        mailbox, pending = self._mailbox, self._pending
        receipts: list[Receipt] = []
        while (beyond or not pending.full) and (events := mailbox.events(BUNCH)):
            for noted in events:
                items = self._items(noted)
                pending.add(items, noted.at)
                if self._given_up:  # taken between its coming and its loss, by who only wants to see it
                    receipts += filter(None, map(receipt_of, items))
        for receipt in receipts:
            receipt.lose()
        if losses := mailbox.losses():
            self._lost(losses)
        if pending.untimed and self._clock.believed:
            offset = self.offset(self._clock.boot)
            if offset is not None:
                pending.replace(lambda item: _timed(item, offset))

    def _items(self, noted: Noted) -> list[Item]:
        """What is stored of it. One that cannot be taken is lost, and none of those that came with it."""
        try:
            items = items_of(noted, self._clock.boot, leaving=noted.at >= self.left_at)
        except Exception:
            if noted.receipt is not None:
                noted.receipt.lose()
            text = "history: %s of %s cannot be taken, and is lost; please report this"
            logger.exception(text, noted.event, noted.sender)
            self._lost({noted.sender: noted.loss})
            return []
        if noted.receipt is not None and not items:
            noted.receipt.lose()
        return items

    def _lost(self, losses: dict[str, Loss]) -> None:
        """They will not come. The marks come after events of later times, which the store puts right."""
        marks = [_mark_of(sender, loss, self._clock.boot) for sender, loss in losses.items() if sender]
        self._pending.add(marks, self._clock.monotonic())
        self._pending.count_lost(losses)


class _Renumbering:
    """Ids of events that came before it was known that `last` is taken: after it, in their order."""

    def __init__(self, last: EventId) -> None:
        self._last = last
        self._new = last

    def __call__(self, item: Item) -> Item:
        return renumbered(item, self._id)

    def _id(self, was: EventId) -> EventId:
        if was > self._last:
            return was
        self._new = EventId(self._new.ms, self._new.number + 1)
        return self._new


def _timed(item: Item, offset: int) -> Item:
    return timed(item, offset) if isinstance(item, Untimed) else item


def _mark_of(sender: str, loss: Loss, boot: str) -> Item:
    """Since when something is missing."""
    mark = Mark(sender, round(loss.first * 1000), LOST)
    if loss.known or loss.at is None:
        return mark
    at = round((loss.at - (loss.last - loss.first)) * 1000)
    return Untimed(boot, at, at, mark)
