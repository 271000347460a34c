"""All gateways, and what is to be done for each: what has come is read, what is missing is asked for. Of one
thread, without a clock or a thread of its own.

    a live event, a head, a token  --> its follower --> steps --> what keeps its site (`Keeping`)
    something is missing           --> a page is asked for, some at once, as far as what keeps it has room
    it is written                  --> the gateway is told, once a second at most
    it was lost on the way         --> the gateway is followed anew, from what is written (`Roster`)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.collect.around import Clock, Keepings, Wire
from gateway.collect.asking import SENDERS_S, Introductions, Pages
from gateway.collect.confirming import Confirming
from gateway.collect.connection import Connection
from gateway.collect.goings import Goings
from gateway.collect.member import Member
from gateway.collect.roster import Roster
from gateway.collect.twins import SAID
from gateway.collect.wire import Came, Letter, Linked, Opened, Paged, Reached, Token, Told
from gateway.fleet.keys import Gateway, parse_key
from gateway.fleet.message import MessageError, Page, Position, parse_event

logger = logging.getLogger(__name__)

MOST_HELD = 20_000
"""Live events of all gateways that wait for missing ones: beyond it they are let go, and come in pages. 10
MB."""
LOOK_S = 0.02
"""Between two looks at who is to be asked for something."""


class Following:
    """`sites`: those that are collected, empty for all; `consumer`: what we are called at the gateways. `now`
    is always monotonic. `members` and the counts may be read on any thread."""

    def __init__(
        self, wire: Wire, keepings: Keepings, clock: Clock, sites: Sequence[str], consumer: str
    ) -> None:
        self._clock = clock
        self._sites = frozenset(sites)
        self._pages = Pages(wire)
        self._introductions = Introductions(wire)
        self._confirming = Confirming(lambda gateway, at: wire.confirm(gateway, consumer, at))
        self._roster = Roster(keepings, clock, self._pages, self._confirming)
        self._look_at = 0.0
        self.let_go = self.not_understood = 0
        """Live events that were let go, messages that were not understood, since the start."""
        self.connection = Connection()
        self._routers = Goings("connected to the router", "the router is gone:")

    @property
    def members(self) -> Mapping[Gateway, Member]:
        """All that are known."""
        return self._roster.members

    @property
    def busy(self) -> bool:
        """Whether there is something to be done within LOOK_S."""
        return self._pages.waits or self._introductions.waits or self._confirming.waits

    def turn(self, letters: Sequence[Letter], now: float) -> None:
        """Once round."""
        for letter in letters:
            try:
                self._read(letter, now)
            except Exception:
                logger.exception("fleet: a message was not taken; please report this")
        self._roster.news(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._pages.look(now)
            for member in self._introductions.look(now):
                self._confirming.safe(member.gateway, member.stored.position)
        if self._confirming.look(now):
            self._roster.settle(now)
            self._tell_goings(now)

    def _tell_goings(self, now: float) -> None:
        """Which router, and which gateways, have come and gone."""
        told = [self._routers.look(now, self.connection.problem or "")]
        up = sum(member.up for member in self.members.values())
        told.append(self._roster.goings.look(now, f"{up} of {len(self.members)} gateways are up"))
        for level, text in filter(None, told):
            logger.log(level, "%s", text)

    def end(self, now: float) -> None:
        """The last words: what is safe by now."""
        self._roster.news(now)
        self._confirming.all()

    def _read(self, letter: Letter, now: float) -> None:
        try:
            if isinstance(letter, Came):
                self._came(letter, now)
            elif isinstance(letter, Token):
                self._token(letter, now)
            elif isinstance(letter, Paged):
                self._paged(letter, now)
            elif isinstance(letter, Told):
                self._told(letter, now)
            elif isinstance(letter, Opened):
                self.connection.opened(letter.problem)
            elif isinstance(letter, Reached):
                there = self.connection.reached(letter.router, there=letter.there)
                self._roster.presence.routers(there, now)
            elif isinstance(letter, Linked):
                self._routers.note(letter.router, there=letter.there)
        except (MessageError, ValueError) as error:
            self.not_understood += 1
            if self.not_understood == 1:
                logger.warning("fleet: a message is not understood, and others that follow: %s", error)

    def _came(self, came: Came, now: float) -> None:
        key = parse_key(came.key)
        if key is None or key.names or not self._wants(key.gateway):
            return
        data = came.data.decode()
        if came.attachment is None:
            newest = Position.parse(data)
            member = self._roster.heard(key.gateway, now)
            self._note_epoch(member, newest.epoch, now)
            self._head(member, newest, now)
            return
        event = parse_event(data, came.attachment.decode())
        member = self._roster.heard(key.gateway, now)
        self._note_epoch(member, event.position.epoch, now)
        member.head = max(member.head, event.position)
        if member.follower is None:
            return
        if not member.keeping.room.is_left or self._roster.held >= MOST_HELD:
            member.skipped = True
            self.let_go += 1
            self._pages.wants(member)
            return
        self._followed(member, now, lambda follower: follower.live(event, now))

    @staticmethod
    def _note_epoch(member: Member, epoch: int, now: float) -> None:
        """Whether another gateway speaks under its name."""
        before = member.epochs.are_two
        member.epochs.heard(epoch, now)
        if member.epochs.are_two and not before:
            logger.error("fleet: %s: %s", member.name, SAID)

    def _head(self, member: Member, newest: Position, now: float) -> None:
        member.head = newest
        if member.follower is not None:
            member.follower.head(newest, now)
            self._pages.wants(member)

    def _token(self, token: Token, now: float) -> None:
        if not self._wants(token.gateway):
            return
        member = self._roster.of(token.gateway, now) if token.there else None
        news = self._roster.presence.token(token.gateway, None, token.there, now)
        if member is None:
            return
        if news:
            member.up, member.since = True, self._clock.utc()
            self._roster.goings.note(member.name, there=True)
        self._introductions.due(member, now)
        if member.follower is not None:
            member.follower.came(now)
            self._pages.wants(member)
            self._confirming.safe(member.gateway, member.stored.position)

    def _paged(self, paged: Paged, now: float) -> None:
        member = self._roster.members[paged.gateway]
        if paged.page is None:
            self._pages.ended(member)
        if member.follower is None:
            return
        if paged.page is None:
            member.follower.failed(paged.ask, now)
            self._pages.wants(member)
            return
        page = Page.parse(paged.page.decode())
        member.head = page.head
        self._followed(member, now, lambda follower: follower.page(paged.ask, page, now))

    def _followed(self, member: Member, now: float, what: Callable[[Any], Any]) -> None:
        """Have its follower do that, and take what comes of it."""
        follower = member.follower
        held = follower.held if follower is not None else 0
        member.take(what(follower), now, self._clock.utc())
        assert follower is not None
        self._roster.held += follower.held - held
        self._pages.wants(member)

    def _told(self, told: Told, now: float) -> None:
        if told.answer is None:
            self._introductions.ended()
            return
        member = self._roster.members.get(told.gateway)
        if member is None:
            return
        self._introductions.due(member, now + SENDERS_S)
        answer = json.loads(told.answer)
        if isinstance(answer, dict):
            member.tell(answer.get("gateway"), answer.get("senders"), self._clock.utc())

    def _wants(self, gateway: Gateway) -> bool:
        return not self._sites or gateway.site in self._sites
