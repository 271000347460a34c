"""Whether two gateways speak under one name, as after a copy of an SD card: both have its certificate, so no
router can tell them apart. Pure; time is passed in (monotonic).

Each start of a gateway begins an epoch that is greater than all before. So of one gateway the newest epoch
follows older ones, once. What an older one had said may come a little later, over another router or from one
that had hung; that comes all at once. An older one that speaks on between what the newest says is another
gateway.
"""

from __future__ import annotations

APART_S = 5.0
"""What a router lets go that had hung is no more than one turn."""
TURNS = 3
"""So often, and each so much later, was an older one followed by the newest: 10 s at the least."""
OVER_S = 300.0
"""Without one more turn: a gateway that has nothing to say says where it is every 30 s."""
SAID = (
    "two gateways speak as this one: name and certificate are on two machines, as on a copied SD card. Their "
    "values are mixed, and gaps are told that were none; enrol one of them under another name "
    "(`sig-gateway fleet enrol`), and write that into its config"
)


class Epochs:
    """Of one gateway, as they come live."""

    __slots__ = ("_newest", "_older", "_turn_at", "_turns")

    def __init__(self) -> None:
        self._newest = 0
        self._older = False  # one older than the newest has come after it
        self._turns = 0
        self._turn_at = 0.0

    @property
    def are_two(self) -> bool:
        """Whether it is two gateways."""
        return self._turns >= TURNS

    def heard(self, epoch: int, now: float) -> None:
        """Something of that epoch has come."""
        if epoch != self._newest:
            self._older = epoch < self._newest
            self._newest = max(self._newest, epoch)
            return
        if not self._older:
            return
        self._older = False
        if not self._turns or now - self._turn_at >= APART_S:
            self._turns += 1
            self._turn_at = now

    def is_over(self, now: float) -> bool:
        """Whether it has been one alone for so long that what was before counts no more."""
        if not self._turns or now - self._turn_at < OVER_S:
            return False
        self._turns = 0
        return True
