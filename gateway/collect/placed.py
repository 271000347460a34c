"""A receipt that knows where its event was among all of its gateway's."""

from __future__ import annotations

from collections.abc import Callable

from drivers.receipt import Receipt
from gateway.fleet.message import Position


class Placed(Receipt):
    """Of the event at `position` of the gateway called `identity` (`site/gateway`), triggered at `utc_ms`.

    `life`, `turn`: it is the `turn`th, from 1 on, of what was handed over since the gateway was begun with
    for the `life`th time. Whoever writes it down takes a turn only after the one before it, so that what is
    lost on the way is asked for again, and never passed over. `size`: what it takes in memory, about.
    """

    __slots__ = ("life", "size", "turn", "utc_ms")

    def __init__(
        self,
        gateway: str,
        position: Position,
        utc_ms: int,
        life: int,
        turn: int,
        size: int,
        tell: Callable[[Receipt, bool], None],
    ) -> None:
        super().__init__(gateway, position.epoch, position.seq, tell)
        self.utc_ms = utc_ms
        self.life = life
        self.turn = turn
        self.size = size

    @property
    def position(self) -> Position:
        """See the class."""
        return Position(self.boot, self.seq)
