"""All of a history, or a part of it, as records in the order of an exported file. Reads; for one thread."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from gateway.history.buckets import DAY, Gap
from gateway.history.rows import Kept, Reading, Sender, Untimed
from gateway.history.transfer.records import Record, Silence

SLICE_MS = DAY
"""What is read at once, of one sensor: so no reading of the file lasts long, and its writer can tidy up."""


class Archive(Protocol):
    """See `gateway.history.archive`."""

    def rows(self, sender: str, since_ms: int, until_ms: int) -> Iterator[Reading]: ...
    def gaps(self, sender: str, since_ms: int, until_ms: int) -> Sequence[Gap]: ...
    def events(self, since_ms: int, until_ms: int, sender: str | None = None) -> Iterator[Kept]: ...
    def untimed(self) -> Iterator[Untimed]: ...


class Part(NamedTuple):
    """What of it. `since`, `until`: UTC in ms, None for all, and then with what has no known time.
    `senders`: of whom there is something."""

    senders: Sequence[Sender]
    since: int | None
    until: int | None
    everybody: bool
