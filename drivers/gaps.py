"""How often a source reports that does not say so: learnt from the gaps between its measurements. Pure."""

import collections

# So many gaps are remembered: the longest of them is what a source takes when it is slow.
REMEMBERED = 8
# A value is stale after so many times the longest gap: a line may be lost, and the next one be late.
STALE_GAPS = 3
# A source that reports ten times a second is not stale because the machine was busy for a second.
LEAST_S = 10.0
# One that reports once a day would be told to be gone three days late.
MOST_S = 3600.0
# Until two measurements have come. A sketch reports every few seconds or minutes.
UNKNOWN_S = 300.0


class Gaps:
    """The last eight gaps of one channel, in seconds. Not for several threads at once."""

    def __init__(self) -> None:
        self._before: float | None = None
        self._gaps: collections.deque[float] = collections.deque(maxlen=REMEMBERED)
        self._longest: float | None = None

    @property
    def longest(self) -> float | None:
        """The longest of the remembered gaps, in seconds; None before there is one."""
        return self._longest

    @property
    def newest(self) -> float | None:
        """When the newest measurement came (monotonic); None before there is one, and after an
        interruption."""
        return self._before

    @property
    def stale_after(self) -> float:
        """How long a silence makes the value stale, in seconds: three times the longest gap, at least 10 s
        and at most 1 h; 5 min before there is a gap."""
        if self._longest is None:
            return UNKNOWN_S
        return min(max(STALE_GAPS * self._longest, LEAST_S), MOST_S)

    def note(self, time: float) -> None:
        """A measurement came at `time` (monotonic). One that is not later than the one before makes no gap:
        two that come at once are one report."""
        before = self._before
        if before is None or time > before:
            self._before = time
            if before is not None:
                self._gaps.append(time - before)
                self._longest = max(self._gaps)

    def interrupted(self) -> None:
        """The source was away: the time until its next measurement is no gap of its own."""
        self._before = None
