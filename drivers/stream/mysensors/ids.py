"""Numbers for nodes that have none. A number is given once, whatever happens: two nodes of one number would
report each other's values, and nobody could tell."""

from collections.abc import Collection

FIRST, LAST = 1, 254


def next_id(taken: Collection[int]) -> int | None:
    """The number for a new node: the one above the highest that is `taken`, by a node that was heard or one
    that asked earlier; when 254 is taken, the lowest that is free. None when all 254 are taken."""
    above = max(taken, default=0) + 1
    if above <= LAST:
        return above
    return next((number for number in range(FIRST, LAST + 1) if number not in taken), None)
