"""What the thread `fleet` does: takes events from the mailbox, says them, keeps them, and writes when it is
time. Everything here but `post`s and `status` belongs to that thread."""

from __future__ import annotations

import logging
import math
import select
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import sig
from gateway.fleet.declaring import zenoh_error
from gateway.fleet.joining import Joining
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event
from gateway.fleet.session import LONGEST_CLOSE_S, Settings, close, open_session
from gateway.fleet.speaker import Speaker
from gateway.mailbox import Mailbox, Noted
from gateway.member.offered import Offered
from gateway.member.spool import DiskSpool
from sig.event import EVENT_CONNECT, EVENT_DISCONNECT

if TYPE_CHECKING:
    import zenoh

    from gateway.clock.wall import WallClock

logger = logging.getLogger(__name__)

BATCH = 500
"""Events that are said before the disk has its turn."""
LOOK_S = 2.0
"""Between two looks at which router it is."""
LONGEST_S = 3600.0
"""Of a sleep."""
LEAVE_S = 0.2
"""For a try to reach a router: one that is refused is over at once."""
TELL_S = 0.1
"""For what comes last to be said: some thousand events, or a hundred to a router that hangs."""
CLOSE_S = 0.3
"""For requests that are under way at the end, and for zenoh to say that it ends."""


class Joined(NamedTuple):
    """A letter: the session is open."""

    session: zenoh.Session


class Wake(NamedTuple):
    """A letter: the spool has something to do."""


class Connection(NamedTuple):
    """`routers`: the addresses of those that it has a link to; `since`: when (boottime) that became so, or
    ceased to be; `problem`: why there is none, where that is known."""

    routers: tuple[str, ...]
    since: float
    problem: str | None = None


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
        self._poll = select.poll()
        self._poll.register(mailbox.fd, select.POLLIN)
        self._session: zenoh.Session | None = None
        self._speaker: Speaker | None = None
        self._present: set[str] = set()
        self._look_at = math.inf
        self._routers: tuple[str, ...] = ()
        self._since = clock.monotonic()
        self._waking = False
        self._turned = clock.monotonic()
        self._asleep = False
        self.said = 0
        """Events, since the start."""
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
        problem = self._joining.problem if self._session is None else None
        return Connection(self._routers, self._since, problem)

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
        for noted in self._mailbox.events(BATCH):
            self._take(noted)
            self._have_room()
        if self._note_losses() and self._speaker is not None:
            self._see_who_is_here()
        now = self._clock.monotonic()
        due = self._spool.turn(now)
        if self._speaker is None:
            return due
        if now >= self._look_at:
            self._look(now)
        return min(due, self._speaker.beat(now), self._look_at)

    def _take(self, noted: Noted) -> None:
        if self._speaker is None:
            self._keep(noted)
            return
        with self._spool.taking(noted.utc, noted.at, noted.receipt):
            self._speaker.say(*_what(noted))
        self.said += 1
        if noted.event == EVENT_CONNECT:
            self._come(noted.sender)
        elif noted.event == EVENT_DISCONNECT:
            self._go(noted.sender)

    def _keep(self, noted: Noted) -> Event:
        with self._spool.taking(noted.utc, noted.at, noted.receipt):
            return self._spool.add(*_what(noted))

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
        self._session = session
        self._speaker = Speaker(
            session, self._gateway, self._spool, self._offered.answer, self._offered.senders
        )
        self._see_who_is_here()
        self._look(self._clock.monotonic())

    def _see_who_is_here(self) -> None:
        """What comes and goes from now on is in the mailbox, or will be."""
        here = {each.getName() for each in self._router.listSenders() if each.isConnected()}
        for sender in self._present - here:
            self._go(sender)
        for sender in here - self._present:
            self._come(sender)

    def _come(self, sender: str) -> None:
        assert self._speaker is not None
        self._present.add(sender)
        self._speaker.connect(sender)

    def _go(self, sender: str) -> None:
        assert self._speaker is not None
        self._present.discard(sender)
        self._speaker.disconnect(sender)

    def _look(self, now: float) -> None:
        """Which routers it has a link to."""
        assert self._session is not None
        self._look_at = now + LOOK_S
        try:
            routers = tuple(sorted(str(link.dst) for link in self._session.info.links()))
        except zenoh_error():
            routers = ()
        if routers == self._routers:
            return
        if not routers:
            logger.warning("fleet: no router can be reached any more; what happens is kept")
        else:
            logger.info("fleet: %s is connected to %s", self._gateway, ", ".join(routers))
        self._routers, self._since = routers, now

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
            while events := self._mailbox.events(BATCH):
                for noted in events:
                    late.append(self._keep(noted))
                    self._have_room()
            self._note_losses()
        finally:
            try:
                self._spool.close()
            finally:
                self.leaves_thread = not self._leave(late)

    def _leave(self, late: Sequence[Event]) -> bool:
        """Say what came last, and be in the fleet no more. False if a thread is left behind that is in zenoh
        still."""
        left = not self._joining.stop(LEAVE_S)
        if self._speaker is not None:
            until = self._clock.monotonic() + TELL_S
            for event in late:
                if self._clock.monotonic() > until:
                    break  # who listens asks for it when we come back
                self._speaker.tell(event)
                self.said += 1
            if not self._speaker.close(CLOSE_S):
                logger.info("fleet: stops while a request is under way, whose answer is not sent")
        sessions = [letter.session for letter in self._mailbox.letters() if isinstance(letter, Joined)]
        if self._session is not None:
            sessions.append(self._session)
        for session in sessions:
            left |= not close(session, CLOSE_S)
        return not left


def _what(noted: Noted) -> tuple[str, str, str, int, bool]:
    """As a spool and a speaker take it."""
    return noted.sender, noted.event, noted.body.data, round(noted.utc * 1000), noted.known
