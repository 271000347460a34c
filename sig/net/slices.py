"""Many calls to one peer, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sig.limits import Limits

T = TypeVar("T")

SHARE = 4
"""A part of the calls that may wait: the rest is for others who call at the same time."""


def slices(items: Sequence[T], limits: Limits) -> Iterator[Sequence[T]]:
    """The items in order, as many at a time as may be called for at once."""
    size = max(1, limits.max_pending // SHARE)
    return (items[at : at + size] for at in range(0, len(items), size))
