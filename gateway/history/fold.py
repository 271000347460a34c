"""Gaps as they will be when what is not written yet is. Pure.

The same rule as in the file: a mark opens a gap unless there is one, and a reading in it ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.history.buckets import Gap
from gateway.history.rows import Mark, Reading


def folded(
    gaps: Sequence[Gap], items: Sequence[Reading | Mark], heard_next: Callable[[int], int | None]
) -> list[Gap]:
    """In order. `heard_next(time)`: when the sender was heard next after that, in the file."""
    found = list(gaps)
    heard: list[int] = []
    for item in items:
        if isinstance(item, Reading):
            heard.append(item.time)
            found = [
                gap._replace(end=item.time) if gap.begin < item.time and _lasts(gap, item.time) else gap
                for gap in found
            ]
        elif not any(gap.begin <= item.time and _lasts(gap, item.time) for gap in found):
            nexts = [time for time in heard if time > item.time]
            if (written := heard_next(item.time)) is not None:
                nexts.append(written)
            end = min(nexts, default=None)
            found = [gap for gap in found if gap.begin < item.time or (end is not None and gap.begin >= end)]
            found.append(Gap(item.time, end, item.reason))
    return sorted(found, key=lambda gap: gap.begin)


def _lasts(gap: Gap, time: int) -> bool:
    return gap.end is None or gap.end > time
