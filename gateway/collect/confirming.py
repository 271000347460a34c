"""Who is to be told what is safe, and when: each gateway once in a second at most. Pure; time is passed
in."""

from __future__ import annotations

from collections.abc import Callable

from gateway.fleet.keys import Gateway
from gateway.fleet.message import Position

CONFIRM_S = 1.0


class Confirming:
    """`put` tells a gateway."""

    def __init__(self, put: Callable[[Gateway, Position], None]) -> None:
        self._put = put
        self._positions: dict[Gateway, Position] = {}
        self._due = 0.0

    @property
    def waits(self) -> bool:
        """Whether there is something to be told."""
        return bool(self._positions)

    def safe(self, gateway: Gateway, position: Position) -> None:
        """All of its events up to there are, also if it was told before: it may have missed that."""
        if position.seq:
            self._positions[gateway] = position

    def look(self, now: float) -> bool:
        """Tell them, if it is time for it; whether it was."""
        if now < self._due:
            return False
        self._due = now + CONFIRM_S
        self.all()
        return True

    def all(self) -> None:
        """Now."""
        positions, self._positions = self._positions, {}
        for gateway, position in positions.items():
            self._put(gateway, position)
