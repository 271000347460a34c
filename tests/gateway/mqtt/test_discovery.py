"""Home Assistant's messages: what it demands, and what is removed from it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load
from gateway.mqtt import announcer
from gateway.mqtt.discovery import Announcement, BoardFacts, Discovery, SensorFacts, Threshold, object_id
from gateway.mqtt.settings import from_config
from gateway.mqtt.topics import Topics
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

SENSORS = [
    SensorFacts("temp", "temperature", "board", (Threshold("cold", 18, 18.5, rising=False),), 1),
    SensorFacts("Büro a/b+c", "humidity", "board", (Threshold("wet", 60, 58, rising=True),)),
    SensorFacts("Büro a/b c", "light", "roof"),
]
BOARDS = {"board": BoardFacts("esp32", "24A16057F685", "1.0")}
ID = re.compile(r"[a-zA-Z0-9_-]+")


def discovery(gateway: str = "greenhouse") -> Discovery:
    return Discovery(gateway, Topics(gateway), "homeassistant", "0.1.0")


def announced() -> dict[str, Announcement]:
    return {a.topic: a for a in discovery().devices(SENSORS, ["board", "roof"], BOARDS)}


def components() -> dict[str, dict[str, Any]]:
    return {key: part for a in announced().values() for key, part in a.payload["cmps"].items()}


def test_devices() -> None:
    """One for the gateway, one for each board, with what the board has said of itself."""
    assert list(announced()) == [
        "homeassistant/device/sig_greenhouse/config",
        "homeassistant/device/sig_greenhouse_board/config",
        "homeassistant/device/sig_greenhouse_roof/config",
    ]
    board = announced()["homeassistant/device/sig_greenhouse_board/config"].payload
    assert board["dev"]["sn"] == "24A16057F685"
    assert board["dev"]["via_device"] == "sig_greenhouse"
    assert board["o"]["name"] == "sig-gateway"
    assert board.keys() == {"dev", "o", "cmps"}, "the root is strict, and what is there is inherited"


def test_what_every_component_needs() -> None:
    """A platform, an id of its own, a topic; availability with `all`; no option that makes it invalid."""
    parts = components()
    assert len({part["uniq_id"] for part in parts.values()}) == len(parts)
    for key, part in parts.items():
        assert ID.fullmatch(key)
        assert ID.fullmatch(part["uniq_id"])
        assert part["p"] in ("sensor", "binary_sensor")
        assert part["stat_t"]
        assert re.fullmatch(r"(binary_)?sensor\.[a-z0-9_]+", part["def_ent_id"])
        assert "exp_aft" not in part
        assert "obj_id" not in part
        if len(part.get("avty", [])) > 1:
            assert part["avty_mode"] == "all"
        if part["p"] == "binary_sensor" or part["stat_t"].endswith("diagnostics"):
            assert part["ent_cat"] == "diagnostic"


def test_a_sensor() -> None:
    """Class, unit and topics of a temperature."""
    part = next(part for part in components().values() if part["name"] == "temp")
    assert part["def_ent_id"] == "sensor.greenhouse_temp"
    assert (part["dev_cla"], part["unit_of_meas"], part["stat_cla"]) == ("temperature", "°C", "measurement")
    assert part["stat_t"] == "sig/greenhouse/temp/state"
    assert part["avty"] == [{"t": "sig/greenhouse/status"}, {"t": "sig/greenhouse/temp/availability"}]


def test_what_reports_an_outage_does_not_depend_on_it() -> None:
    """The gateway's connection on nothing, a board's link and staleness on the gateway only."""
    parts = components()
    assert "avty" not in parts["connection"]
    for part in parts.values():
        if part["name"].endswith(("stale", "Link")):
            assert part["avty"] == [{"t": "sig/greenhouse/status"}]


def test_ids_of_odd_names() -> None:
    """Letters, digits, `_`, `-`; the same each time; other names, other ids."""
    names = ["temp", "Büro a/b+c", "Büro a/b c", "a_b", "a.b", "a-b", "", "x" * 300]
    ids = [object_id("sig", name) for name in names]
    assert len(set(ids)) == len(names)
    assert all(ID.fullmatch(one) for one in ids)
    assert ids == [object_id("sig", name) for name in names]
    assert object_id("a", "b_c") != object_id("a_b", "c")


def test_entities_for_older_versions() -> None:
    """A message for each, with the device in it, and nothing of the device form."""
    found = discovery().entities(SENSORS, ["board", "roof"], BOARDS)
    assert len(found) == len(components())
    for entity in found:
        assert re.fullmatch(r"homeassistant/(binary_)?sensor/[\w-]+/[\w-]+/config", entity.topic)
        assert entity.payload["dev"]["ids"]
        assert not entity.payload.keys() & {"p", "cmps"}


def test_facts_from_the_config(tmp_path: Path) -> None:
    """Thresholds with their hysteresis, and digits from the deadband."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "gateway: {name: g}\nlinks: {b: {port: 'sim:'}}\nsensors:\n"
        "  t: {driver: temperature, link: b, hot: 26, hysteresis: 0.5, delta: 0.05}\n"
        "  l: {driver: light, link: b, dark: 10, hysteresis: 10%}\n"
        "mqtt: {url: 'mqtt://u:p%40w@h', home_assistant: true, discovery: entity}\n"
    )
    settings = from_config(load(path), {}, "1.2.3")
    assert (settings.target.user, settings.target.password, settings.target.port) == ("u", "p@w", 1883)
    found = {a.payload["name"]: a.payload for a in settings.announcements()}
    assert found["t"]["sug_dsp_prc"] == 2
    assert "value_json.value >= 26" in found["t hot"]["val_tpl"]
    assert "value_json.value <= 25.5" in found["t hot"]["val_tpl"]
    assert "value_json.value >= 11" in found["l dark"]["val_tpl"]
    assert found["t hot"]["dev_cla"] == "heat"


@pytest.fixture
def assistant(listen: Callable[..., Subscriber]) -> Subscriber:
    """Who listens to what Home Assistant listens to."""
    return listen("homeassistant/#", "sig/#")


class Facts:
    """What a config says, to be changed by a test."""

    def __init__(self) -> None:
        self.sensors = SENSORS
        self.form = "devices"

    def announcements(self) -> list[Announcement]:
        made: list[Announcement] = getattr(discovery("test"), self.form)(
            self.sensors, ["board", "roof"], BOARDS
        )
        return made

    def settings(self) -> dict[str, Any]:
        return {
            "announcements": self.announcements,
            "birth_topic": "homeassistant/status",
            "sensors": tuple(sensor.name for sensor in self.sensors),
        }


def retained(mosquitto: Mosquitto) -> dict[str, Any]:
    """What a new subscriber is told."""
    with Subscriber(mosquitto.port, "#") as new:
        new.client.publish("end", "x", 1)
        new.on("end")
        return {m.topic: m.payload for m in new.messages if m.retain}


def test_removed_while_the_gateway_was_off(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """A component is removed from its device, the states of its sensor are cleared, other things stay."""
    facts = Facts()
    first = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online")
    assert first.stop()
    facts.sensors = [replace(SENSORS[0], thresholds=()), SENSORS[2]]
    second = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online", count=2)
    topic = "homeassistant/device/sig_test_board/config"
    removal = json.loads(assistant.payloads(topic)[-2])
    gone = {key for key, part in removal["cmps"].items() if part.keys() == {"p"}}
    assert len(gone) == 4
    assert not gone & json.loads(assistant.payloads(topic)[-1])["cmps"].keys()
    there = retained(mosquitto)
    assert "sig/test/Büro a%2Fb%2Bc/availability" not in there
    assert "sig/test/temp/availability" in there
    assert second.stop()
    third = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online", count=3)
    assert json.loads(assistant.payloads(topic)[-1]) == json.loads(there[topic])
    assert third.stop()


def test_another_form_and_none(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """A change of the form, or no Home Assistant any more, leaves nothing of the old one."""
    facts = Facts()
    house.bridge(mosquitto.port, **facts.settings()).stop()
    facts.form = "entities"
    bridge = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online")
    until(lambda: not bridge._publisher.busy)
    assert bridge.stop()
    topics = [topic for topic in retained(mosquitto) if topic.startswith("homeassistant/")]
    assert topics
    assert not any(topic.startswith("homeassistant/device/") for topic in topics)
    bridge = house.bridge(mosquitto.port)
    assistant.on("sig/test/status", b"online", count=2)
    until(lambda: not bridge._publisher.busy)
    assert bridge.stop()
    assert not [topic for topic in retained(mosquitto) if topic.startswith("homeassistant/")]


def test_home_assistant_starts(
    house: Any, mosquitto: Mosquitto, assistant: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On its birth everything is said again, after a moment."""
    monkeypatch.setattr(announcer, "BIRTH_DELAY_S", (0.05, 0.1))
    facts = Facts()
    house.add()
    house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online")
    house.trigger()
    assistant.on("sig/test/temp/state")
    assistant.client.publish("homeassistant/status", "online", 1)
    for topic in ("homeassistant/device/sig_test/config", "sig/test/temp/state", "sig/test/status"):
        assistant.on(topic, count=2)


def test_own_senders_of_earlier(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """A user's sender that is gone since the last run is offline, not forever online."""
    sender = house.add("mine")
    first = house.bridge(mosquitto.port)
    assistant.on("sig/test/mine/availability", b"online")
    until(lambda: not first._publisher.busy)
    first._router.removeListener(first._mailbox.note)
    sender.remove()
    first.stop()
    house.bridge(mosquitto.port)
    assistant.on("sig/test/mine/availability", b"offline")
