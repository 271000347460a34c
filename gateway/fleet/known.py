"""What a View knows of one gateway: whether it is met, what it offers, and when it is to be asked. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gateway.fleet.follower import Ask, Follower
from gateway.fleet.news import Offer

MEET_S = 3.0
"""So long a gateway has to say what its senders offer; then they are told without it."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Before it is asked for that again; it doubles."""


MOST_STRANGERS = 5000
"""Senders of a gateway that it does not know itself; of more, all are met anew."""


class Known:
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
