"""Things to do, each at its time; no I/O, no clock."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

MAX_BATCH = 1024
"""Things done in one run, so that a board far behind still serves its port."""
MAX_LATE_NS = 250_000_000
"""What is later than that is done as of now: the program was stopped, or the machine is too slow for it.
So of what repeats, the times before are skipped."""

Action = Callable[[int], None]
"""Called with the time it was for, in nanoseconds: what it measures, it measures then, however late it is."""


class Agenda:
    """Actions in the order of their times; of the same time, in the order they were put down."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Action]] = []
        self._number = count()

    def at(self, due_ns: int, action: Action) -> None:
        """Do it once, then."""
        heappush(self._due, (due_ns, next(self._number), action))

    def next_ns(self) -> int | None:
        """When `run` next has something to do."""
        return self._due[0][0] if self._due else None

    def run(self, now_ns: int) -> None:
        """Do what is due, up to `MAX_BATCH` of it."""
        for _ in range(MAX_BATCH):
            if not self._due or self._due[0][0] > now_ns:
                return
            due, _, action = heappop(self._due)
            action(max(due, now_ns - MAX_LATE_NS))

    def clear(self) -> None:
        """Forget all of it."""
        self._due.clear()
