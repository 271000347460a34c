"""What is declared on a zenoh session, and its end: the few things of zenoh's that have no types."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def zenoh_error() -> type[Exception]:
    """What zenoh raises."""
    import zenoh

    return zenoh.ZError


def direct(callback: Callable[[T], object]) -> Callable[[T], Any]:
    """Called by the thread of zenoh's that has read it from the network, so it only posts. Else zenoh makes a
    thread of Python's for each thing that is declared: for 1,000 gateways in one process that would be 4,000
    of them and 90 MB, and each request takes 0.3 ms longer."""
    import zenoh

    return zenoh.handlers.Callback(callback, indirect=False)


def once(callback: Callable[[], object]) -> Callable[[], None]:
    """For the end of a query: zenoh tells it, or `get` raises, or both. From any thread."""
    left = [callback]

    def end() -> None:
        with suppress(IndexError):  # of two at once, one finds it
            left.pop()()

    return end


def undeclare(declared: Any) -> None:
    """A subscriber, a queryable, a token; also one whose session has ended before."""
    with suppress(zenoh_error()):
        declared.undeclare()
