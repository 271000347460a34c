"""What the log is told of refusals, on a clock of the test's own."""

import logging
from collections.abc import Callable

import pytest

from gateway.mqtt.broker.complaints import LONGEST_S, MENDED_S, Refusals
from tests.support.fake_clock import FakeClock

Logged = Callable[[], list[str]]
STATE = "sig/test/temp/state"
DENIED = "Not authorized"
DAY_S = 86400.0


@pytest.fixture
def clock() -> FakeClock:
    """Goes when told to."""
    return FakeClock()


@pytest.fixture
def refusals(clock: FakeClock) -> Refusals:
    """As the delivery has them."""
    return Refusals(logging.getLogger("gateway.mqtt.test"), 3, clock.monotonic)


def refuse(refusals: Refusals, topic: str = STATE, why: str = DENIED, size: int = 100) -> None:
    refusals.refused("messages", topic, why, topic, size)


def test_each_kind_and_reason_once(refusals: Refusals, clock: FakeClock, logged: Logged) -> None:
    """Whatever the topic, for however long; and so many different ones at most."""
    assert not refusals
    for number in range(1000):
        clock.advance(60.0)
        refuse(refusals, f"t/{number}")
    assert logged() == ["mqtt: the broker refuses messages such as t/0: Not authorized"]
    assert refusals
    for why in ("Quota exceeded", "Packet too large", "Topic name invalid", "Unspecified error"):
        refuse(refusals, why=why)
    assert len(logged()) == 3


def test_mended_and_back(refusals: Refusals, clock: FakeClock, logged: Logged) -> None:
    """Once the broker has taken what it refused, a refusal is news, such as of another topic."""
    refuse(refusals)
    refusals.taken(STATE, 95)
    clock.advance(MENDED_S)
    refuse(refusals, "other")
    refuse(refusals)
    assert logged() == [
        "mqtt: the broker refuses messages such as sig/test/temp/state: Not authorized",
        "mqtt: the broker refuses messages such as other: Not authorized",
    ]


def test_mended_for_a_moment(refusals: Refusals, clock: FakeClock, logged: Logged) -> None:
    """Is not mended: what was taken before the last refusal does not count."""
    refuse(refusals)
    refusals.taken(STATE, 100)
    clock.advance(1.0)
    for _ in range(3):
        refuse(refusals)
        clock.advance(2 * LONGEST_S)
    assert len(logged()) == 1


@pytest.mark.parametrize(("topic", "size"), [("other", 5000), (STATE, 200)], ids=["topic", "size"])
def test_what_proves_nothing(
    refusals: Refusals, clock: FakeClock, logged: Logged, topic: str, size: int
) -> None:
    """That it takes another topic's messages, or small ones where a large one was too large."""
    for _ in range(100):
        refuse(refusals, why="larger than it takes", size=5000)
        refusals.taken(topic, size)
        clock.advance(2 * LONGEST_S)
    assert len(logged()) == 1


def test_refused_and_taken_in_turn(refusals: Refusals, clock: FakeClock, logged: Logged) -> None:
    """By a quota, say, every second: it was never mended. Every minute: more and more rarely a line."""
    for _ in range(3600):
        refuse(refusals)
        clock.advance(0.5)
        refusals.taken(STATE, 100)
        clock.advance(0.5)
    assert len(logged()) == 1
    for _ in range(int(DAY_S / 60)):
        refusals.taken(STATE, 100)
        clock.advance(60.0)
        refuse(refusals)
    assert 3 <= len(logged()) <= 5
    for _ in range(8):
        refusals.taken(STATE, 100)
        clock.advance(LONGEST_S)
        refuse(refusals)
    before = len(logged())
    refusals.taken(STATE, 100)
    clock.advance(LONGEST_S)
    refuse(refusals)
    assert len(logged()) == before + 1, "after an hour it always is"
