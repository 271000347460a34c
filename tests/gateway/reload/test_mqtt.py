"""What the broker sees of a reload: a board on a real pty, a real Mosquitto."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.reload.test_exchange import SENSORS, Running
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(bool(Mosquitto.missing()), reason=Mosquitto.missing())

PATIENT = "sensors:\n  temp: {driver: temperature, link: board, stale_after: 1h}\n"
"""On a machine that has much to do the board is silent for seconds, which would be told."""
ATTIC = "  attic: {driver: humidity, link: board, channel: hum}\n"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with nothing_left(), Mosquitto(tmp_path) as made:
        yield made


def mqtt(broker: Mosquitto, more: str = "") -> str:
    """The section."""
    return f"mqtt: {{url: 'mqtt://127.0.0.1:{broker.port}', home_assistant: true{more}}}\n"


def standing(broker: Mosquitto) -> dict[str, bytes]:
    """What is retained."""
    with Subscriber(broker.port, "sig/#", "homeassistant/#", "sentinel") as seen:
        seen.client.publish("sentinel", b"x", qos=1)
        seen.on("sentinel")
        return {message.topic: bytes(message.payload) for message in seen.messages if message.retain}


def of(broker: Mosquitto, name: str) -> list[str]:
    """Topics and components of a sensor."""
    kept = standing(broker)
    components = [
        key
        for topic, payload in kept.items()
        if topic.startswith("homeassistant/")
        for key in json.loads(payload)["cmps"]
        if key.endswith(f"_{name}")
    ]
    return sorted([topic for topic in kept if f"/{name}/" in topic] + components)


ALL_OF_ATTIC = ["sig/gateway/attic/availability", "sig/gateway/attic/state", "sig_gateway_sensor_attic"]


def test_sensors_without_a_new_connection(broker: Mosquitto, tmp_path: Path) -> None:
    """One that comes is announced, of one that goes nothing is left, again and again; the gateway was never
    offline, nor was the other one."""
    with Running(tmp_path, PATIENT + mqtt(broker)) as running:
        running.up()
        until(lambda: "sig/gateway/temp/state" in standing(broker))
        with Subscriber(broker.port, "sig/gateway/status", "sig/gateway/temp/availability") as seen:
            for _ in range(2):
                assert running.reload(PATIENT + ATTIC + mqtt(broker)) == {"sensors.attic": "added"}
                running.up("attic")
                until(lambda: of(broker, "attic") == ALL_OF_ATTIC, what=str(standing(broker)))
                until(lambda: standing(broker)["sig/gateway/attic/availability"] == b"online")
                assert running.reload(PATIENT + mqtt(broker)) == {"sensors.attic": "removed"}
                until(lambda: of(broker, "attic") == [], what=str(standing(broker)))
            assert {message.payload for message in seen.messages} == {b"online"}


def test_a_threshold_is_another_entity(broker: Mosquitto, tmp_path: Path) -> None:
    """At once; another unit too, with the value in it."""
    with Running(tmp_path, SENSORS + mqtt(broker)) as running:
        running.up()
        until(lambda: "sig/gateway/temp/state" in standing(broker))
        warm = SENSORS.replace("link: board", "link: board, hot: 1, show: F")
        assert running.reload(warm + mqtt(broker)) == {"sensors.temp": "changed in place"}
        device = "homeassistant/device/sig_gateway_board/config"
        until(lambda: "sig_gateway_sensor_temp_hot" in str(standing(broker)[device]))
        until(lambda: json.loads(standing(broker)["sig/gateway/temp/state"])["unit"] == "°F")
        assert "°F" in standing(broker)[device].decode()


def test_another_broker(broker: Mosquitto, tmp_path: Path) -> None:
    """It has all that there is at once, though no value changes; the one before sees us go."""
    (tmp_path / "second").mkdir()
    with Mosquitto(tmp_path / "second") as second:
        still = SENSORS.replace("link: board", "link: board, delta: 100")
        with Running(tmp_path, still + mqtt(broker)) as running:
            running.up()
            until(lambda: "sig/gateway/temp/state" in standing(broker))
            assert running.reload(still + mqtt(second)) == {"mqtt": "restarted"}
            until(lambda: "sig/gateway/temp/state" in standing(second))
            assert standing(second)["sig/gateway/temp/availability"] == b"online"
            until(lambda: standing(broker)["sig/gateway/status"] == b"offline")
            assert running.reload(still) == {"mqtt": "removed"}
            until(lambda: standing(second)["sig/gateway/status"] == b"offline")
            assert not [service for service in running.app.services() if service.name == "mqtt"]


def test_what_waits_stays(broker: Mosquitto, tmp_path: Path) -> None:
    """Events of while the broker was away come with the next section that knows where it is."""
    away = "mqtt: {url: 'mqtt://127.0.0.1:1'}\n"
    with Running(tmp_path, SENSORS + away) as running:
        running.up()
        until(lambda: running.app.health()["parts"]["mqtt"]["waiting"] >= 2)
        with Subscriber(broker.port, "sig/gateway/temp/event/+") as seen:
            assert running.reload(SENSORS + mqtt(broker)) == {"mqtt": "restarted"}
            seen.on("sig/gateway/temp/event/connect")
            seen.on("sig/gateway/temp/event/changed")
