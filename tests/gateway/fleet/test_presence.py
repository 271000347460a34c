"""`gateway.fleet.presence`: who is gone is told in time, and no router's death tells of anybody."""

from __future__ import annotations

import math

import pytest

from gateway.fleet import presence as module
from gateway.fleet.away import FORGET_S
from gateway.fleet.keys import Gateway
from gateway.fleet.presence import AWAY_S, GATEWAY_S, SENDER_S, Change, Presence

NORTH, SOUTH = Gateway("north", "g"), Gateway("south", "g")


@pytest.fixture
def presence() -> Presence:
    """A router since 0, one gateway with two senders."""
    presence = Presence()
    presence.routers(there=True, now=-100.0)
    for sender in (None, "hum", "temp"):
        assert presence.token(NORTH, sender, there=True, now=0.0)
    return presence


def test_who_comes_is_news_once(presence: Presence) -> None:
    """A token that is there already, or is back in time, is none."""
    assert not presence.token(NORTH, "temp", there=True, now=1.0)
    presence.token(NORTH, "temp", there=False, now=2.0)
    assert not presence.token(NORTH, "temp", there=True, now=2.5)
    assert presence.due(100.0) == []
    assert presence.is_there(NORTH)
    assert presence.is_there(NORTH, "temp")
    assert not presence.is_there(NORTH, "other")
    assert not presence.is_there(SOUTH)
    assert presence.senders(NORTH) == ["hum", "temp"]
    assert presence.senders(SOUTH) == []


def test_a_sender_of_a_gateway_that_is_there(presence: Presence) -> None:
    """Soon: no router can have taken that away alone. Its next coming is news."""
    presence.token(NORTH, "temp", there=False, now=10.0)
    assert presence.deadline() == 10.0 + SENDER_S
    assert presence.due(10.0 + SENDER_S - 0.01) == []
    assert presence.is_there(NORTH, "temp")
    assert presence.due(10.0 + SENDER_S) == [Change(NORTH, "temp", there=False)]
    assert not presence.is_there(NORTH, "temp")
    assert presence.senders(NORTH) == ["hum"]
    assert presence.due(100.0) == []
    assert presence.deadline() == math.inf
    assert presence.token(NORTH, "temp", there=True, now=20.0)


@pytest.mark.parametrize("order", [(None, "hum", "temp"), ("hum", "temp", None)])
def test_a_gateway(presence: Presence, order: tuple[str | None, ...]) -> None:
    """With its senders, which are told first, in whatever order their tokens go."""
    for number, sender in enumerate(order):
        presence.token(NORTH, sender, there=False, now=10.0 + number * 0.01)
    assert presence.due(10.0 + GATEWAY_S - 0.01) == []
    assert presence.deadline() <= 10.02 + GATEWAY_S
    assert presence.due(10.02 + GATEWAY_S) == [
        Change(NORTH, "hum", there=False),
        Change(NORTH, "temp", there=False),
        Change(NORTH, None, there=False),
    ]
    assert not presence.is_there(NORTH)


def test_a_router_that_hangs(presence: Presence) -> None:
    """Takes the tokens of its gateways for two seconds: nobody was gone."""
    for sender in (None, "hum", "temp"):
        presence.token(NORTH, sender, there=False, now=10.0)
    told = [change for tenth in range(21) for change in presence.due(10.0 + tenth / 10)]
    for sender in ("hum", None, "temp"):
        assert not presence.token(NORTH, sender, there=True, now=12.1)
    assert told == []
    assert presence.due(100.0) == []


def test_a_sender_that_does_not_come_back_with_its_gateway(presence: Presence) -> None:
    """It has had a second for it."""
    for sender in (None, "hum", "temp"):
        presence.token(NORTH, sender, there=False, now=10.0)
    presence.token(NORTH, None, there=True, now=12.0)
    presence.token(NORTH, "hum", there=True, now=12.1)
    assert presence.due(12.0 + SENDER_S - 0.01) == []
    assert presence.due(12.0 + SENDER_S) == [Change(NORTH, "temp", there=False)]


def test_our_own_router_is_gone(presence: Presence) -> None:
    """All tokens are; nothing is told until another router has had time to bring them."""
    presence.routers(there=False, now=10.0)
    for sender in (None, "hum", "temp"):
        presence.token(NORTH, sender, there=False, now=10.0)
    presence.routers(there=True, now=17.0)
    assert presence.due(17.0 + GATEWAY_S - 0.01) == []
    presence.token(NORTH, None, there=True, now=19.0)
    presence.token(NORTH, "hum", there=True, now=19.0)
    assert presence.due(19.0 + SENDER_S - 0.01) == []
    assert presence.due(19.0 + SENDER_S) == [Change(NORTH, "temp", there=False)]


def test_our_own_router_has_changed(presence: Presence) -> None:
    """A gateway that does not come back with the new one is gone, and not before it has had time."""
    presence.routers(there=False, now=10.0)
    for sender in (None, "hum", "temp"):
        presence.token(NORTH, sender, there=False, now=10.0)
    presence.routers(there=True, now=13.0)
    assert presence.due(13.0 + GATEWAY_S - 0.01) == []
    assert len(presence.due(13.0 + GATEWAY_S)) == 3


def test_we_stay_without_a_router(presence: Presence) -> None:
    """Then nobody is there, and that is told once."""
    presence.routers(there=False, now=10.0)
    presence.token(NORTH, None, there=False, now=10.0)
    presence.token(NORTH, "hum", there=False, now=10.0)
    presence.routers(there=False, now=15.0)
    assert presence.due(10.0 + AWAY_S - 0.01) == []
    assert presence.deadline() == 10.0 + AWAY_S
    assert [change.sender for change in presence.due(10.0 + AWAY_S)] == ["hum", None]
    assert presence.due(1000.0) == []


def test_another_gateway_is_not_held_up(presence: Presence) -> None:
    """Each has its own time."""
    presence.token(SOUTH, None, there=True, now=1.0)
    presence.token(NORTH, None, there=False, now=10.0)
    presence.token(SOUTH, None, there=False, now=12.0)
    assert presence.deadline() == 10.0 + GATEWAY_S
    assert presence.due(10.0 + GATEWAY_S) == [Change(NORTH, None, there=False)]
    assert presence.deadline() == 12.0 + GATEWAY_S
    assert presence.due(12.0 + GATEWAY_S) == [Change(SOUTH, None, there=False)]


def test_a_token_that_goes_before_it_came() -> None:
    """Nobody was told of it."""
    presence = Presence()
    presence.token(NORTH, "temp", there=False, now=0.0)
    assert presence.due(100.0) == []
    assert presence.deadline() == math.inf


def test_who_is_heard_after_a_token_that_never_came() -> None:
    """Is away from then on, and forgotten in its time."""
    presence = Presence()
    presence.routers(there=True, now=0.0)
    presence.token(NORTH, None, there=False, now=1.0)
    presence.heard(NORTH, 1.5)
    assert presence.due(100.0) == []
    assert presence.long_away(1.5 + FORGET_S) == [NORTH]


def test_nothing_is_kept_of_who_is_gone(presence: Presence) -> None:
    """But since when, for weeks; of who never came not even that."""
    presence.token(NORTH, "temp", there=False, now=10.0)
    presence.token(SOUTH, "temp", there=False, now=10.0)
    presence.due(10.0 + SENDER_S)
    assert list(vars(presence)["_ones"]) == [NORTH]
    for sender in (None, "hum"):
        presence.token(NORTH, sender, there=False, now=20.0)
    presence.due(20.0 + GATEWAY_S)
    assert vars(presence)["_ones"] == {}
    assert presence.deadline() == 20.0 + GATEWAY_S + FORGET_S
    assert presence.long_away(20.0 + GATEWAY_S + FORGET_S) == [NORTH]
    presence.forget(NORTH)
    assert presence.deadline() == math.inf
    assert presence.token(NORTH, None, there=True, now=30.0)


def test_who_is_not_away(presence: Presence) -> None:
    """One that is back, that was heard in that time, or while we have no router."""
    for sender in (None, "hum", "temp"):
        presence.token(NORTH, sender, there=False, now=0.0)
    presence.due(GATEWAY_S)
    presence.heard(SOUTH, 1.0)
    presence.heard(SOUTH, 100.0)
    assert presence.long_away(FORGET_S + 50.0) == [NORTH]
    presence.token(NORTH, "temp", there=True, now=60.0)
    presence.heard(NORTH, 61.0)
    assert presence.long_away(2 * FORGET_S) == [SOUTH]
    presence.routers(there=False, now=200.0)
    assert presence.long_away(2 * FORGET_S) == []


def test_more_senders_than_are_seen(presence: Presence, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one gateway; of those that go others can come in the place."""
    monkeypatch.setattr(module, "MOST_SENDERS", 2)
    presence.token(SOUTH, None, there=True, now=0.0)
    assert [presence.token(SOUTH, name, there=True, now=0.0) for name in "abc"] == [True, True, False]
    assert [presence.is_seen(SOUTH, name) for name in "abc"] == [True, True, False]
    assert presence.senders(SOUTH) == ["a", "b"]
    presence.token(SOUTH, "c", there=False, now=1.0)
    presence.token(SOUTH, "a", there=False, now=1.0)
    presence.due(1.0 + SENDER_S)
    assert presence.token(SOUTH, "c", there=True, now=3.0)
