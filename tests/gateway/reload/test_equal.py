"""After a reload the gateway is as one that was started with the new config."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import App
from gateway.bridging import Bridging
from gateway.config import load_usable
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.home_assistant.announcer import SETTLE_S
from gateway.mqtt.home_assistant.discovery import encode
from gateway.senders import OWN_NAME
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.random_configs import STEADY, RandomConfigs
from tests.support.waiting import until

STALE_S = 1.06
"""Of the steady sensors, once their board reports as often as the config says."""
VOLATILE = ("/raw", "/boot")


def is_settled(app: App) -> bool:
    """Whether all are connected that are to be, and nothing is unknown yet."""
    known = all(part["status"] != "unknown" for part in app.health()["parts"].values())
    told = all(app.sensors[name].status().stale_after == STALE_S for name in STEADY)
    return known and told and all(sensor.status().last is not None for sensor in app.sensors.values())


def as_it_is(app: App) -> dict[str, Any]:
    """All that is to be seen of it from outside, and does not change by itself."""
    senders = {
        sender.getName(): (sender.isConnected(), sender.getEvents(), sender.getRequests())
        for sender in app.router.listSenders()
    }
    infos = {name: sensor.info() for name, sensor in app.sensors.items()}
    gateway = app.router.request(OWN_NAME, "info")
    settings = [each._settings for each in bridges(app)]
    return {
        "senders": senders,
        "infos": infos,
        "links": {
            name: (link["state"], link["port"], [device["channels"] for device in link["devices"]])
            for name, link in gateway["links"].items()
        },
        "parts": {name: sorted(part.get("sensors", {})) for name, part in app.health()["parts"].items()},
        "names": sorted(app.names.all_names()),
        "services": [service.name for service in app.services()],
        "threads": sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("link-")),
        "announced": [[(one.topic, one.payload) for one in each.announcements()] for each in settings],
        "mqtt": [
            (each.target, each.bounds, each.loss_s, sorted(each.sensors), each.birth_topic)
            for each in settings
        ],
        "router": app.config.router.listen,
        "left out": [out.name for out in app.config.left_out],
    }


def retained(broker: Mosquitto) -> dict[str, bytes]:
    """What stands at the broker: topics, with their payloads."""
    with Subscriber(broker.port, "#", "sentinel/+") as seen:
        seen.client.publish("sentinel/x", b"x", qos=1)
        seen.on("sentinel/x")
        return {each.topic: bytes(each.payload) for each in seen.messages if each.retain}


def lasting(topic: str, payload: bytes) -> Any:
    """A payload without readings, and without what is known of boards: of one that has no sensors nobody
    hears when it comes."""
    if topic.endswith(("/state", "/diagnostics")):
        return None
    if not topic.startswith("homeassistant/"):
        return payload
    return {key: value for key, value in json.loads(payload).items() if key != "dev"}


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Where the two are not the same, but for what is another at each start."""
    if at.endswith(VOLATILE):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), f"{at}/{key}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{at}/{index}")
    elif one != other:
        yield f"{at}: {one!r:.200} | {other!r:.200}"


def bridges(app: App) -> list[Bridge]:
    """Those to MQTT, of which there is one, or none."""
    services = [service for service in app.services() if isinstance(service, Bridging)]
    return [each._bridge for each in services if each._bridge is not None]


class Said:
    """What stands at the broker, asked again and again until it is what is to be announced and there is a
    state of each sensor and of no other; and nothing new has been said for longer than an announcement waits
    between two of its steps."""

    def __init__(self, app: App, broker: Mosquitto) -> None:
        self._app, self._broker = app, broker
        self._since = 0.0
        self._all: dict[str, bytes] = {}
        self.missing = ""

    @property
    def all(self) -> dict[str, Any]:
        """What will stay so: of all topics."""
        return {topic: lasting(topic, payload) for topic, payload in self._all.items()}

    def stands(self) -> bool:
        before, self._all = self.all, retained(self._broker)
        now = time.monotonic()
        if self.all != before:
            self._since = now
        self.missing = ", ".join(self._differences())
        return not self.missing and now - self._since > 2 * SETTLE_S

    def _differences(self) -> Iterator[str]:
        announced = [one for each in bridges(self._app) for one in each._settings.announcements()]
        wanted = {one.topic: lasting(one.topic, encode(one.payload)) for one in announced}
        there = {topic: said for topic, said in self.all.items() if topic.startswith("homeassistant/")}
        yield from differences(there, wanted)
        states = {topic for topic in self._all if topic.endswith("/state")}
        yield from states ^ {f"sig/test/{name}/state" for name in self._app.sensors}


def run(app: App, broker: Mosquitto, act: Callable[[], object] = lambda: None) -> tuple[Any, Any]:
    """What there is of a gateway when all of it has settled; it is stopped."""
    app.start()
    try:
        until(lambda: is_settled(app), what="all is there")
        act()
        until(lambda: is_settled(app), what="all is there after it")
        said = Said(app, broker)
        try:
            until(said.stands)
        except AssertionError as error:
            raise AssertionError(f"at the broker, and wanted: {said.missing}") from error
        # Not before: a reload is answered when the bridge has been told of it, which is then its own affair.
        return as_it_is(app), said.all
    finally:
        app.stop()  # in time or not: this machine may have a lot else to do


@pytest.mark.skipif(bool(Mosquitto.missing()), reason=Mosquitto.missing())
@pytest.mark.parametrize(
    ("seed", "steps"),
    [(11, 6), *(pytest.param(seed, 6, marks=pytest.mark.slow) for seed in range(20, 41))],
)
def test_as_one_that_was_started_so(tmp_path: Path, seed: int, steps: int) -> None:
    """Senders, channels, links, health, discovery, what stands at the broker."""
    with Mosquitto(tmp_path) as broker, nothing_left():
        configs = RandomConfigs(tmp_path, seed, broker.port, (free_port(), free_port()), intervals=False)
        for _ in range(steps):
            configs.change()
        first = App(load_usable(configs.path))

        def reload() -> None:
            for _ in range(steps):
                configs.change()
            print(configs.path.read_text())
            first.router.request(OWN_NAME, "reload")

        reloaded = run(first, broker, reload)
        started = run(App(load_usable(configs.path)), broker)
        for one, other in zip(reloaded, started, strict=True):
            assert one.keys() == other.keys()
            assert list(differences(one, other)) == []
