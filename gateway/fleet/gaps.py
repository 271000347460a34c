"""What a spool had to drop: where in the numbering, how much, and whose. Pure.

A gap is a run of numbers of one epoch, so that what of it a consumer is missing is arithmetic: it has had all
up to its position. Of a whole gap the losses of each sender are told; of a part only how many they are.
Not for several threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace

from gateway.fleet.message import Lost, Position

MOST_GAPS = 64
"""Of more the oldest is forgotten: what is missing there is still counted, by the numbers alone."""
MOST_SENDERS = 1000
"""Of a gap; the losses of more are told together, under the name ""."""


@dataclass(slots=True)
class Share:
    """What one sender has lost in a gap; times in ms since 1970."""

    events: int
    first_ms: int
    last_ms: int


@dataclass(slots=True)
class Gap:
    """The numbers `first` to `last` of an epoch. `told`: somebody has heard of it, so that it grows no
    more: what follows is a gap of its own, and has its senders."""

    epoch: int
    first: int
    last: int
    reason: str
    shares: dict[str, Share] = field(default_factory=dict)
    told: bool = False

    @property
    def upto(self) -> Position:
        """Its last event's."""
        return Position(self.epoch, self.last)

    def add(self, sender: str, utc_ms: int) -> None:
        """One more."""
        name = sender if sender in self.shares or len(self.shares) < MOST_SENDERS else ""
        share = self.shares.setdefault(name, Share(0, utc_ms, utc_ms))
        share.events += 1
        share.first_ms, share.last_ms = min(share.first_ms, utc_ms), max(share.last_ms, utc_ms)

    def lost(self, after: Position, upto: Position) -> Iterator[Lost]:
        """What a consumer that has all up to `after`, and is brought to `upto`, is missing of it."""
        first, last = within(self, after, upto)
        if first > last:
            return
        if (first, last) == (self.first, self.last):
            for sender, share in self.shares.items():
                yield Lost(sender, share.events, share.first_ms, share.last_ms, self.reason)
            return
        begin = min((share.first_ms for share in self.shares.values()), default=0)
        end = max((share.last_ms for share in self.shares.values()), default=0)
        yield Lost("", last - first + 1, begin, end, self.reason)


def within(gap: Gap, after: Position, upto: Position) -> tuple[int, int]:
    """Its first and last number of those that are after the one and up to the other; none if the first is
    the greater."""
    if gap.epoch < after.epoch or gap.epoch > upto.epoch:
        return 1, 0
    first = max(gap.first, after.seq + 1) if gap.epoch == after.epoch else gap.first
    last = min(gap.last, upto.seq) if gap.epoch == upto.epoch else gap.last
    return first, last


class Gaps:
    """All of a spool, in order."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self._gaps = deque(gaps)

    def __iter__(self) -> Iterator[Gap]:
        return iter(self._gaps)

    def __len__(self) -> int:
        return len(self._gaps)

    def copy(self) -> Gaps:
        """Which may change by itself."""
        return Gaps(
            replace(gap, shares={sender: replace(share) for sender, share in gap.shares.items()})
            for gap in self._gaps
        )

    def drop(self, position: Position, sender: str, utc_ms: int, reason: str) -> Gap:
        """The oldest event that there was has gone; returns the gap that it is in now."""
        gap = self._gaps[-1] if self._gaps else None
        follows = gap is not None and (gap.epoch, gap.last + 1) == position
        if gap is None or not follows or gap.told or gap.reason != reason:
            gap = Gap(position.epoch, position.seq, position.seq, reason)
            self._gaps.append(gap)
            if len(self._gaps) > MOST_GAPS:
                self._gaps.popleft()
        gap.last = position.seq
        gap.add(sender, utc_ms)
        return gap

    def tell(self, begun: Container[tuple[int, int]]) -> None:
        """Somebody has heard of those that begin there (epoch and number)."""
        for gap in self._gaps:
            gap.told |= (gap.epoch, gap.first) in begun

    def forget(self, upto: Position) -> list[Gap]:
        """All who need to know have heard of what was up to there; returns what has gone."""
        gone: list[Gap] = []
        while self._gaps and self._gaps[0].upto <= upto:
            gone.append(self._gaps.popleft())
        return gone
