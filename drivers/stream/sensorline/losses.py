"""What is lost for good of one boot, until it is told. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.stream.sensorline.kept_messages import Range

# A gap's end is the next reading that comes, which follows at once; if not, it is told without.
GAP_WAIT_S = 10.0
# While a disk is full, one reading after the other is lost. What follows one another is told as one, so
# often; where it is still more than so many, all that is alike is.
GAP_EVERY_S = 10.0
MOST_TOLD = 8


@dataclass(frozen=True, slots=True)
class Loss:
    """`number` readings, of `first` to `last`, that nobody will ever have; of 0 it is not known whether there
    were any. `counts`: by channel; None: not known, whichever channel it was.
    `gaps`: which they are, of those that the board is not to forget before they are told.
    `since`, `until`: when the first of them, or the reading before, and the reading after were measured
    (monotonic), None if none has come or is remembered."""

    first: int
    last: int
    number: int
    counts: Mapping[str, int | None] | None
    reason: str
    noted: float
    gaps: tuple[Range, ...] = ()
    since: float | None = None
    until: float | None = None


class Losses:
    """Those that are not told yet."""

    def __init__(self) -> None:
        self._untold: list[Loss] = []
        self._told_at = float("-inf")

    def add(self, loss: Loss) -> None:
        """One more."""
        self._untold.append(loss)

    def take(
        self, heard: Mapping[int, tuple[str, float]], now: float, final: int | None = None
    ) -> list[Loss]:
        """Those that can be told now. `heard`: of readings, the channel, and when they were measured.
        `final`: the last reading of a boot that has ended; None of one that goes on."""
        if not self._untold or now < self._told_at + GAP_EVERY_S:
            return []
        self._untold = _joined(self._untold)
        ready = [
            loss
            for loss in self._untold
            if loss.last + 1 in heard
            or now >= loss.noted + GAP_WAIT_S
            or (final is not None and loss.last >= final)
        ]
        if ready:
            self._told_at = now
            self._untold = [loss for loss in self._untold if loss not in ready]
        return [_placed(loss, heard) for loss in ready]


def channels_of(gaps: Sequence[Range], heard: Mapping[int, tuple[str, float]]) -> Mapping[str, int] | None:
    """How many of those are of which channel; None unless all of them were heard once."""
    number = sum(high - low + 1 for low, high in gaps)
    if number > len(heard):  # a board may name any number
        return None
    found = (heard.get(seq) for low, high in gaps for seq in range(low, high + 1))
    known = [each[0] for each in found if each is not None]
    return Counter(known) if len(known) == number else None


def _placed(loss: Loss, heard: Mapping[int, tuple[str, float]]) -> Loss:
    before = max((seq for seq in heard if seq <= loss.first), default=None)
    after = min((seq for seq in heard if seq > loss.last), default=None)
    since = None if before is None else heard[before][1]
    until = None if after is None else heard[after][1]
    return replace(loss, since=since, until=until)


def _joined(losses: list[Loss]) -> list[Loss]:
    """What follows one another as one, in order; if those are many, all that is alike."""
    found: list[Loss] = []
    for loss in sorted(losses, key=lambda loss: loss.first):
        if found and _alike(found[-1], loss) and loss.first <= found[-1].last + 1:
            found[-1] = _sum(found[-1], loss)
        else:
            found.append(loss)
    if len(found) <= MOST_TOLD:
        return found
    alike: dict[tuple[str, bool], Loss] = {}
    for loss in found:
        key = loss.reason, loss.counts is None
        alike[key] = _sum(alike[key], loss) if key in alike else loss
    return list(alike.values())


def _alike(one: Loss, other: Loss) -> bool:
    return one.reason == other.reason and (one.counts is None) == (other.counts is None)


def _sum(one: Loss, other: Loss) -> Loss:
    counts: dict[str, int | None] | None = None
    if one.counts is not None and other.counts is not None:
        counts = dict(one.counts)
        for channel, count in other.counts.items():
            before = counts.get(channel, 0)
            counts[channel] = None if before is None or count is None else before + count
    return Loss(
        one.first,
        max(one.last, other.last),
        one.number + other.number,
        counts,
        one.reason,
        min(one.noted, other.noted),
        one.gaps + other.gaps,
    )
