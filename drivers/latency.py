"""How long requests took, and what became of those that failed."""

import threading
from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""A read of a board on USB takes some 2 ms, at 9600 baud 50 ms; after 3 s most callers have given up."""
ERRORS = ("bad_params", "bad_reply", "busy", "failed", "not_connected", "timeout")
"""Types of errors that are counted by name; a source of somebody else's may raise others, counted as
`failed`."""


class Taken(NamedTuple):
    """Requests since the start. `counts`: how many took at most as long as each of BOUNDS_S, and how many
    longer than the last of them; `sum_s`: the seconds of all. `errors`: how many ended with each type."""

    counts: tuple[int, ...]
    sum_s: float
    errors: Mapping[str, int]


class Latency:
    """Counts; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held for a few assignments
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0
        self._errors = dict.fromkeys(ERRORS, 0)

    def took(self, seconds: float) -> None:
        """A request has ended, with an answer or without."""
        place = bisect_left(BOUNDS_S, seconds)
        with self._lock:
            self._counts[place] += 1
            self._sum_s += seconds

    def failed(self, error: str) -> None:
        """One has ended with an error of that type."""
        with self._lock:
            self._errors[error if error in self._errors else "failed"] += 1

    def taken(self) -> Taken:
        """All of them, by now."""
        with self._lock:
            return Taken(tuple(self._counts), self._sum_s, dict(self._errors))
