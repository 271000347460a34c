"""What evens out a sensor's values after they are judged: a median, an average, a number of digits. Pure.

Times are passed in (seconds, monotonic). `take` goes on, `peek` says what would come of a value without
taking it, for live reads. Suspect values are not for either.
"""

import collections
import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

LEAST_MEDIAN, MOST_MEDIAN = 3, 99
LEAST_AVERAGE_S, MOST_AVERAGE_S = 0.1, 86400.0
# An average keeps so many sums, not each value: at 500 readings a second those of a day would be 43 million.
# A sum is a list of three numbers in a deque, about 200 bytes: 50 KiB a sensor at most. Values that came
# within 1/256 of the span leave it together; those further apart leave it one by one.
PARTS = 256


class Window(Protocol):
    """A median or an average."""

    def take(self, value: float, time: float) -> float:
        """What comes out when `value`, measured at `time`, goes in."""

    def peek(self, value: float, time: float) -> float:
        """What would come out."""

    def reset(self) -> None:
        """Begin anew: what was before is of another time, or of another device."""


class Median:
    """Of the last `size` values, an odd number; before there are so many, of those there are."""

    def __init__(self, size: int) -> None:
        self._values: collections.deque[float] = collections.deque(maxlen=size)

    def take(self, value: float, time: float) -> float:  # noqa: ARG002 - it counts values
        """See `Window`."""
        self._values.append(value)
        return _middle(self._values)

    def peek(self, value: float, time: float) -> float:  # noqa: ARG002 - as above
        """See `Window`."""
        return _middle(collections.deque((*self._values, value), self._values.maxlen))

    def reset(self) -> None:
        """See `Window`."""
        self._values.clear()


class Average:
    """Of the values of the last `span` seconds, each counted alike."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._parts: collections.deque[list[float]] = collections.deque()  # begin, sum, count

    def take(self, value: float, time: float) -> float:
        """See `Window`."""
        parts = self._parts
        while parts and parts[0][0] <= time - self._span:
            parts.popleft()
        if parts and time - parts[-1][0] < self._span / PARTS:
            parts[-1][1] += value
            parts[-1][2] += 1
        else:
            parts.append([time, value, 1])
        return _mean(parts, value)

    def peek(self, value: float, time: float) -> float:
        """See `Window`."""
        since = time - self._span
        return _mean([*(part for part in self._parts if part[0] > since), [time, value, 1]], value)

    def reset(self) -> None:
        """See `Window`."""
        self._parts.clear()


class Smoothing:
    """A window, if there is one, and the digits to publish: `precision`, else as many as the judge's."""

    def __init__(self, window: Window | None, precision: int | None) -> None:
        self._window = window
        self._precision = precision
        self.decimals = 0
        """How many digits the judged values have."""

    def take(self, value: float, reason: str | None, time: float) -> float:
        """The value to publish; a suspect one (there is a `reason`) only gets its digits."""
        if self._window is not None and reason is None:
            value = self._window.take(value, time)
        return self.rounded(value)

    def peek(self, value: float, reason: str | None, time: float) -> float:
        """The same, and nothing is kept."""
        if self._window is not None and reason is None:
            value = self._window.peek(value, time)
        return self.rounded(value)

    def reset(self) -> None:
        """See `Window`."""
        if self._window is not None:
            self._window.reset()

    def go_on_for(self, before: "Smoothing") -> None:
        """Take the place of one with as large a window, for the same values."""
        self._window = before._window

    def rounded(self, value: float) -> float:
        """With the digits that are published."""
        # + 0.0: a small negative value must not be rounded to "-0.0"
        return round(value, self.decimals if self._precision is None else self._precision) + 0.0


def smoothing_of(parsed: Mapping[str, Any], precision: int | None) -> Smoothing | None:
    """What a sensor's options ask for; None where it is nothing."""
    median, average = parsed["median"], parsed["average"]
    if median is None and average is None and precision is None:
        return None
    window = Median(median) if median is not None else Average(average) if average is not None else None
    return Smoothing(window, precision)


def _middle(values: Iterable[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _mean(parts: Iterable[list[float]], newest: float) -> float:
    total = count = 0.0
    for _, part, values in parts:
        total += part
        count += values
    mean = total / count
    return mean if math.isfinite(mean) else newest  # values that no sum of floats can hold
