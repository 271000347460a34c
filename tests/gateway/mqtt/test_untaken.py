"""What the broker does not take, and what is forgotten of it when."""

import math
from types import SimpleNamespace
from typing import Any

from gateway.mqtt.outbox.event import Event
from gateway.mqtt.parcels import Parcel, of_subscription
from gateway.mqtt.untaken import MAX_TROUBLES, POISON, Untaken
from gateway.mqtt.waiting import Message

GATE: Any = SimpleNamespace(limit=None, largest=0)


def parcel(topic: str, size: int = 100) -> Parcel:
    """Something retained."""
    return Parcel(Message(topic, b""), topic, b"", size, retain=True)


def test_another_broker_may_take_it() -> None:
    """After the broker was away nothing is known; after a break, all but subscriptions, which are tried
    anew."""
    untaken = Untaken(lambda: 0.0)
    was_calm = untaken.calm
    assert untaken.left_out(parcel("a", 501), 500, GATE) == "larger than it takes"
    assert (was_calm, untaken.calm) == (True, False)
    assert untaken.left_out(of_subscription("b"), 500, GATE) == "it ends the connection"
    untaken.refused_message(parcel("c"), "Not authorized")
    untaken.unreadable("d", "Not authorized")
    assert untaken.aside.topics == {
        "a": "larger than it takes (501 bytes)",
        "subscription to b": "it ends the connection",
        "c": "Not authorized",
        "subscription to d": "Not authorized",
    }
    untaken.up(was_away=False)
    assert untaken.aside.topics.keys() == {"a", "c"}
    untaken.taken(parcel("c"))
    assert untaken.aside.topics.keys() == {"a"}
    untaken.up(was_away=True)
    assert not untaken.aside


def test_what_the_gate_has_found_out() -> None:
    """Counts as what the broker says itself."""
    untaken = Untaken(lambda: 0.0)
    gate: Any = SimpleNamespace(limit=300, largest=200)
    assert untaken.left_out(parcel("a", 300), 500, gate) == "larger than it takes"
    assert untaken.left_out(parcel("a", 299), 500, gate) == "it ends the connection"


def test_poison() -> None:
    """An event that costs a third connection; of too many, all are forgotten."""
    untaken = Untaken(lambda: 0.0)
    event = Event(1, "temp", "cold", "{", 0.0, math.inf, "a-1")
    assert [untaken.is_poison(event) for _ in range(POISON)] == [False, False, True]
    for number in range(MAX_TROUBLES):
        untaken.is_poison(Event(1, "temp", "cold", "{", 0.0, 0.0, f"b-{number}"))
    assert not untaken.is_poison(event)
