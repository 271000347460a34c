"""A real Mosquitto with a packet limit: what fits flows, what does not is left out, and told once."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.mqtt import gate
from gateway.mqtt.broker import back_off
from gateway.mqtt.broker.versions import V5, V311
from gateway.mqtt.home_assistant import announcer
from gateway.mqtt.home_assistant.components import SensorFacts, Threshold
from gateway.mqtt.home_assistant.discovery import Announcement, Discovery
from gateway.mqtt.topics import Topics
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

SMALLEST, LARGEST, STEPS = 200, 8000, 12
LIMITS = [round(SMALLEST * math.pow(LARGEST / SMALLEST, step / (STEPS - 1))) for step in range(STEPS)]
PICTURE = "x" * 5000
COLD = (Threshold("cold", 18.0, 18.5, rising=False), Threshold("hot", 26.0, 25.5, rising=True))
SENSORS = [
    SensorFacts("temp", "temperature", "°C", "board", COLD, 1),
    SensorFacts("humidity", "humidity", "%", "board"),
    SensorFacts("light", "light", "lx", "roof"),
]
TOLD = re.compile(r"a message of (\d+) bytes on (\S+) is (.*)")


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-offs in milliseconds."""
    monkeypatch.setattr(back_off, "FIRST_S", 0.01)
    monkeypatch.setattr(gate, "LONGER_S", 0.01)
    monkeypatch.setattr(announcer, "SETTLE_S", 0.05)


def announcements() -> list[Announcement]:
    """Of three sensors, both kinds: a message for each device, and one for each entity."""
    discovery = Discovery("test", Topics("test"), "homeassistant", "0.1.0")
    return [
        *discovery.devices(SENSORS, ["board", "roof"], {}),
        *discovery.entities(SENSORS, ["board", "roof"], {}),
    ]


def wanted() -> set[str]:
    """The topics on which there should be something."""
    topics = {"status", "diagnostics", "camera/event/snapshot"}
    for name in ("temp", "humidity", "light"):
        topics |= {f"{name}/{kind}" for kind in ("state", "availability", "event/changed")}
    return {f"sig/test/{topic}" for topic in topics} | {one.topic for one in announcements()}


@pytest.mark.parametrize("version", [V5, V311], ids=["5", "3.1.1"])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_packet_limit(
    house: Any, tmp_path: Path, logged: Callable[[], list[str]], limit: int, version: int
) -> None:
    """Each topic is heard, or told of in the log, once; and it is the limit that decides."""
    settings = ["allow_anonymous true", f"max_packet_size {limit}"]
    with Mosquitto(tmp_path, settings) as broker, Subscriber(broker.port, "#") as seen:
        sensors = [house.add(name) for name in ("temp", "humidity", "light")]
        camera = house.router.addSender("camera", ["snapshot"], {})
        bridge = house.bridge(
            broker.port,
            versions=(version,),
            loss_s=0.05,
            announcements=announcements,
            sensors=tuple(sensor.getName() for sensor in sensors),
        )

        def told() -> dict[str, int]:
            found = [TOLD.search(line) for line in logged()]
            return {match[2]: int(match[1]) for match in found if match}

        def work() -> bool:
            for sensor in sensors:
                house.trigger(sensor.getName())
            camera.getSignal("snapshot").trigger({"picture": PICTURE})
            missing = wanted() - told().keys() - {message.topic for message in list(seen.messages)}
            return not missing and bridge.status().connected

        until(work, 30.0, what="all is heard or told")
        house.trigger("temp", unit="at last")
        seen.wait_for(lambda m: m.topic == "sig/test/temp/event/changed" and b"at last" in m.payload)
        camera_is_aside = "sig/test/camera/event/snapshot" in bridge.status().aside
        assert camera_is_aside is (limit < len(PICTURE))
        assert bridge.stop()
    lines = [match[2] for line in logged() if (match := TOLD.search(line))]
    assert len(lines) == len(set(lines))
    assert all(size >= limit for size in told().values())
    sizes = [len(m.topic.encode()) + len(m.payload) for m in seen.messages]
    assert max(sizes) <= limit
