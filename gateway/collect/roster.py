"""All gateways that are known: who of them is there, when one is followed anew, and who is forgotten. Of one
thread, but for what it says.

    its site's history is open       --> it is followed from what is written there
    it was lost on the way           --> anew, as soon as nothing of it waits to be written: that would come
                                         twice
    it has been away for weeks       --> it is forgotten, but for how far it is written: there it goes on
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from gateway.collect.admission import Cursor
from gateway.collect.around import Clock, Keepings
from gateway.collect.arrival import Unset
from gateway.collect.asking import Pages
from gateway.collect.confirming import Confirming
from gateway.collect.goings import Goings
from gateway.collect.keeping import Keeping
from gateway.collect.member import Member
from gateway.fleet import keys
from gateway.fleet.away import FORGET_S
from gateway.fleet.keys import Gateway, parse_name
from gateway.fleet.presence import Presence

logger = logging.getLogger(__name__)


class Roster:
    """`now` is always monotonic. Who is to be asked, or told what is safe, is left to `pages` and
    `confirming`."""

    def __init__(self, keepings: Keepings, clock: Clock, pages: Pages, confirming: Confirming) -> None:
        self._keepings = keepings
        self._clock = clock
        self._pages = pages
        self._confirming = confirming
        self.members: Mapping[Gateway, Member] = {}
        """May be read on any thread."""
        self.presence = Presence()
        self.goings = Goings("came:", "went:")
        self.held = 0
        """Live events of all that wait for missing ones."""
        self._opened: dict[Keeping, dict[str, Cursor]] = {}
        self._to_begin: set[Member] = set()  # anew, when nothing of them waits to be written
        self._unset = Unset()

    def of(self, gateway: Gateway, now: float) -> Member:
        """A new one where it was not known."""
        member = self.members.get(gateway)
        if member is None:
            keeping = self._keepings.of(gateway.site)
            member = Member(gateway, keeping, self._unset)
            self.members = {**self.members, gateway: member}
            if keeping in self._opened:
                member.begin(self._opened[keeping].get(member.name, Cursor()), now)
        return member

    def heard(self, gateway: Gateway, now: float) -> Member:
        """Something is known of it: that was understood, or is written."""
        member = self.of(gateway, now)
        self.presence.heard(gateway, now)
        return member

    def news(self, now: float) -> None:
        """Of those who keep."""
        for keeping in self._keepings:
            self._news_of(keeping, now)
            done = {each for each in self._to_begin if each.keeping is keeping and not _waits(each)}
            if done:
                self._news_of(keeping, now)  # of what was written last
            for member in done:
                member.begin(member.stored, now)
                self._pages.wants(member)
            self._to_begin -= done

    def settle(self, now: float) -> None:
        """Who has gone, who is one again where two spoke under its name, and who has been away for so long
        that it is forgotten."""
        for change in self.presence.due(now):
            if (member := self.members.get(change.gateway)) is not None:
                member.up, member.since = False, self._clock.utc()
                self.goings.note(member.name, there=False)
        for member in self.members.values():
            two = member.epochs.are_two
            if member.epochs.is_over(now) and two:
                logger.info("fleet: one gateway alone speaks as %s now", member.name)
        forgotten = {each for each in self.presence.long_away(now) if self._is_idle(each)}
        if not forgotten:
            return
        for gateway in forgotten:
            self.presence.forget(gateway)
            self._unset.forget(str(gateway))
        self.members = {each: member for each, member in self.members.items() if each not in forgotten}
        self._count_held()

    def _news_of(self, keeping: Keeping, now: float) -> None:
        news = keeping.news()
        if news.opened is not None:
            self._opened_anew(keeping, {**news.opened, **news.wrote}, now)
        for name, cursor in news.wrote.items():
            self._opened[keeping][name] = cursor
            if (member := self._named(name)) is not None:
                member.stored = cursor
                self._confirming.safe(member.gateway, cursor.position)
        for name, dropped in news.lost.items():
            member = self._named(name)
            if member is not None and member.again(dropped):
                self._to_begin.add(member)
                self._count_held()

    def _named(self, name: str) -> Member | None:
        """None where it is nobody's that is known: what is told of the others is told only once."""
        try:
            return self.members[_gateway(name)]
        except (ValueError, KeyError):
            logger.exception("fleet: no gateway is called %.100r; please report this", name)
            return None

    def _opened_anew(self, keeping: Keeping, cursors: dict[str, Cursor], now: float) -> None:
        self._opened[keeping] = cursors
        for name, cursor in cursors.items():
            if self._clock.utc() - cursor.utc_ms / 1000 < FORGET_S:
                try:
                    self.heard(_gateway(name), now)
                except Exception:  # the others' are told only once
                    logger.exception("fleet: %.100r is not followed; please report this", name)
        for member in self.members.values():
            if member.keeping is keeping:
                member.stored = cursors.get(member.name, Cursor())
                self._confirming.safe(member.gateway, member.stored.position)
                member.follower = None
                self._to_begin.add(member)
        self._count_held()

    def _count_held(self) -> None:
        """Where followers are new ones."""
        self.held = sum(member.follower.held for member in self.members.values() if member.follower)

    def _is_idle(self, gateway: Gateway) -> bool:
        member = self.members.get(gateway)
        return member is None or member.is_idle


def _waits(member: Member) -> bool:
    return member.keeping.room.waits(member.name)


def _gateway(name: str) -> Gateway:
    """Of `site/gateway`. Raises ValueError, also where it would mean several."""
    gateway = parse_name(f"{name}/{keys.ANY}").gateway
    if keys.ANY in gateway:
        raise ValueError(f"{name!r} is no gateway's name")
    return gateway
