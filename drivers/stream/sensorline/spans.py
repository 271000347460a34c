"""Numbers from 1, most of which follow one another, as spans: cheap while few are missing. Pure."""

from bisect import bisect_right
from collections.abc import Iterator


class Spans:
    """A set of numbers. Each span costs two integers, so that what is missing decides on the memory."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __len__(self) -> int:
        """How many spans there are."""
        return len(self._firsts)

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self._firsts, number) - 1
        return index >= 0 and number <= self._lasts[index]

    def add(self, first: int, last: int) -> None:
        """All from `first` to `last`, those included that are there already."""
        firsts, lasts = self._firsts, self._lasts
        low = bisect_right(lasts, first - 2)  # the first span that touches it, or lies behind it
        high = bisect_right(firsts, last + 1)  # behind the last one that does
        if low < high:
            first, last = min(first, firsts[low]), max(last, lasts[high - 1])
        firsts[low:high], lasts[low:high] = [first], [last]

    def remove(self, number: int) -> None:
        """That one; nothing happens if it is not there."""
        index = bisect_right(self._firsts, number) - 1
        if index < 0 or number > self._lasts[index]:
            return
        first, last = self._firsts[index], self._lasts[index]
        parts = [part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]]
        self._firsts[index : index + 1] = [part[0] for part in parts]
        self._lasts[index : index + 1] = [part[1] for part in parts]

    def forget_to(self, number: int) -> None:
        """Those up to and with `number`."""
        index = bisect_right(self._lasts, number)
        del self._firsts[:index], self._lasts[:index]
        if self._firsts and self._firsts[0] <= number:
            self._firsts[0] = number + 1

    def reach(self, number: int) -> int:
        """The last of those that follow `number` without a gap; `number` itself if there is none."""
        index = bisect_right(self._firsts, number + 1) - 1
        return self._lasts[index] if index >= 0 and self._lasts[index] > number else number

    @property
    def last(self) -> int:
        """The greatest; 0 if there is none."""
        return self._lasts[-1] if self._lasts else 0

    def count(self, first: int, last: int) -> int:
        """How many of `first` to `last` are there; 0 if that is nothing."""
        return max(0, last - first + 1) - sum(high - low + 1 for low, high in self.gaps(first, last))

    def gaps(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """From `first` to `last`, what is not there, in order."""
        index = bisect_right(self._lasts, first - 1)
        while first <= last:
            if index >= len(self._firsts) or self._firsts[index] > last:
                yield first, last
                return
            if first < self._firsts[index]:
                yield first, self._firsts[index] - 1
            first, index = self._lasts[index] + 1, index + 1
