"""`gateway.collect.faring`: how the sites fare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.collect.arrival import Unset
from gateway.collect.faring import MISSED_S, of_sites
from gateway.collect.member import Member
from gateway.collect.twins import APART_S, TURNS
from gateway.fleet.keys import Gateway
from gateway.service import State
from tests.support.collect_desk import Keeping

NOW = 1_790_000_000.0


def member(name: str, *, away_s: float | None = None, twins: bool = False) -> Member:
    """At the site north; there, if it is not away."""
    made = Member(Gateway("north", name), Keeping(), Unset())  # type: ignore[arg-type]
    made.up, made.since = away_s is None, NOW - (away_s or 0.0)
    for number in range(2 * TURNS + 2 if twins else 0):
        made.epochs.heard((7, 9)[number % 2], number * APART_S)
    return made


@pytest.mark.parametrize(
    ("members", "state", "said"),
    [
        (lambda: [member("a"), member("b")], State.OK, "2 of 2 gateways up, no events to come"),
        (lambda: [member("a"), member("b", away_s=9)], State.FAILING, "1 of 2 gateways up; not there: b"),
        (lambda: [member("b", away_s=MISSED_S)], State.OK, "0 of 1 gateways up, no events to come"),
        (
            lambda: [member(name, away_s=9) for name in "dcba"],
            State.FAILING,
            "0 of 4 gateways up; not there: a, b, c and 1 more",
        ),
        (lambda: [member("a", twins=True)], State.FAILING, "1 of 1 gateways up; a: two gateways speak as th"),
        (
            lambda: [member("b", twins=True), member("a", twins=True), member("c", away_s=9)],
            State.FAILING,
            "2 of 3 gateways up; not there: c; a and 1 more: two gateways speak as this one",
        ),
    ],
)
def test_a_site(members: Callable[[], list[Member]], state: State, said: str) -> None:
    """As its gateways do: one that is missed, or two under one name, are its failing."""
    (part,) = of_sites(members(), NOW).values()
    assert (part.state, part.message[: len(said)]) == (state, said)


def test_what_programs_are_told() -> None:
    """Who is missed, and what is wrong with whom, by name."""
    facts: Mapping[str, Any] = of_sites([member("a", twins=True), member("b", away_s=9)], NOW)[
        "site.north"
    ].facts
    assert facts["missed"] == ["b"]
    assert list(facts["problems"]) == ["a"]
