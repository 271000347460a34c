"""How what a thread posts is sent: at once, together with what follows, or by the writers.

Each thread has its own mode, as who posts (a listener, say) knows nothing of the work that it is part of.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sig.net.outbox import Outbox


class Mode(threading.local):
    """What holds for the thread that looks at it."""

    held: list[Outbox] | None = None
    later = False
    crowded: list[Outbox] | None = None


mode = Mode()


class holding:  # noqa: N801 - used as a function
    """On this thread, send nothing before the end of the `with` block. Only where no user code runs."""

    __slots__ = ("_held",)

    def __enter__(self) -> None:
        self._held = mode.held = []

    def __exit__(self, *_exc: object) -> None:
        mode.held = None
        for outbox in self._held:
            outbox.flush(gathered=True)


def sending_later(later: bool) -> None:
    """On this thread, from now on, leave sending to the writer, as more is about to follow; or do not."""
    mode.later = later


def wait_for_crowded(outboxes: list[Outbox]) -> None:
    """Pause until those queues have room again, or are found not to be emptied."""
    for outbox in outboxes:
        outbox.wait_until_relieved()
    outboxes.clear()


def note_crowded() -> list[Outbox]:
    """On this thread, from now on, note in the list returned the queues that a signal finds crowded."""
    mode.crowded = []
    return mode.crowded
