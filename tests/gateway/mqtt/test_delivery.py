"""What goes out, in which share of the window, and what is said of refusals: on a wire of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.mqtt.broker.complaints import MENDED_S
from gateway.mqtt.broker.notes import Acknowledged, Connected
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.requests import Answer
from gateway.mqtt.topics import Topics
from tests.support.fake_clock import FakeClock

Logged = Callable[[], list[str]]
STATE = "sig/test/temp/state"


class Wire:
    """A connection that notes what is sent; nothing is acknowledged unless the test does it."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def blocked(self) -> bool:
        return False

    def size(self, topic: bytes, payload: bytes, _correlation: bytes | None = None) -> int:
        return len(topic) + len(payload) + 7

    def publish(self, topic: str, _payload: bytes, **_more: Any) -> int:
        self.topics.append(topic)
        return len(self.topics)


class Desk:
    """A delivery with an outbox, on a wire."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.wire: Any = Wire()
        self.store = Store(folder / "mqtt.db", Bounds(1000, 1 << 20, 1e9), lambda: "gap")
        self.outbox = Outbox(self.store, loss_s=1.0, rate=100.0, incarnation="x", clock=self.clock.monotonic)
        self.delivery = Delivery(Topics("test"), self.outbox, broken=pytest.fail, clock=self.clock.monotonic)

    def up(self, window: int) -> None:
        self.delivery.up(self.wire, Connected(window, 2000))

    def acknowledge(self, problem: str | None = None) -> None:
        """What was sent last."""
        self.delivery.acknowledged(Acknowledged(len(self.wire.topics), problem))

    def event(self, text: str = "") -> None:
        self.outbox.add("temp", "cold", f'{{"n":"{text}"', 0.0, self.clock.monotonic())
        self.delivery.run(self.clock.monotonic())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Not connected yet."""
    made = Desk(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize(("window", "half"), [(40, 20), (21, 10), (2, 1), (1, 1)])
def test_what_is_no_event_has_half_of_the_window(desk: Desk, window: int, half: int) -> None:
    """However much of it there is: so there is always room for events, and they take what they need."""
    desk.up(window)
    for number in range(100):
        desk.delivery.answer(Answer(f"answers/{number}", b"{}", None, None))
        desk.delivery.retain(f"retained/{number}", b"x")
    assert len(desk.wire.topics) == half
    assert not desk.delivery.full or window == 1
    for _ in range(100):
        desk.event()
    assert len(desk.wire.topics) == window
    assert desk.wire.topics[half:] == ["sig/test/temp/event/cold"] * (window - half)
    desk.delivery.acknowledged(Acknowledged(1, None))
    assert len(desk.wire.topics) == window
    desk.delivery.run(desk.clock.monotonic())
    assert len(desk.wire.topics) == window + 1


def test_what_waits_on_a_topic(desk: Desk) -> None:
    """Ready to go, in flight, and again behind that; not before, not afterwards."""
    desk.up(2)
    assert not desk.delivery.waits(STATE)
    desk.delivery.retain("other", b"x")
    desk.delivery.retain(STATE, b"1")
    assert desk.wire.topics == ["other"], "ready to go"
    assert desk.delivery.waits(STATE)
    desk.acknowledge()
    desk.delivery.run(desk.clock.monotonic())
    assert desk.wire.topics[-1] == STATE
    assert desk.delivery.waits(STATE)
    desk.acknowledge()
    assert not desk.delivery.waits(STATE)


@pytest.mark.parametrize("kind", ["messages", "events"])
def test_a_refusal_that_comes_again(desk: Desk, logged: Logged, kind: str) -> None:
    """Is told again once the broker has taken in between what it had refused."""
    desk.up(20)

    def said() -> int:
        return sum(f"refuses {kind}" in line for line in logged())

    def send(problem: str | None) -> None:
        if kind == "events":
            desk.event()
        else:
            desk.delivery.retain(STATE, b"x")
        desk.acknowledge(problem)
        desk.clock.advance(MENDED_S)

    send("Not authorized")
    send("Not authorized")
    assert said() == 1
    send(None)
    send("Not authorized")
    assert said() == 2


def test_what_is_too_large_is_told_once(desk: Desk, logged: Logged) -> None:
    """Though smaller ones of the same sender are taken in between."""
    desk.up(20)
    for _ in range(20):
        desk.event("x" * 3000)
        desk.event()
        desk.acknowledge()
        desk.delivery.retain(STATE, b"x" * 3000)
        desk.delivery.retain(STATE, b"x")
        desk.acknowledge()
        desk.clock.advance(600.0)
    assert len([line for line in logged() if "the broker takes 2000 at most" in line]) == 2
