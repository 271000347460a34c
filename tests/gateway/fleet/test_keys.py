"""`gateway.fleet.keys`: which gateways a pattern means, and whose a key is."""

from __future__ import annotations

import pytest

from gateway.fleet.keys import EVERY, MOST_NAME, UP, Gateway, Key, parse_key, parse_name

NORTH, SOUTH = Gateway("north", "a"), Gateway("south", "a")


def test_which_pattern_covers_which() -> None:
    """`*` covers all, also another `*`."""
    assert EVERY.covers(NORTH)
    assert EVERY.covers(EVERY)
    assert Gateway("north", "*").covers(NORTH)
    assert not Gateway("north", "*").covers(SOUTH)
    assert not NORTH.covers(EVERY)


@pytest.mark.parametrize("name", ["x", "a/b", "50 %", "\u00e4" * MOST_NAME, "**"])
def test_a_key_and_its_gateway_s_name(name: str) -> None:
    """Whoever has a key has a name that can be written and read again."""
    gateway = Gateway(name, name)
    assert parse_key(gateway.key(UP, name)) == Key(gateway, UP, (name,))
    assert parse_name(f"{gateway}/temp").gateway == gateway


@pytest.mark.parametrize(
    "key",
    [
        "sig/1/%2A/gw/up",
        "sig/1/north/%2a/up",
        "sig/1/*/gw/up",
        f"sig/1/{'x' * (MOST_NAME + 1)}/gw/up",
        f"sig/1/north/{'%2F' * (MOST_NAME + 1)}/up",
        f"sig/1/north/gw/up/{'x' * (MOST_NAME + 1)}",
    ],
)
def test_what_is_nobody_s_key(key: str) -> None:
    """One that would mean every gateway, or has a longer name than any has."""
    assert parse_key(key) is None
