"""What docs/mqtt.md, docs/home-assistant.md and docs/node-red.md say can be done."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.config import load
from gateway.mqtt.home_assistant.components import SensorFacts, of_gateway
from gateway.mqtt.home_assistant.discovery import Discovery
from gateway.mqtt.settings import Facts
from gateway.mqtt.topics import Topics
from tests.gateway.mqtt.conftest import House
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text() for name in ("mqtt", "home-assistant", "node-red")}


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", PAGES[page], re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@pytest.mark.parametrize("form", ["devices", "entities"])
@pytest.mark.parametrize("version", [(5,), (4,)])
def test_the_rights_are_enough(
    tmp_path: Path, house: House, logged: Callable[[], list[str]], form: str, version: tuple[int]
) -> None:
    """With the access list of the page, all that the gateway does is allowed, and so are requests."""
    (acl,) = blocks("mqtt", "acl")
    path = tmp_path / "acl"
    path.write_text(acl.replace("greenhouse", "test"))
    path.chmod(0o600)
    discovery = Discovery("test", Topics("test"), "homeassistant", "1")
    sensors = [SensorFacts("temp", "temperature", "°C", "board")]
    house.add()
    with Mosquitto(tmp_path, ["allow_anonymous true", f"acl_file {path}"]) as broker:
        bridge = house.bridge(
            broker.port,
            target={"user": "gateway"},
            versions=version,
            sensors=("temp",),
            announcements=lambda: getattr(discovery, form)(sensors, ["board"], {}),
            birth_topic="homeassistant/status",
        )
        topics = ("sig/#", "homeassistant/#")
        with Subscriber(broker.port, *topics, user="homeassistant", password="x") as seen:
            seen.on("sig/test/status", b"online")
            house.trigger()
            seen.on("sig/test/temp/event/changed")
            seen.on("sig/test/temp/state")
            seen.client.publish("sig/test/temp/request/read", b"", 1)
            seen.on("sig/test/temp/response/read")
            with Subscriber(broker.port, user="gateway", password="x") as rival:
                rival.client.publish("sig/test/status", b"offline", 1)
                seen.on("sig/test/status", b"online", count=2)
            until(lambda: not bridge.status().busy)
            wanted = {one.topic for one in getattr(discovery, form)(sensors, ["board"], {})}
            assert wanted <= {message.topic for message in seen.messages}
        assert bridge.stop()
    assert not [line for line in logged() if "refuse" in line]


def test_configs(tmp_path: Path) -> None:
    """Those shown are correct."""
    (tmp_path / "mqtt-password.txt").write_text("hush\n")
    (first,) = blocks("mqtt", "yaml")
    for text in (first, blocks("home-assistant", "yaml")[0]):
        (tmp_path / "config.yaml").write_text(text)
        assert load(tmp_path / "config.yaml").mqtt is not None


def test_generic_sensors(tmp_path: Path) -> None:
    """Home Assistant is told what the page says of them."""
    sensors = blocks("home-assistant", "yaml")[1]
    link = "links: {board: {protocol: text, format: pairs, port: /dev/x}}\n"
    (tmp_path / "config.yaml").write_text(link + sensors)
    facts = Facts().of(load(tmp_path / "config.yaml").sensors)
    (_, board) = Discovery("g", Topics("g"), "homeassistant", "1").devices(facts, ["board"], {})
    parts = {part["name"]: part for part in board.payload["cmps"].values()}
    shown = {
        name: tuple(parts[name].get(key) for key in ("dev_cla", "unit_of_meas", "stat_cla", "sug_dsp_prc"))
        for name in ("air", "co2", "soil", "cell", "tank")
    }
    assert shown == {
        "air": ("pressure", "hPa", "measurement", 1),
        "co2": ("carbon_dioxide", "ppm", "measurement", 0),
        "soil": ("moisture", "%", "measurement", 1),
        "cell": ("battery", "%", "measurement", 1),
        "tank": (None, "cm", "measurement", 1),
    }
    assert parts["cell low"]["dev_cla"] == "battery"
    assert {"co2 high", "soil low"} <= parts.keys()


def test_the_automation() -> None:
    """It is YAML, and listens to an event's topic."""
    automation: dict[str, Any] = yaml.safe_load(blocks("home-assistant", "yaml")[-1])
    assert automation["triggers"][0]["topic"] == Topics("greenhouse").event("temp", "hot")
    assert automation.keys() == {"alias", "triggers", "conditions", "actions"}


def test_entities_are_named() -> None:
    """Each of the gateway's is on the page."""
    for part in of_gateway("greenhouse", Topics("greenhouse")).values():
        assert f"`{part['name']}`" in PAGES["home-assistant"]
