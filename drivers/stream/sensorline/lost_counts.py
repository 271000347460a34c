"""How many of the readings that a board says it has lost are news. Pure."""

from collections import Counter
from collections.abc import Mapping

Counts = dict[str, int | None]
"""By channel; None: not known."""
# Losses that are remembered; those that a board tells as one become one.
MOST = 32


class LostCounts:
    """A board counts what it has overwritten and nobody has acknowledged: also what had come, and what it has
    told before, as long as nobody has acknowledged that."""

    def __init__(self) -> None:
        self._told: list[tuple[int, int, Counts]] = []

    def news(
        self, first: int, last: int, counts: Mapping[str, int], heard: Counter[str], number: int
    ) -> Counts | None:
        """Of the readings `first` to `last`, of which the board says `counts`, and of which those in `heard`
        had come: the `number` that are news, by channel. None where nothing is known of the channels."""
        inside = [told for told in self._told if first <= told[0] and told[1] <= last]
        before: Counter[str] = Counter()
        for _, _, told in inside:
            before.update({channel: count or 0 for channel, count in told.items()})
        left: Counts = {}
        for channel, count in counts.items():
            if count != heard[channel] + before[channel]:
                left[channel] = count - heard[channel] - before[channel]
        exact = sum(map(_known, left.values())) == number and min(map(_known, left.values()), default=0) >= 0
        if not exact:
            left = dict.fromkeys(left)
        self._told = [told for told in self._told if told not in inside]
        self.add(first, last, {**before, **{name: before[name] + _known(left[name]) for name in left}})
        return left or None

    def add(self, first: int, last: int, counts: Counts) -> None:
        """Those are told."""
        self._told = [*self._told[1 - MOST :], (first, last, counts)]


def _known(count: int | None) -> int:
    return count or 0
