"""`gateway.fleet.keys`: which gateways a pattern means."""

from __future__ import annotations

from gateway.fleet.keys import EVERY, Gateway

NORTH, SOUTH = Gateway("north", "a"), Gateway("south", "a")


def test_which_pattern_covers_which() -> None:
    """`*` covers all, also another `*`."""
    assert EVERY.covers(NORTH)
    assert EVERY.covers(EVERY)
    assert Gateway("north", "*").covers(NORTH)
    assert not Gateway("north", "*").covers(SOUTH)
    assert not NORTH.covers(EVERY)
