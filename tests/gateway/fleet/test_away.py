"""`gateway.fleet.away`: who was away for long enough is forgotten, and of too many the oldest."""

from __future__ import annotations

import math

import pytest

from gateway.fleet import away as module
from gateway.fleet.away import FORGET_S, Away
from gateway.fleet.keys import Gateway

A, B, C = (Gateway("north", name) for name in "abc")


@pytest.fixture
def away() -> Away:
    """Two that have gone, with a router."""
    made = Away()
    made.routers(there=True, now=-1.0)
    made.gone(A, 0.0)
    made.gone(B, 5.0)
    return made


def test_in_their_time(away: Away) -> None:
    """From their going on, told once more until it is done; who is told as gone twice went the first time."""
    away.gone(A, 100.0)
    assert away.deadline() == FORGET_S
    assert away.due(FORGET_S - 0.1) == []
    assert away.due(FORGET_S) == away.due(FORGET_S) == [A]
    assert away.due(FORGET_S + 5.0) == [A, B]
    away.back(A)
    assert away.deadline() == FORGET_S + 5.0
    away.back(B)
    assert away.deadline() == math.inf
    assert away.due(1e9) == []


def test_who_is_back_or_heard(away: Away) -> None:
    """Is not away, or from then on, also as one that is new."""
    away.heard(A, 50.0)
    away.heard(C, 60.0)
    assert away.due(FORGET_S + 5.0) == [B]
    away.back(B)
    assert away.due(FORGET_S + 49.0) == []
    assert away.due(FORGET_S + 50.0) == [A]
    assert away.due(FORGET_S + 60.0) == [A, C]


def test_while_we_have_no_router(away: Away) -> None:
    """Nobody is forgotten, and that time does not count, however often that is said."""
    away.routers(there=True, now=7.0)
    away.routers(there=False, now=10.0)
    away.routers(there=False, now=20.0)
    assert away.due(2 * FORGET_S) == []
    assert away.deadline() == math.inf
    away.routers(there=True, now=10.0 + FORGET_S)
    assert away.deadline() == 2 * FORGET_S
    assert away.due(2 * FORGET_S) == [A]


def test_before_the_first_router() -> None:
    """That time does not count either."""
    made = Away()
    made.heard(A, 0.0)
    made.heard(B, 5.0)
    assert made.due(2 * FORGET_S) == []
    assert made.deadline() == math.inf
    made.routers(there=True, now=2 * FORGET_S)
    assert made.due(3 * FORGET_S - 0.1) == []
    assert made.due(3 * FORGET_S) == [A, B]


def test_who_goes_while_we_have_no_router(away: Away) -> None:
    """Or is heard then, is away from when there is one again; in the order in which they went."""
    away.routers(there=False, now=10.0)
    away.heard(A, 60.0)
    away.gone(C, 80.0)
    away.routers(there=True, now=100.0)
    assert away.deadline() == 5.0 + 90.0 + FORGET_S
    assert away.due(95.0 + FORGET_S) == [B]
    assert away.due(99.9 + FORGET_S) == [B]
    assert away.due(100.0 + FORGET_S) == [B, A, C]


def test_too_many(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who went first, at once."""
    monkeypatch.setattr(module, "MOST_AWAY", 2)
    assert away.due(6.0) == []
    away.gone(C, 6.0)
    assert away.deadline() < 6.0
    assert away.due(6.0) == [A]
    away.heard(A, 6.0)
    assert away.due(6.0) == [B]
    away.back(B)
    assert away.due(6.0) == []
    assert len(away) == 2
