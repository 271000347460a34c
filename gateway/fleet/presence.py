"""Which gateways of a fleet, and which of their senders, are there: by their liveliness tokens. No I/O.

A token goes when its gateway ends, and also when only a router does, or hangs: then it is back as soon as the
gateway has found another router. So who seems gone is told as gone later, by `due`; who is back before was
never away. While our own session has no router, nobody's token is there: that says nothing about anybody,
until it has lasted. Of who is gone nothing is kept but since when, until it is forgotten.

Not for several threads; time is passed in (monotonic).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from gateway.fleet.away import Away
from gateway.fleet.keys import Gateway

SENDER_S = 1.0
"""After that a sender is gone whose gateway is there: no router's doing."""
GATEWAY_S = 4.0
"""After that a gateway is gone. Its neighbours notice that a router hangs after 2 s (session.LEASE_MS), and
the gateway, which may have to try that one again, has another 2 s later (session.OPEN_MS)."""
MOST_SENDERS = 5000
"""Of one gateway that are seen: none is to fill the memory of all who listen."""
AWAY_S = 10.0
"""After that without a router all are gone that were there."""


class Change(NamedTuple):
    """A gateway, or one of its senders, is there, or is not any more."""

    gateway: Gateway
    sender: str | None
    there: bool


class _One:
    """A token. `told`: whether it counts as there."""

    __slots__ = ("since", "there", "told")

    def __init__(self) -> None:
        self.there = self.told = False
        self.since = -math.inf


class Presence:
    """Of all gateways; `since` of a session that has a router."""

    def __init__(self) -> None:
        self._ones: dict[Gateway, dict[str | None, _One]] = {}
        self._away_since: float | None = None
        self._settled_at = -math.inf
        self._missing: set[Gateway] = set()  # of which some token is not there, and is not told as gone
        self._away = Away()  # those that were there, or heard, and are not there now

    def token(self, gateway: Gateway, sender: str | None, there: bool, now: float) -> bool:
        """It has come, or gone; `sender` None: the gateway's own. Whether that is news: it counts as there
        from now on, and did not."""
        one = self._ones.get(gateway, {}).get(sender)
        if one is None:
            if not there:  # it went before it came: nothing is known by it
                return False
            ones = self._ones.setdefault(gateway, {})
            if sender is not None and len(ones) > MOST_SENDERS:
                return False
            one = ones[sender] = _One()
        if one.there != there:
            one.there, one.since = there, now
        if not there:
            self._missing.add(gateway)
            return False
        self._away.back(gateway)
        news, one.told = not one.told, True
        return news

    def routers(self, there: bool, now: float) -> None:
        """Our own session has a router, maybe another one than before; or none."""
        self._away.routers(there, now)
        if not there:
            self._away_since = now if self._away_since is None else self._away_since
            return
        self._away_since, self._settled_at = None, now + GATEWAY_S

    def is_there(self, gateway: Gateway, sender: str | None = None) -> bool:
        """Whether it counts as there."""
        one = self._ones.get(gateway, {}).get(sender)
        return one is not None and one.told

    def is_seen(self, gateway: Gateway, sender: str | None) -> bool:
        """Whether its token is known, there or not: else there are too many of that gateway's."""
        return sender in self._ones.get(gateway, {})

    def heard(self, gateway: Gateway, now: float) -> None:
        """Something has come of it, whether any token of it is there or not."""
        if gateway not in self._ones:
            self._away.heard(gateway, now)

    def senders(self, gateway: Gateway) -> list[str]:
        """Of its senders, those that count as there."""
        return [name for name, one in self._ones.get(gateway, {}).items() if name is not None and one.told]

    def due(self, now: float) -> list[Change]:
        """Who is gone: senders first, then their gateway."""
        found: list[Change] = []
        for gateway in list(self._missing):
            gone, left = [], False
            for sender, at in list(self._gone_at(gateway)):
                if now < at:
                    left = True
                    continue
                self._ones[gateway][sender].told = False
                gone.append(Change(gateway, sender, there=False))
            if not left:
                self._missing.discard(gateway)
            self._keep_there(gateway)
            if gateway not in self._ones:
                self._away.gone(gateway, now)
            found += gone
        return sorted(found, key=lambda change: (change.gateway, change.sender is None, change.sender or ""))

    def long_away(self, now: float) -> list[Gateway]:
        """Who is not there, and has not been heard, for so long that it may be forgotten."""
        return self._away.due(now)

    def forget(self, gateway: Gateway) -> None:
        """One of those is forgotten."""
        self._away.back(gateway)

    def deadline(self) -> float:
        """When to come back to `due`, or to `long_away`."""
        gone = min((at for each in self._missing for _, at in self._gone_at(each)), default=math.inf)
        return min(gone, self._away.deadline())

    def _keep_there(self, gateway: Gateway) -> None:
        """Of its tokens those that are there, or count as there."""
        left = {sender: one for sender, one in self._ones[gateway].items() if one.there or one.told}
        if left:
            self._ones[gateway] = left
        else:
            del self._ones[gateway]

    def _gone_at(self, gateway: Gateway) -> Iterator[tuple[str | None, float]]:
        """When it, and its senders, will have been away for long enough."""
        ones = self._ones[gateway]
        own = ones.get(None)
        earliest = self._settled_at if self._away_since is None else self._away_since + AWAY_S
        for sender, one in ones.items():
            if one.there or not one.told:
                continue
            if sender is not None and own is not None and own.there:
                yield sender, max(one.since, own.since) + SENDER_S
            else:
                yield sender, max((one if own is None else own).since + GATEWAY_S, earliest)
