"""Many calls to one peer, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sig.net.connection import Connection
from sig.net.writing import holding, mode

T = TypeVar("T")
C = TypeVar("C")

SHARE = 4
"""Of the calls that may wait a slice is that part, and two are on their way: the rest is for others who call
at the same time."""


def in_slices(
    items: Sequence[T], connection: Connection, start: Callable[[Connection, Sequence[T]], list[C]]
) -> Iterator[C]:
    """What `start` makes of each slice, call by call, to be waited for; the next is on its way by then.

    `start` runs no user code.
    """
    size = max(1, connection.limits.max_pending // SHARE)
    before: list[C] = []
    for at in range(0, len(items), size):
        try:
            with holding():  # they go out in a few pieces
                started = start(connection, items[at : at + size])
        except BaseException:  # Ctrl-C, at any line
            mode.held = None
            raise
        yield from before
        before = started
    yield from before
