"""Whom to ask next: for events that are missing, and what a gateway is. Each in its turn, so that none waits
for ever however many there are; and only so much at once. Of one thread; time is passed in (monotonic)."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import Protocol

from gateway.collect.member import Member
from gateway.fleet.follower import Ask
from gateway.fleet.keys import Gateway

MOST_ASKED = 16
"""Pages under way at once, of 256 kB at most: 4 MB."""
MOST_SENDERS = 16
"""Gateways at once that are asked what they are: where they answer within a tenth of a second, 1,000 take
less than ten; where a tenth of them does not answer at all, half a minute."""
SENDERS_S = 60.0
"""Between two times that a gateway is asked what it is, and told once more what is safe."""
SENDERS_AGAIN_S = 7.0
"""The same where it has not answered."""


class Wire(Protocol):
    """See `gateway.collect.wire`."""

    def ask(self, gateway: Gateway, ask: Ask) -> None: ...
    def senders(self, gateway: Gateway) -> None: ...


class Pages:
    """What is missing: asked for as far as what keeps it has room, from the one that has waited longest."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._due: dict[Member, None] = {}  # that may have something to ask for, in turn
        self._asked = 0

    @property
    def waits(self) -> bool:
        """Whether anybody may have something to ask for."""
        return bool(self._due)

    def wants(self, member: Member) -> None:
        """It may have something to ask for; it keeps its place if it has one."""
        self._due.setdefault(member)

    def ended(self, member: Member) -> None:
        """What was asked for it has been answered, or will not be."""
        self._asked -= 1
        member.unreserve()

    def look(self, now: float) -> None:
        """Ask."""
        for member in list(self._due):
            if self._asked >= MOST_ASKED:
                return
            follower = member.follower
            if follower is None or not member.up:
                del self._due[member]
                continue
            if member.skipped and member.keeping.room.is_left:
                member.skipped = False
                follower.came(now)
            if follower.deadline() > now or not member.reserve():
                if follower.deadline() == math.inf and not member.skipped:
                    del self._due[member]
                continue
            self._ask(member, now)

    def _ask(self, member: Member, now: float) -> None:
        assert member.follower is not None
        ask = member.follower.ask(now)
        if ask is None:
            member.unreserve()
            return
        self._asked += 1
        del self._due[member]  # it is due again with the answer, behind the others
        self._wire.ask(member.gateway, ask)


class Introductions:
    """What gateways are: who has been due for longest is asked first."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._queue: list[tuple[float, int, Member]] = []  # a heap; some are past
        self._numbers = itertools.count()
        self._asked = 0
        self.waits = False
        """Whether somebody is due who had no place."""

    def due(self, member: Member, at: float) -> None:
        """It is to be asked then."""
        member.senders_due = at
        heapq.heappush(self._queue, (at, next(self._numbers), member))

    def ended(self) -> None:
        """One has answered, or will not."""
        self._asked -= 1

    def look(self, now: float) -> list[Member]:
        """Ask; whom."""
        asked: list[Member] = []
        queue = self._queue
        while queue and queue[0][0] <= now and self._asked < MOST_SENDERS:
            at, _, member = heapq.heappop(queue)
            if at != member.senders_due or not member.up:
                continue
            self.due(member, now + SENDERS_AGAIN_S)
            self._asked += 1
            asked.append(member)
            self._wire.senders(member.gateway)
        self.waits = bool(queue) and queue[0][0] <= now
        return asked
