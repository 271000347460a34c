"""What the thread `fleet` does: takes events from the mailbox, says them, keeps them, and writes when it is
time. Everything here but `post`s and `status` belongs to that thread."""

from __future__ import annotations

import logging
import math
import select
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import sig
from gateway.fleet.joining import Joining
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event
from gateway.fleet.session import LONGEST_CLOSE_S, Settings, close, open_session
from gateway.mailbox import Mailbox, Noted
from gateway.member.connected import CLOSE_S, Connected, Connection, what_of
from gateway.member.offered import Offered
from gateway.member.spool import DiskSpool

if TYPE_CHECKING:
    import zenoh

    from gateway.clock.wall import WallClock

logger = logging.getLogger(__name__)

BATCH = 500
"""Events that are said before the disk has its turn."""
LONGEST_S = 3600.0
"""Of a sleep."""
LEAVE_S = 0.2
"""For a try to reach a router: one that is refused is over at once."""


class Joined(NamedTuple):
    """A letter: the session is open."""

    session: zenoh.Session


class Wake(NamedTuple):
    """A letter: the spool has something to do."""


class Loop:
    """Of one gateway in the fleet, until `stopping`; `spool` is opened and closed here."""

    def __init__(
        self,
        gateway: Gateway,
        settings: Settings,
        router: sig.Router,
        mailbox: Mailbox,
        spool: DiskSpool,
        offered: Offered,
        clock: WallClock,
        stopping: threading.Event,
    ) -> None:
        self._gateway = gateway
        self._router = router
        self._mailbox = mailbox
        self._spool = spool
        self._offered = offered
        self._clock = clock
        self._stopping = stopping
        self._joining = Joining(
            "fleet-join",
            partial(open_session, settings),
            lambda session: mailbox.post(Joined(session)),
            partial(close, within_s=LONGEST_CLOSE_S),
            lambda problem: logger.warning("fleet: %s; it is tried again", problem),
        )
        self._taken: deque[Noted] = deque()  # out of the mailbox; empty, but where one of them has failed
        self._poll = select.poll()
        self._poll.register(mailbox.fd, select.POLLIN)
        self._session: zenoh.Session | None = None
        self._connected: Connected | None = None
        self._since = clock.monotonic()
        self._waking = False
        self._turned = clock.monotonic()
        self._asleep = False
        self.leaves_thread = False
        """Whether one was still in zenoh when it ended: to reach a router, or to tell one that hangs."""

    # Any thread

    @property
    def turned(self) -> float:
        """When (boottime) it went round last; one that waits for something to do does so now."""
        return self._clock.monotonic() if self._asleep else self._turned

    @property
    def connection(self) -> Connection:
        """As of the last look."""
        if self._connected is None:
            return Connection((), self._since, self._joining.problem)
        return self._connected.connection

    @property
    def said(self) -> int:
        """Events, since the start."""
        return 0 if self._connected is None else self._connected.said

    def wake(self) -> None:
        """The spool has something to do."""
        if not self._waking:
            self._waking = True
            self._mailbox.post(Wake())

    # The thread

    def run(self) -> None:
        """Until `stopping`; what has come by then is kept."""
        try:
            self._spool.open()
            self._joining.start()
            while not self._stopping.is_set():
                self._turned = self._clock.monotonic()
                due = self._turn()
                self._asleep = True
                self._sleep(due)
                self._asleep = False
        finally:
            self._end()

    def _turn(self) -> float:
        """Do what there is to do; returns when to come back at the latest."""
        for letter in self._mailbox.letters():
            if isinstance(letter, Joined):
                self._join(letter.session)
            elif isinstance(letter, Wake):
                self._waking = False
        self._batch(self._take)
        if self._note_losses() and self._connected is not None:
            self._connected.see_who_is_here()
        now = self._clock.monotonic()
        due = self._spool.turn(now)
        return due if self._connected is None else min(due, self._connected.turn(now))

    def _batch(self, take: Callable[[Noted], object]) -> None:
        """Of the mailbox's events, in order. One that fails is kept, or told as lost; those behind it come
        with the next batch."""
        if not self._taken:
            self._taken.extend(self._mailbox.events(BATCH))
        while self._taken:
            noted, head = self._taken.popleft(), self._spool.head
            try:
                take(noted)
            except Exception:
                if self._spool.head == head:  # else its number says that it was there
                    self._spool.lose(noted.sender, noted.loss)
                raise
            self._have_room()

    def _take(self, noted: Noted) -> None:
        if self._connected is None:
            self._keep(noted)
            return
        with self._spool.taking(noted.utc, noted.at, noted.receipt):
            self._connected.say(noted)

    def _keep(self, noted: Noted) -> Event:
        with self._spool.taking(noted.utc, noted.at, noted.receipt):
            return self._spool.add(*what_of(noted))

    def _have_room(self) -> None:
        """What comes at once may be more than memory has room for."""
        if self._spool.is_full:
            self._spool.turn(self._clock.monotonic())

    def _note_losses(self) -> bool:
        """What the mailbox had no room for is told. Whether there was any."""
        losses = self._mailbox.losses()
        for sender, loss in losses.items():
            self._spool.lose(sender, loss)
        return bool(losses)

    def _join(self, session: zenoh.Session) -> None:
        """A router has let us in; from now on zenoh comes back by itself."""
        parts = self._gateway, self._router, self._spool, self._offered, self._clock
        self._session = session
        self._connected = Connected(session, *parts, self._since)
        self._connected.begin()

    def _sleep(self, due: float) -> None:
        if not self._mailbox.prepare_to_sleep():
            return
        wait_s = min(max(0.0, due - self._clock.monotonic()), LONGEST_S)
        if self._poll.poll(math.ceil(wait_s * 1000)):
            self._mailbox.woken()
        self._mailbox.awake()

    def _end(self) -> None:
        """Keep what has come, and be gone. All that zenoh does may take as long as a router hangs: it comes
        when the disk has everything."""
        late: list[Event] = []
        try:
            while self._taken or self._mailbox.depth:
                self._batch(lambda noted: late.append(self._keep(noted)))
            self._note_losses()
        finally:
            try:
                self._spool.close()
            finally:
                self.leaves_thread = not self._leave(late)

    def _leave(self, late: Sequence[Event]) -> bool:
        """Be in the fleet no more. False if a thread is left behind that is in zenoh still."""
        left = not self._joining.stop(LEAVE_S)
        if self._connected is not None:
            self._connected.leave(late)
        sessions = [letter.session for letter in self._mailbox.letters() if isinstance(letter, Joined)]
        if self._session is not None:
            sessions.append(self._session)
        for session in sessions:
            left |= not close(session, CLOSE_S)
        return not left
