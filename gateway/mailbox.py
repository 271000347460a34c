"""From any thread to a service's own: posting never blocks, and wakes the service when it sleeps. What fills
it with the router's events is `gateway.feed`."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import weakref
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

import sig
from drivers.receipt import Receipt
from gateway.encoding import Body
from gateway.event_id import BEFORE_ALL, EventId
from gateway.loss import Loss, Tally

logger = logging.getLogger(__name__)

# At 500 events a second, 20 s in which the bridge is held up by a disk: about 400 bytes each, so 4 MB.
CAPACITY = 10_000
# Bodies longer than this are counted, and so many characters of them may wait: with the others at most 56 MB.
BIG = 4096
BIG_BYTES = 16_000_000
MAX_NAME = 1024
"""Characters of a sender's and an event's or method's name together: a topic has 65,535 bytes, and each may
need 12."""
# Senders whose losses are counted apart; those of more go to the name "", as do those of too long names.
MAX_LOSERS = 1000


class Noted(NamedTuple):
    """An event as it was triggered."""

    sender: str
    event: str
    body: Body
    utc: float
    at: float
    """By the clock's `monotonic`."""
    known: bool = True
    """Whether the machine's clock was believed, which `utc` is of."""
    id: EventId = BEFORE_ALL
    receipt: Receipt | None = None
    """Of the reading that it came of, where the device keeps it until it is safe."""

    @property
    def loss(self) -> Loss:
        """What to count if it is lost."""
        return Loss.of(self.utc, self.at, known=self.known)


class Mailbox:
    """A bounded queue of events and a queue of everything else, with a descriptor to sleep on.

    `admits` and `put` are for events, on any thread. `post` is for answers and connections, of which their
    pools bound the number. `sleep_on`, `events`, `letters`, `losses` belong to the service's thread.

    `keeps`: the service writes down what it gets, so an event's receipt is held until it lets go of it; of an
    event that is dropped, the receipt is lost.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self._keeps = keeps
        self._given_up = False
        self._events: deque[Noted] = deque()
        self._letters: deque[Any] = deque()
        self._losing = threading.Lock()  # guards what follows; held for a few assignments
        self._losses: dict[str, Loss] = {}
        self.lost = Tally()
        """What was dropped, by sender, since the start."""
        self._big = 0
        self._told = False
        self._asleep = False
        self._open = True
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # A listener may be called once more after its removal, so the descriptor lives as long as the object.
        weakref.finalize(self, os.close, self.fd)

    def admits(self, sender: str, event: str, utc: float, at: float, *, known: bool) -> bool:
        """Whether there is room for an event of that name, triggered then; if not, it is dropped and counted.

        Connects and disconnects too: after a loss the service asks the router who is connected.
        """
        if not self._open:
            return False
        if len(sender) + len(event) > MAX_NAME:
            self._lose("", Loss.of(utc, at, known=known))
            return False
        if len(self._events) >= CAPACITY:
            self._lose(sender, Loss.of(utc, at, known=known))
            return False
        return True

    def put(self, noted: Noted) -> None:
        """An event that was admitted. A long one may still be dropped, and counted."""
        receipt = noted.receipt
        size = len(noted.body.data)
        if size > BIG and not self._admit(size):
            self._lose(noted.sender, noted.loss)
            if receipt is not None:
                self.refuse(receipt)
            return
        if receipt is not None and self._keeps:
            receipt.hold()
        self._events.append(noted)
        self._wake()
        if self._given_up and receipt is not None:
            self.give_up()

    def refuse(self, receipt: Receipt) -> None:
        """There was no room for its event: for a service that keeps things, it is to be sent again."""
        if self._keeps:
            receipt.hold()
            receipt.lose()

    def give_up(self) -> None:
        """Nobody takes what is in it, nor what may still come: its receipts are lost. On any thread."""
        self._given_up = True
        with suppress(IndexError):  # it is empty, be it that another thread was at it, too
            while True:
                receipt = self._events.popleft().receipt
                if receipt is not None and self._keeps:
                    receipt.lose()

    def post(self, letter: Any) -> bool:
        """Anything else for the service; False if it has ended."""
        self._letters.append(letter)
        if not self._open:
            with suppress(ValueError):  # `close` has returned it
                self._letters.remove(letter)
                return False
        self._wake()
        return True

    def close(self) -> list[Any]:
        """Take no more; returns the letters that were left."""
        self._open = False
        return self.letters()

    def prepare_to_sleep(self) -> bool:
        """Have the next post write to `fd`; False if there is something to do already."""
        self._asleep = True
        if self._events or self._letters:
            self._asleep = False
            return False
        return True

    def woken(self) -> None:
        """`fd` can be read."""
        try:
            os.eventfd_read(self.fd)
        except BlockingIOError:  # faster than `suppress`, at each event
            return

    def awake(self) -> None:
        """Nobody needs to write to `fd` any more."""
        self._asleep = False

    def events(self, most: int) -> list[Noted]:
        """Up to `most` events, in order."""
        events = self._events
        taken: list[Noted] = []
        with suppress(IndexError):  # `give_up` may have taken the rest meanwhile, on another thread
            taken.extend(events.popleft() for _ in itertools.repeat(None, min(most, len(events))))
        if self._big:
            with self._losing:
                self._big -= sum(len(noted.body.data) for noted in taken if len(noted.body.data) > BIG)
        return taken

    @property
    def depth(self) -> int:
        """How many events wait."""
        return len(self._events)

    def letters(self) -> list[Any]:
        """Everything else."""
        letters = self._letters
        if not letters:
            return []
        return [letters.popleft() for _ in itertools.repeat(None, len(letters))]

    def losses(self) -> dict[str, Loss]:
        """What was dropped since the last time, by sender."""
        if not self._losses:
            return {}
        with self._losing:
            losses, self._losses = self._losses, {}
        if "" in losses and not self._told:
            self._told = True
            logger.warning(
                "events were dropped that are not counted with their senders: sender and event have more "
                "than %d characters together, or more than %d senders lost some at once; give them shorter "
                "names, or spread them over several gateways",
                *(MAX_NAME, MAX_LOSERS),
            )
        return losses

    def _admit(self, size: int) -> bool:
        with self._losing:
            fits = self._big + size <= BIG_BYTES
            self._big += size * fits
        return fits

    def _lose(self, sender: str, loss: Loss) -> None:
        with self._losing:
            self.lost.add(sender, loss.count)
            name = sender if sender in self._losses or len(self._losses) < MAX_LOSERS else ""
            if name in self._losses:
                self._losses[name].add(loss)
            else:
                self._losses[name] = loss

    def _wake(self) -> None:
        if self._asleep:
            self._asleep = False
            os.eventfd_write(self.fd, 1)


LIFECYCLE = (sig.EVENT_CONNECT, sig.EVENT_DISCONNECT)
