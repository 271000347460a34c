"""One listener of the router's for all services that want its events: each is encoded once, and handed to the
mailbox of each of them.

A service that is slow fills its own mailbox alone. All have the events in the same order, with the same ids.
An event of a reading that its device keeps carries that one's receipt, which each mailbox of a service that
keeps things holds, or loses (docs/kept.md).
"""

from __future__ import annotations

import threading
from typing import Any

import sig
from drivers.clock import SYSTEM_CLOCK, Clock
from drivers.receipt import current
from gateway.encoding import characters, event_body
from gateway.event_id import BEFORE_ALL, EventId
from gateway.mailbox import Mailbox, Noted

EARLY = 1_000_000
"""Numbers of ids that are left for events of before it was known which ids an earlier run has given: as many
as come until then."""


class Feed:
    """From any thread. It listens while there is a mailbox."""

    def __init__(self, router: sig.Router, clock: Clock = SYSTEM_CLOCK) -> None:
        self._router = router
        self._clock = clock
        self._changing = threading.Lock()
        # Held while an event is posted, which waits for nothing. Re-entrant only because a garbage collection
        # may run a finalizer that triggers one, in the middle of that.
        self._order = threading.RLock()
        self._mailboxes: tuple[Mailbox, ...] = ()
        self._last = BEFORE_ALL

    def add(self, mailbox: Mailbox) -> None:
        """From now on it gets every event."""
        with self._changing:
            if mailbox in self._mailboxes:
                return
            if not self._mailboxes:
                self._router.addListener(self._hear)
            self._mailboxes = (*self._mailboxes, mailbox)

    def exchange(self, before: Mailbox, after: Mailbox) -> None:
        """From now on `after` gets what `before` got: each event is in one of the two. On the thread that
        triggers them; an event of another thread's may still come to `before`."""
        with self._changing:
            self._mailboxes = tuple(after if each is before else each for each in self._mailboxes)

    def noted(self, sender: str, event: str, data: Any) -> Noted:
        """As an event of now, for who is to have by itself what others have heard already."""
        at = self._clock.monotonic()
        utc, unset = self._clock.stamp(at)
        body = event_body(data, utc, unset=unset)
        with self._order:
            self._last = self._last.next(utc)
            return Noted(characters(sender), event, body, utc, at, not unset, self._last)

    def remove(self, mailbox: Mailbox) -> None:
        """It gets no more, but for one that is being handed out now."""
        with self._changing:
            if mailbox not in self._mailboxes:
                return
            self._mailboxes = tuple(each for each in self._mailboxes if each is not mailbox)
            if not self._mailboxes:
                self._router.removeListener(self._hear)

    def go_on_after(self, last: EventId) -> None:
        """An earlier run has given ids up to that one. Where the clock stands before it, those that come now
        are of its ms and higher numbers, but for EARLY of them."""
        with self._order:
            if self._last <= last:
                self._last = EventId(last.ms, last.number + EARLY)

    def _hear(self, info: dict[str, Any], data: Any) -> None:
        """The listener: takes the event down as JSON, since other listeners may change `data` later. What no
        mailbox has room for is not even encoded."""
        at = self._clock.monotonic()
        utc, unset = self._clock.stamp(at)
        known = not unset
        sender, event = characters(info["sender"]), characters(info["event"])
        takers = [box for box in self._mailboxes if box.admits(sender, event, utc, at, known=known)]
        receipt = current()
        if receipt is not None:
            for box in self._mailboxes:
                if box not in takers:
                    box.refuse(receipt)
        if not takers:
            return
        try:
            body = event_body(data, utc, unset=unset)  # may run code of somebody's: before the lock
        except BaseException:
            if receipt is not None:  # nobody has it, so it is not safe
                for box in takers:
                    box.refuse(receipt)
            raise
        with self._order:
            self._last = self._last.next(utc)
            noted = Noted(sender, event, body, utc, at, known, self._last, receipt)
            for mailbox in takers:
                mailbox.put(noted)
