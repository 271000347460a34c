"""What one consumer knows of a fleet: who is there, what each offers, and each gateway's events. No I/O.

    token         --> a gateway is met: it is asked what its senders offer; then they are told as come
    event         --> through that gateway's Follower, which may have a page to ask for
    tokens gone   --> told as gone, and weeks later forgotten, when Presence says so

While a gateway is being met its events are not taken: a sender's come after its #connect. They are asked for
as soon as it has been met, as all that is missing. Not for several threads; time is passed in (monotonic).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.fleet.follower import Ask, Follower, Step
from gateway.fleet.keys import Gateway
from gateway.fleet.known import MEET_S, MOST_STRANGERS, Known
from gateway.fleet.message import Event, Page, Position
from gateway.fleet.news import Came, Forgotten, Gone, Happened, News, Offer, Up
from gateway.fleet.presence import Presence

PATIENCE_S = 1.0
"""So long what is now waits for what was before it."""


class Query(NamedTuple):
    """To be asked of a gateway: `ask` a page of events, or, None, what its senders offer."""

    gateway: Gateway
    ask: Ask | None


class View:
    """`news`: what has become known, in order, for who takes it from there."""

    def __init__(self) -> None:
        self.presence = Presence()
        self.news: list[News] = []
        self._members: dict[Gateway, Known] = {}
        self._followed: tuple[Gateway, ...] = ()
        self._busy: dict[Gateway, None] = {}  # of which something is to be done, in turn

    def follow(self, patterns: Iterable[Gateway], now: float) -> None:
        """Whose events are wanted from now on."""
        self._followed = tuple(patterns)
        for gateway, member in self._members.items():
            wanted = self._is_followed(gateway)
            if wanted and member.follower is None:
                member.follower = _new_follower(now)
                self._busy[gateway] = None
            elif not wanted:
                member.follower = None

    def token(self, gateway: Gateway, sender: str | None, there: bool, now: float) -> None:
        """See `Presence.token`."""
        news = self.presence.token(gateway, sender, there, now)
        if not there:
            return
        member = self._member(gateway, now)
        if news:
            member.meet(now)
            if sender is None:
                self.news.append(Up(gateway, there=True))
        elif sender is None:  # it may have been restarted meanwhile
            member.describe()
        if sender is None and member.follower is not None and member.meeting_since is None:
            member.follower.came(now)  # else as soon as it has been met
        self._busy[gateway] = None

    def event(self, gateway: Gateway, event: Event, now: float) -> None:
        """One has come as it happened."""
        member = self._member(gateway, now)
        self.presence.heard(gateway, now)
        if member.follower is None:
            return
        if event.sender not in member.introduced and event.sender not in member.strangers:
            member.unmet.add(event.sender)
            member.meet(now)
        if member.meeting_since is not None:
            if member.follower.position is None:
                epoch, seq = event.position
                member.follower = Follower(Position(epoch, max(0, seq - 1)), patience_s=PATIENCE_S)
            self._busy[gateway] = None
            return
        self._happened(gateway, member.follower.live(event, now))
        if member.follower.deadline() != math.inf:
            self._busy[gateway] = None

    def head(self, gateway: Gateway, newest: Position, now: float) -> None:
        """Where a gateway's newest event is."""
        member = self._member(gateway, now)
        self.presence.heard(gateway, now)
        if member.follower is not None:
            member.follower.head(newest, now)
            self._busy[gateway] = None

    def page(self, gateway: Gateway, ask: Ask, page: Page | None, now: float) -> None:
        """The answer to a Query; None: there is none that can be understood."""
        member = self._members.get(gateway)
        if member is None:
            return
        self._busy[gateway] = None
        if member.follower is None:
            return
        if page is None:
            member.follower.failed(ask, now)
        else:
            self._happened(gateway, member.follower.page(ask, page, now))

    def described(self, gateway: Gateway, offers: Mapping[str, Offer] | None, now: float) -> None:
        """The answer to the other kind of Query."""
        member = self._members.get(gateway)
        if member is None:
            return
        self._busy[gateway] = None
        member.asked = False
        if offers is None:
            member.later(now)
            return
        member.offers = offers
        wanted = {*self.presence.senders(gateway), *member.unmet}
        if member.meeting_since is not None and not wanted <= offers.keys():
            member.later(now)  # a sender that is just coming: until MEET_S
            return
        member.wanted = False
        self._met(gateway, member, now)

    def tick(self, now: float) -> None:
        """What time brings."""
        for gateway, sender, _ in self.presence.due(now):
            if sender is None:
                self.news.append(Up(gateway, there=False))
            elif self._member(gateway, now).introduced.pop(sender, None) is not None:
                self.news.append(Gone(gateway, sender))
        for gateway in self.presence.long_away(now):
            self._forget(gateway)
        for gateway in list(self._busy):
            member = self._members[gateway]
            if member.meeting_since is not None and now >= member.meeting_since + MEET_S:
                self._met(gateway, member, now)
            if member.follower is not None and member.meeting_since is None:
                self._happened(gateway, member.follower.tick(now))

    def queries(self, now: float, most: int) -> list[Query]:
        """What is to be asked now, of so many gateways at most; each is to be answered."""
        found: list[Query] = []
        for gateway in list(self._busy):
            if len(found) >= most:
                break
            member = self._members[gateway]
            if member.wanted and not member.asked and now >= member.again_at:
                member.asked = True
                found.append(Query(gateway, None))
            ask = member.ask(now)
            if ask is not None:
                found.append(Query(gateway, ask))
            del self._busy[gateway]
            if member.deadline() != math.inf:
                self._busy[gateway] = None  # behind the others
        return found

    def deadline(self) -> float:
        """When to come back to `tick` and `queries`, if nothing comes before."""
        members = min((self._members[each].deadline() for each in self._busy), default=math.inf)
        return min(members, self.presence.deadline())

    @property
    def is_meeting(self) -> bool:
        """Whether some gateway is yet to say what its senders offer."""
        return any(self._members[each].meeting_since is not None for each in self._busy)

    def _member(self, gateway: Gateway, now: float) -> Known:
        member = self._members.get(gateway)
        if member is None:
            follower = _new_follower(now) if self._is_followed(gateway) else None
            member = self._members[gateway] = Known(follower)
        return member

    def _forget(self, gateway: Gateway) -> None:
        self.presence.forget(gateway)
        self._busy.pop(gateway, None)
        if self._members.pop(gateway, None) is not None:
            self.news.append(Forgotten(gateway))

    def _is_followed(self, gateway: Gateway) -> bool:
        return any(pattern.covers(gateway) for pattern in self._followed)

    def _met(self, gateway: Gateway, member: Known, now: float) -> None:
        """Its senders are told as come; then what has come of them meanwhile is asked for."""
        for sender in self.presence.senders(gateway):
            offer = member.offers.get(sender, Offer())
            if member.introduced.get(sender) != offer:
                member.introduced[sender] = offer
                self.news.append(Came(gateway, sender, offer))
        member.strangers |= member.unmet - member.introduced.keys()
        if len(member.strangers) > MOST_STRANGERS:
            member.strangers.clear()
        member.unmet.clear()
        if member.meeting_since is not None and member.follower is not None:
            member.follower.came(now)
        member.meeting_since = None

    def _happened(self, gateway: Gateway, steps: Iterable[Step]) -> None:
        self.news += [Happened(gateway, step) for step in steps]


def _new_follower(now: float) -> Follower:
    """From now on."""
    follower = Follower(None, patience_s=PATIENCE_S)
    follower.came(now)
    return follower
