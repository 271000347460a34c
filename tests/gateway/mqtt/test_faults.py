"""Defects of the bridge's own, at each of its steps: it is logged, and the bridge goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.mailbox import Mailbox
from gateway.mqtt import guard as guard_module
from gateway.mqtt import parcels, topics
from gateway.mqtt.broker import back_off
from gateway.mqtt.broker import broker as broker_module
from gateway.mqtt.broker.broker import Broker
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.home_assistant.announcer import Announcer
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.requests import Requests
from gateway.mqtt.retained import Retained
from gateway.mqtt.sleep import Sleep
from gateway.mqtt.states import States
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import DEADLINE_S, until

Listen = Callable[..., Subscriber]


class ForeignError(Exception):
    """What nobody expects: of a library's."""


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rests and back-offs in milliseconds."""
    monkeypatch.setattr(guard_module, "AFTER_FAILURE_S", (0.01, 0.05))
    monkeypatch.setattr(back_off, "FIRST_S", 0.01)
    monkeypatch.setattr(back_off, "ABSENT_S", 0.05)
    monkeypatch.setattr(back_off, "REFUSED_S", 0.05)
    monkeypatch.setattr(broker_module, "TICK_S", 0.05)


class Fails:
    """A method that raises the first times, instead of what it does."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: type, name: str, times: int = 2) -> None:
        self.left = times
        original = getattr(owner, name)

        def method(*given: Any, **more: Any) -> Any:
            if self.left > 0:
                self.left -= 1
                raise ForeignError(f"{name} failed")
            return original(*given, **more)

        patch.setattr(owner, name, method)


ONCE = ("open", "down", "abandon")
"""Of a run, or of a connection."""
STEPS: list[tuple[type, str]] = [
    (Connection, "__init__"),
    (Connection, "open"),
    (Connection, "fileno"),
    (Connection, "pending"),
    (Connection, "blocked"),
    (Connection, "read"),
    (Connection, "tick"),
    (Connection, "publish"),
    (Connection, "subscribe"),
    (Connection, "abandon"),
    (Broker, "run"),
    (Broker, "take"),
    (Mailbox, "events"),
    (Mailbox, "letters"),
    (Mailbox, "losses"),
    (Outbox, "add"),
    (Outbox, "open"),
    (Outbox, "run"),
    (Outbox, "up"),
    (Outbox, "down"),
    (Outbox, "next"),
    (Delivery, "up"),
    (Delivery, "down"),
    (Delivery, "run"),
    (Delivery, "acknowledged"),
    (Delivery, "answer"),
    (Requests, "done"),
    (Requests, "run"),
    (Requests, "take"),
    (Retained, "open"),
    (Retained, "up"),
    (Retained, "down"),
    (Retained, "run"),
    (States, "reading"),
    (States, "online"),
    (Announcer, "announce"),
    (Sleep, "until"),
    (Store, "open"),
    (Store, "write"),
    (Store, "after"),
    (Store, "retained"),
]


@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[f"{owner.__name__}.{name}" for owner, name in STEPS])
def test_the_bridge_goes_on(
    house: Any, mosquitto: Mosquitto, listen: Listen, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    """Whatever step fails, and with whatever exception: afterwards events and answers arrive."""
    fails = Fails(monkeypatch, owner, name, times=1 if name in ONCE else 2)
    seen = listen(client_id="s", session=True)
    house.add()
    bridge = house.bridge(mosquitto.port, loss_s=0.01)

    def work() -> bool:
        house.trigger()
        seen.client.publish("sig/test/temp/request/read", b"", 1)
        return fails.left == 0

    seen.on("sig/test/status", b"online")
    house.trigger()
    mosquitto.stop()
    house.trigger()
    mosquitto.start()
    until(work, what=f"{name} is called twice")
    house.trigger(unit="afterwards")
    seen.wait_for(lambda m: m.topic.endswith("/event/changed") and b"afterwards" in m.payload)
    answers = seen.count("sig/test/temp/response/ping")
    seen.client.publish("sig/test/temp/request/ping", b"", 1)
    seen.on("sig/test/temp/response/ping", count=answers + 1)
    assert bridge.stop(DEADLINE_S)


def test_an_event_that_cannot_be_sent(
    house: Any,
    mosquitto: Mosquitto,
    listen: Listen,
    decoded: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a defect of ours: after some tries it is left out and counted, and those behind it go on."""
    payload_of = topics.event_payload

    def choke(head: str, *rest: Any, **more: Any) -> bytes:
        if "poison" in head:
            raise MemoryError
        return payload_of(head, *rest, **more)

    monkeypatch.setattr(parcels, "event_payload", choke)
    seen = listen()
    house.add()
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    house.trigger(unit="poison")
    last = house.trigger()
    assert decoded(seen.on("sig/test/temp/event/gap"))["reason"] == "an error of the gateway's"
    seen.wait_for(lambda m: m.topic.endswith("/event/changed") and decoded(m)["seq"] == last["seq"])


def test_each_kind_is_logged_once(
    house: Any,
    mosquitto: Mosquitto,
    listen: Listen,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its traceback, however often it comes; and another kind as well."""
    raised = {ForeignError: 0, KeyError: 0}
    run = Delivery.run

    def fail(delivery: Delivery, now: float) -> None:
        for kind, times in raised.items():
            if times < 4:
                raised[kind] += 1
                raise kind("again")
        run(delivery, now)

    monkeypatch.setattr(Delivery, "run", fail)
    seen = listen()
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    until(lambda: set(raised.values()) == {4})
    failures = [record for record in caplog.records if "the bridge failed" in record.getMessage()]
    kinds = [record.exc_info[0] for record in failures if record.exc_info]
    assert kinds == [ForeignError, KeyError]
