"""What a history says, in plain Python: all readings in a dict, all gaps in a list."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.history.buckets import Bucket, Gap, bucketed, width_of
from gateway.history.rows import Item, Kept, Mark, Reading
from gateway.history.sealed import GOOD, columns


@dataclass
class Said:
    """Of one sender."""

    rows: dict[int, tuple[float, str | None]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def read(self, item: Reading) -> None:
        """It ends the gap in which it is."""
        self.rows[item.time] = (item.value, None if item.quality == GOOD else item.reason or "")
        self.gaps = [
            gap._replace(end=item.time) if gap.begin < item.time < ends(gap) else gap for gap in self.gaps
        ]

    def mark(self, item: Mark) -> None:
        """It opens a gap to the next reading, unless it is in one."""
        if any(gap.begin <= item.time < ends(gap) for gap in self.gaps):
            return
        end = min((time for time in self.rows if time > item.time), default=None)
        new = Gap(item.time, end, item.reason)
        others = [gap for gap in self.gaps if not item.time < gap.begin < ends(new)]
        self.gaps = sorted([*others, new], key=lambda gap: gap.begin)

    def between(self, since: int, until: int) -> list[Gap]:
        """The gaps of that time."""
        return [gap for gap in self.gaps if gap.begin < until and since < ends(gap)]

    def held(self, time: int) -> float | None:
        """What is known just when it comes to that."""
        before = max((each for each in self.rows if each < time), default=None)
        if before is None or any(before <= gap.begin <= time for gap in self.gaps):
            return None
        return self.rows[before][0]

    def points(self, since: int, until: int, points: int) -> list[Bucket]:
        """Made of all readings."""
        width = width_of(until - since, points)
        while -(-until // width) - since // width > points:
            width = width_of(width * points + 1, points)
        if sum(since // width * width <= time < until for time in self.rows) < points:
            width, begin = 1, since
        else:
            begin = since // width * width
        times = sorted(time for time in self.rows if begin <= time < until)
        rows = columns(times, [self.rows[time][0] for time in times])
        return bucketed(rows, self.held(begin), self.between(begin, until), begin, until, width)


def ends(gap: Gap) -> float:
    """Infinity for one that lasts."""
    return float("inf") if gap.end is None else gap.end


class Model:
    """Of all senders, and the events."""

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}
        self.events: list[Kept] = []

    def write(self, items: list[Item]) -> None:
        """In their order."""
        for item in items:
            if isinstance(item, Reading):
                self.said.setdefault(item.sender, Said()).read(item)
            elif isinstance(item, Mark):
                self.said.setdefault(item.sender, Said()).mark(item)
            elif isinstance(item, Kept):
                self.events.append(item)
