"""What one consumer knows of a fleet: who is there, what each offers, and each gateway's events. No I/O.

    token         --> a gateway is met: it is asked what its senders offer; then they are told as come
    event         --> through that gateway's Follower, which may have a page to ask for
    tokens gone   --> told as gone, when Presence says so

While a gateway is being met its events are not taken: a sender's come after its #connect. They are asked for
as soon as it has been met, as all that is missing. Not for several threads; time is passed in (monotonic).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gateway.fleet.follower import Ask, Follower, Step
from gateway.fleet.keys import ANY, Gateway
from gateway.fleet.message import Event, Page, Position
from gateway.fleet.presence import Presence

PATIENCE_S = 1.0
"""So long what is now waits for what was before it."""
MEET_S = 3.0
"""So long a gateway has to say what its senders offer; then they are told without it."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Before it is asked for that again; it doubles."""


class Offer(NamedTuple):
    """What a sender has; `requests` None: it answers none, or it is not known."""

    events: tuple[str, ...] = ()
    requests: tuple[str, ...] | None = None


class Came(NamedTuple):
    """A sender is there; or, of one that was, offers something else now."""

    gateway: Gateway
    sender: str
    offer: Offer


class Gone(NamedTuple):
    """A sender is not there any more."""

    gateway: Gateway
    sender: str


class Up(NamedTuple):
    """A gateway is there, or not any more."""

    gateway: Gateway
    there: bool


class Reached(NamedTuple):
    """We have a router, or none any more."""

    there: bool


class Happened(NamedTuple):
    """An event, or a loss, of a gateway's."""

    gateway: Gateway
    step: Step


class Query(NamedTuple):
    """To be asked of a gateway: `ask` a page of events, or, None, what its senders offer."""

    gateway: Gateway
    ask: Ask | None


News = Came | Gone | Up | Reached | Happened


class _Member:
    """A gateway. `follower`: None where nobody listens to it."""

    def __init__(self, follower: Follower | None) -> None:
        self.follower = follower
        self.offers: Mapping[str, Offer] = {}
        self.introduced: dict[str, Offer] = {}
        self.strangers: set[str] = set()  # whose events come, and of whom it says nothing
        self.unmet: set[str] = set()
        self.meeting_since: float | None = None
        self.wanted = False
        self.asked = False
        self.again_at = -math.inf
        self.pause_s = FIRST_PAUSE_S

    def meet(self, now: float) -> None:
        """Ask it what its senders offer, before any of its events is taken."""
        if self.meeting_since is None:
            self.meeting_since = now
        self.describe()

    def describe(self) -> None:
        """Ask it what its senders offer."""
        self.wanted, self.again_at, self.pause_s = True, -math.inf, FIRST_PAUSE_S

    def later(self, now: float) -> None:
        """Ask again, after a pause."""
        self.again_at = now + self.pause_s
        self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)

    def deadline(self) -> float:
        """When something is to be done."""
        follower = math.inf if self.follower is None or self._waits() else self.follower.deadline()
        asking = self.again_at if self.wanted and not self.asked else math.inf
        met = math.inf if self.meeting_since is None else self.meeting_since + MEET_S
        return min(follower, asking, met)

    def ask(self, now: float) -> Ask | None:
        """The page to ask for."""
        return None if self.follower is None or self._waits() else self.follower.ask(now)

    def _waits(self) -> bool:
        """What is missing is asked for once it has been met; where the newest is, at once."""
        return self.meeting_since is not None and (
            self.follower is not None and self.follower.position is not None
        )


class View:
    """`news`: what has become known, in order, for who takes it from there."""

    def __init__(self) -> None:
        self.presence = Presence()
        self.news: list[News] = []
        self._members: dict[Gateway, _Member] = {}
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
        if member.follower is not None:
            member.follower.head(newest, now)
            self._busy[gateway] = None

    def page(self, gateway: Gateway, ask: Ask, page: Page | None, now: float) -> None:
        """The answer to a Query; None: there is none that can be understood."""
        member = self._member(gateway, now)
        self._busy[gateway] = None
        if member.follower is None:
            return
        if page is None:
            member.follower.failed(ask, now)
        else:
            self._happened(gateway, member.follower.page(ask, page, now))

    def described(self, gateway: Gateway, offers: Mapping[str, Offer] | None, now: float) -> None:
        """The answer to the other kind of Query."""
        member = self._member(gateway, now)
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

    def _member(self, gateway: Gateway, now: float) -> _Member:
        member = self._members.get(gateway)
        if member is None:
            follower = _new_follower(now) if self._is_followed(gateway) else None
            member = self._members[gateway] = _Member(follower)
        return member

    def _is_followed(self, gateway: Gateway) -> bool:
        return any(covers(pattern, gateway) for pattern in self._followed)

    def _met(self, gateway: Gateway, member: _Member, now: float) -> None:
        """Its senders are told as come; then what has come of them meanwhile is asked for."""
        for sender in self.presence.senders(gateway):
            offer = member.offers.get(sender, Offer())
            if member.introduced.get(sender) != offer:
                member.introduced[sender] = offer
                self.news.append(Came(gateway, sender, offer))
        member.strangers |= member.unmet - member.introduced.keys()
        member.unmet.clear()
        if member.meeting_since is not None and member.follower is not None:
            member.follower.came(now)
        member.meeting_since = None

    def _happened(self, gateway: Gateway, steps: Iterable[Step]) -> None:
        self.news += [Happened(gateway, step) for step in steps]


def covers(pattern: Gateway, other: Gateway) -> bool:
    """Whether that gateway, or every one of that pattern, is meant."""
    return all(mine in (ANY, its) for mine, its in zip(pattern, other, strict=True))


def offers_of(answer: Any) -> dict[str, Offer]:
    """Of a gateway's answer to `senders`. Raises ValueError for anything else."""
    try:
        return {
            str(each["sender"]): Offer(
                tuple(map(str, each.get("events") or ())),
                None if each.get("requests") is None else tuple(map(str, each["requests"])),
            )
            for each in (answer if isinstance(answer, list) else answer["senders"])
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"expected a gateway's senders, got {answer!r:.60} ({error!r})") from None


def _new_follower(now: float) -> Follower:
    """From now on."""
    follower = Follower(None, patience_s=PATIENCE_S)
    follower.came(now)
    return follower
