"""A bridge in this process, between a router and a real Mosquitto."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.broker.target import Target
from gateway.mqtt.settings import Settings
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto, Subscriber

READING = {"value": 23.5, "unit": "°C", "time": "2026-11-22T06:30:00.123Z", "quality": "good", "seq": 1}


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Threads, processes and descriptors of each test are gone afterwards."""
    with nothing_left():
        yield


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that anybody may use."""
    with Mosquitto(tmp_path) as broker:
        yield broker


class House:
    """A router with the sender `temp`, and bridges that are ended afterwards."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self.router = sig.Router()
        self._stack = stack
        self.seq = 0
        self.bridges: list[Bridge] = []

    def bridge(self, port: int, **more: Any) -> Bridge:
        """A started bridge of the gateway `test`."""
        client_id = more.pop("client_id", "sig-test")
        target = Target(
            **{"host": "127.0.0.1", "port": port, "client_id": client_id, **more.pop("target", {})}
        )
        given = {"gateway": "test", "database": self.folder / "mqtt.db", **more}
        bridge = Bridge(self.router, Settings(target=target, **given))
        bridge.start()
        self.bridges.append(bridge)
        self._stack.callback(bridge.stop)
        return bridge

    def add(self, name: str = "temp", **requests: Callable[[Any], Any]) -> sig.Sender:
        """A sender with the events of a thermometer."""
        handlers: dict[str | None, Callable[..., Any]] = {"read": self.read}
        if requests:
            handlers = dict(requests.items())
        return self.router.addSender(name, ["#changed", "#stale", "cold", "hot"], handlers)

    def read(self, _params: Any = None) -> dict[str, Any]:
        self.seq += 1
        return {**READING, "seq": self.seq}

    def trigger(self, name: str = "temp", event: str = "#changed", **more: Any) -> dict[str, Any]:
        """A new reading, as the event's data; returns it."""
        sender = self.router.getSender(name)
        signal = sender.getSignal(event) if sender else None
        assert signal is not None
        data = self.read() | more
        signal.trigger(data)
        return data


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A router, and whatever the test adds."""
    with contextlib.ExitStack() as stack:
        yield House(tmp_path, stack)


@pytest.fixture
def listen(mosquitto: Mosquitto) -> Iterator[Callable[..., Subscriber]]:
    """Subscribes clients to the broker, until the test's end."""
    with contextlib.ExitStack() as stack:

        def subscribe(*topics: str, **more: Any) -> Subscriber:
            return stack.enter_context(Subscriber(mosquitto.port, *(topics or ("sig/#",)), **more))

        yield subscribe


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the bridge has logged so far, from level INFO on."""
    caplog.set_level(logging.INFO, "gateway")
    return lambda: [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("gateway.mqtt", "gateway.storage"))
    ]


@pytest.fixture
def decoded() -> Callable[[Any], Any]:
    """A message's JSON."""
    return lambda message: json.loads(message.payload)
