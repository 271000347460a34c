"""Which threads are in a database's hands, and since when.

A commit takes as long as the card takes, and what is saved of a damaged file of a gigabyte takes a Pi many
minutes: a loop that waits for either is not stuck, and who watches over loops must be able to tell.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_since: dict[str, float] = {}  # by the thread's name; each thread sets and removes its own


@contextmanager
def at_work() -> Iterator[None]:
    """This thread is, meanwhile; one within another belongs to that."""
    name = threading.current_thread().name
    if name in _since:
        yield
        return
    _since[name] = time.monotonic()
    try:
        yield
    finally:
        del _since[name]


def at_work_since(thread: str) -> float | None:
    """Since when (`time.monotonic`) the thread of that name is; None if it is not. From any thread."""
    return _since.get(thread)
