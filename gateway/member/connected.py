"""A gateway while it is in the fleet: what it says there, which senders are there, by which routers."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import sig
from gateway.fleet.declaring import zenoh_error
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event
from gateway.fleet.session import url_of
from gateway.fleet.speaker import Speaker
from gateway.fleet.unread import LOOK_S, of_session
from gateway.mailbox import Noted
from gateway.member.offered import Offered
from gateway.member.spool import DiskSpool
from sig.event import EVENT_CONNECT, EVENT_DISCONNECT

if TYPE_CHECKING:
    import zenoh

    from gateway.clock.wall import WallClock

logger = logging.getLogger(__name__)

TELL_S = 0.1
"""For what comes last to be said: some thousand events, or a hundred to a router that hangs."""
CLOSE_S = 0.3
"""For requests that are under way at the end, and for zenoh to say that it ends."""


class Connection(NamedTuple):
    """`routers`: the addresses of those that it has a link to; `since`: when (boottime) that became so, or
    ceased to be; `problem`: why there is none, where that is known."""

    routers: tuple[str, ...]
    since: float
    problem: str | None = None


class Connected:
    """From its constructor, which says that the gateway is there, until `leave`; the session is its owner's.
    `since`: from when on it has been without a router. All belong to the thread `fleet`, but for `connection`
    and `said`."""

    def __init__(
        self,
        session: zenoh.Session,
        gateway: Gateway,
        router: sig.Router,
        spool: DiskSpool,
        offered: Offered,
        clock: WallClock,
        since: float,
    ) -> None:
        self._session = session
        self._unread = of_session(session)
        self._gateway = gateway
        self._router = router
        self._clock = clock
        self._speaker = Speaker(session, gateway, spool, offered.answer, offered.senders)
        self._present: set[str] = set()
        self.connection = Connection((), since)
        """As of the last look."""
        self.said = 0
        """Events."""
        self._look_at = -math.inf

    def begin(self) -> None:
        """Who is here by now; and where we are."""
        self.see_who_is_here()
        self._look(self._clock.monotonic())

    def say(self, noted: Noted) -> None:
        """That has happened."""
        self._speaker.say(*what_of(noted))
        self.said += 1
        if noted.event == EVENT_CONNECT:
            self._come(noted.sender)
        elif noted.event == EVENT_DISCONNECT:
            self._go(noted.sender)

    def see_who_is_here(self) -> None:
        """What comes and goes from now on is in the mailbox, or will be."""
        here = {each.getName() for each in self._router.listSenders() if each.isConnected()}
        for sender in self._present - here:
            self._go(sender)
        for sender in here - self._present:
            self._come(sender)

    def turn(self, now: float) -> float:
        """Do what is due (boottime); returns when to come back at the latest."""
        if now >= self._look_at:
            self._look(now)
        return min(self._speaker.beat(now), self._look_at)

    def leave(self, late: Sequence[Event]) -> None:
        """Say what came last, and be in the fleet no more."""
        until = self._clock.monotonic() + TELL_S
        for event in late:
            if self._clock.monotonic() > until:
                break  # who listens asks for it when we come back
            self._speaker.tell(event)
            self.said += 1
        if not self._speaker.close(CLOSE_S):
            logger.info("fleet: stops while a request is under way, whose answer is not sent")

    def _come(self, sender: str) -> None:
        self._present.add(sender)
        self._speaker.connect(sender)

    def _go(self, sender: str) -> None:
        self._present.discard(sender)
        self._speaker.disconnect(sender)

    def _look(self, now: float) -> None:
        """Which routers it has a link to, and hears."""
        self._look_at = now + LOOK_S
        self._unread.look(partial(logger.warning, "fleet: %s"))
        try:
            routers = tuple(sorted(url_of(str(link.dst)) for link in self._session.info.links()))
        except zenoh_error():
            routers = ()
        if routers == self.connection.routers:
            return
        if not routers:
            logger.warning("fleet: no router can be reached any more; what happens is kept")
        else:
            logger.info("fleet: %s is connected to %s", self._gateway, ", ".join(routers))
        self.connection = Connection(routers, now)


def what_of(noted: Noted) -> tuple[str, str, str, int, bool]:
    """As a spool and a speaker take it."""
    return noted.sender, noted.event, noted.body.data, round(noted.utc * 1000), noted.known
