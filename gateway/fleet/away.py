"""Who is away, and since when; who has been for so long that nothing of it is remembered any more. Pure; time
is passed in (monotonic)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

from gateway.fleet.keys import Gateway

FORGET_S = 30 * 86_400.0
"""A gateway whose machine has died is replaced within weeks, and a name that somebody once published with by
mistake never comes again."""
MOST_AWAY = 20_000
"""Twice the gateways that a fleet is made for, as `session.MOST_SESSIONS` is: all of them may be away."""


class Away:
    """By gateway, in the order in which they went, or were last heard. There is no router until `routers`
    says so: a collector that begins without one knows gateways too."""

    def __init__(self) -> None:
        self._since: dict[Gateway, float] = {}
        self._alone_since: float | None = -math.inf

    def __len__(self) -> int:
        return len(self._since)

    def gone(self, gateway: Gateway, now: float) -> None:
        """It is away from now on, if it was not before."""
        self._since.setdefault(gateway, now)

    def heard(self, gateway: Gateway, now: float) -> None:
        """It is away from now on: something has come of it."""
        self._since.pop(gateway, None)
        self._since[gateway] = now

    def back(self, gateway: Gateway) -> None:
        """It is there, or forgotten."""
        self._since.pop(gateway, None)

    def routers(self, there: bool, now: float) -> None:
        """Our own session has a router, or none: such a time does not count, as nobody can come."""
        if not there:
            self._alone_since = now if self._alone_since is None else self._alone_since
        elif self._alone_since is not None:
            begun, self._alone_since = self._alone_since, None
            self._since = {each: since + (now - max(since, begun)) for each, since in self._since.items()}

    def due(self, now: float) -> list[Gateway]:
        """Those to forget: `back` says which of them were. None while we have no router."""
        if self._alone_since is not None:
            return []
        surplus = max(0, len(self._since) - MOST_AWAY)
        return [*islice(self._since, surplus), *self._old(surplus, now)]

    def deadline(self) -> float:
        """When to come back to `due`."""
        if self._alone_since is not None:
            return math.inf
        if len(self._since) > MOST_AWAY:
            return -math.inf
        return min((since + FORGET_S for since in islice(self._since.values(), 1)), default=math.inf)

    def _old(self, begin: int, now: float) -> Iterator[Gateway]:
        for gateway, since in islice(self._since.items(), begin, None):
            if now < since + FORGET_S:
                return
            yield gateway
