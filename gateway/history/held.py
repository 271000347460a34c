"""Which value holds at a time, for a chart: that of the last reading before, unless a gap has begun since."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.history.buckets import DAMAGED, DAY, Gap
from gateway.history.standing import Standing


class Held:
    """Of a series with these gaps, in order, and with those days that turn out to be damaged."""

    def __init__(self, standing: Standing, gaps: Iterable[Gap]) -> None:
        self._standing = standing
        self._known = list(gaps)
        self._gaps = self._known
        self._damaged = 0

    @property
    def gaps(self) -> list[Gap]:
        """All that are known of by now, in order."""
        damaged = self._standing.damaged
        if len(damaged) != self._damaged:
            self._damaged = len(damaged)
            days = [Gap(day * DAY, (day + 1) * DAY, DAMAGED) for day in damaged]
            self._gaps = sorted([*self._known, *days], key=lambda gap: gap.begin)
        return self._gaps

    def at(self, time: int) -> float | None:
        """None in a gap, and before the first reading."""
        before = self._standing.last_before(time)
        if before is None or any(before[0] <= gap.begin <= time for gap in self.gaps):
            return None
        return before[1]
