"""Home Assistant's messages: what it demands, and what its templates say."""

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load
from gateway.config.models import SensorSection
from gateway.mqtt.home_assistant.components import SensorFacts, Threshold, object_id, of_link
from gateway.mqtt.home_assistant.discovery import Announcement, BoardFacts, Discovery
from gateway.mqtt.settings import from_config
from gateway.mqtt.topics import Topics
from tests.support.plugin import installed

SENSORS = [
    SensorFacts("temp", "temperature", "°C", "board", (Threshold("cold", 18.0, 18.5, rising=False),), 1),
    SensorFacts("Büro a/b+c", "humidity", "%", "board", (Threshold("wet", 60.0, 58.0, rising=True),)),
    SensorFacts("Büro a/b c", "light", "lx", "roof"),
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
        assert re.fullmatch(rf"{part['p']}\.greenhouse [^.]+", part["def_ent_id"])
        assert "exp_aft" not in part
        assert "obj_id" not in part
        if len(part.get("avty", [])) > 1:
            assert part["avty_mode"] == "all"
        assert None not in part.values()


def test_a_sensor() -> None:
    """Class, unit and topics of a temperature."""
    part = next(part for part in components().values() if part["name"] == "temp")
    assert part["def_ent_id"] == "sensor.greenhouse temp"
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
    assert "value_json.value >= 26.0 " in found["t hot"]["val_tpl"]
    assert "value_json.value <= 25.5 " in found["t hot"]["val_tpl"]
    assert "value_json.value >= 11.0 " in found["l dark"]["val_tpl"]
    assert found["t hot"]["dev_cla"] == "heat"


def test_what_links_find(tmp_path: Path) -> None:
    """Is announced like what the config has, as soon as it is found; another kind is another entity."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "gateway: {name: g}\nlinks: {b: {port: 'sim:'}}\nsensors: {t: {driver: temperature, link: b}}\n"
        "mqtt: {url: 'mqtt://h', home_assistant: true, discovery: entity}\n"
    )
    found: dict[str, SensorSection] = {}
    settings = from_config(load(path), {}, "1", lambda: found)

    def classes() -> dict[str, str]:
        announced = [a.payload for a in settings.announcements()]
        return {a["name"]: a["dev_cla"] for a in announced if "stat_cla" in a and "b" in a["dev"]["name"]}

    assert (classes(), set(settings.discovered())) == ({"t": "temperature"}, set())
    found["b-1-0"] = SensorSection(driver="humidity", link="b", channel="1/0")
    assert classes() == {"t": "temperature", "b-1-0": "humidity"}
    found["b-1-0"] = SensorSection(driver="light", link="b", channel="1/0")
    assert classes() == {"t": "temperature", "b-1-0": "illuminance"}
    assert set(settings.discovered()) == {"b-1-0"}


PRESSURE = """
from drivers import TemperatureSensor

class PressureSensor(TemperatureSensor):
    kind = "pressure"
    unit = "hPa"
    low_event = "low"
    high_event = "high"
"""


def test_a_kind_of_the_users_own(tmp_path: Path) -> None:
    """It is announced with its unit, and without a class that would be wrong."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "gateway: {name: g}\nlinks: {b: {port: 'sim:'}}\n"
        "sensors: {air: {driver: pressure, link: b, low: 980.00001}}\n"
        "mqtt: {url: 'mqtt://h', home_assistant: true, discovery: entity}\n"
    )
    entries = {"sig_gateway.drivers": "pressure = pressure_of_ours:PressureSensor"}
    with installed(tmp_path, "pressure_of_ours", PRESSURE, entries):
        settings = from_config(load(path), {}, "1")
    found = {a.payload["name"]: a.payload for a in settings.announcements()}
    assert found["air"]["unit_of_meas"] == "hPa"
    assert found["air"]["sug_dsp_prc"] == 1
    assert "dev_cla" not in found["air"]
    assert "value_json.value <= 980.00001 " in found["air low"]["val_tpl"], "not rounded"
    assert "dev_cla" not in found["air low"]


@pytest.mark.parametrize(
    ("name", "device_class", "category"),
    [
        ("temp cold", "cold", None),
        ("temp stale", "problem", "diagnostic"),
        ("Link", "connectivity", "diagnostic"),
        ("night dark", None, None),
        ("night bright", "light", None),
    ],
)
def test_classes(name: str, device_class: str | None, category: str | None) -> None:
    """A threshold is for automations, and darkness is no problem."""
    both = (Threshold("dark", 10.0, 11.0, rising=False), Threshold("bright", 500.0, 450.0, rising=True))
    sensors = [SENSORS[0], SensorFacts("night", "light", "lx", "board", both)]
    part = next(part for part in of_link("g", Topics("g"), "board", sensors).values() if part["name"] == name)
    assert (part.get("dev_cla"), part.get("ent_cat")) == (device_class, category)


def test_statistics_are_of_measurements_only() -> None:
    """Nobody wants the mean of the uptime."""
    found = {part["name"] for part in components().values() if "stat_cla" in part}
    assert found == {"temp", "Büro a/b+c", "Büro a/b c", "Outbox"}


def test_uptime_is_the_time_of_the_start() -> None:
    """Which does not change, so a database has one row of it; the id is that of the seconds of before."""
    part = components()["uptime"]
    assert (part["uniq_id"], part["def_ent_id"]) == ("sig_greenhouse_uptime", "sensor.greenhouse Uptime")
    assert (part["dev_cla"], part["name"], part["p"]) == ("timestamp", "Uptime", "sensor")
    assert (
        part["val_tpl"] == "{% if value_json is defined %}{{ value_json.started | default('') }}{% endif %}"
    )
    assert not part.keys() & {"unit_of_meas", "stat_cla", "sug_dsp_prc"}, "a time has none"


@pytest.mark.parametrize(
    ("keys", "topic"),
    [
        ("home_assistant: true", "homeassistant/status"),
        ("home_assistant: true, discovery_prefix: ha/x", "homeassistant/status"),
        ("home_assistant: true, discovery_prefix: ha/x, birth_topic: ha/y", "ha/y"),
        ("home_assistant: false, birth_topic: ha/y", None),
    ],
)
def test_where_home_assistant_says_that_it_is_there(tmp_path: Path, keys: str, topic: str | None) -> None:
    """On a topic of its own, whatever the prefix; without Home Assistant nobody listens."""
    path = tmp_path / "config.yaml"
    path.write_text(f"gateway: {{name: g}}\nmqtt: {{url: 'mqtt://h', {keys}}}\n")
    assert from_config(load(path), {}, "1").birth_topic == topic


def test_no_two_keys_are_the_same() -> None:
    """A link called `sensor` with a sensor called `link`, and more of the kind."""
    names = ["sensor", "link", "stale", "link_stale", "sensor_link"]
    sensors = [SensorFacts(name, "temperature", "°C", names[0], SENSORS[0].thresholds) for name in names]
    found = discovery("sensor").devices(sensors, names, {})
    unique = [part["uniq_id"] for a in found for part in a.payload["cmps"].values()]
    assert len(set(unique)) == len(unique) == 5 + 5 + 3 * 5


def test_what_a_value_is() -> None:
    """Good ones only: stale is unknown, a suspect one leaves the state and the statistics as they are."""
    part = next(part for part in components().values() if part["name"] == "temp")
    assert part["val_tpl"] == (
        "{% if value_json is defined %}{% if value_json.quality == 'good' %}{{ value_json.value }}"
        "{% elif value_json.quality == 'stale' %}None{% endif %}{% endif %}"
    )
    assert part["json_attr_t"] == part["stat_t"]
    assert "'quality': value_json.quality, 'reason': value_json.reason | default('')" in part["json_attr_tpl"]


def test_a_threshold_in_its_hysteresis() -> None:
    """It says nothing, and stays what it was: what it was is nowhere else to be had after an outage."""
    part = next(part for part in components().values() if part["name"] == "temp cold")
    assert part["val_tpl"] == (
        "{% if value_json is defined and value_json.quality == 'good' %}{% if value_json.value <= 18.0 %}ON"
        "{% elif value_json.value >= 18.5 %}OFF{% endif %}{% endif %}"
    )


def test_every_template_takes_an_empty_payload() -> None:
    """A topic is emptied when its sensor is removed; a template that fails then fills a log."""
    for part in components().values():
        templates = [part[name] for name in ("val_tpl", "json_attr_tpl") if name in part]
        assert all(template.startswith("{% if value_json is defined ") for template in templates)


def found_of(tmp_path: Path, sensors: str) -> dict[str, Any]:
    """The messages of these sensors, by name."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"gateway: {{name: g}}\nlinks: {{b: {{port: 'sim:'}}}}\nsensors:\n{sensors}"
        "mqtt: {url: 'mqtt://h', home_assistant: true, discovery: entity}\n"
    )
    return {a.payload["name"]: a.payload for a in from_config(load(path), {}, "1").announcements()}


def test_a_generic_sensor(tmp_path: Path) -> None:
    """Class, state class, unit and digits are the config's, or what is known of the class."""
    found = found_of(
        tmp_path,
        "  air: {driver: generic, link: b, unit: hPa, device_class: pressure, precision: 2}\n"
        "  co2: {driver: generic, link: b, unit: ppm, device_class: carbon_dioxide, high: 1200}\n"
        "  meter: {driver: generic, link: b, unit: kWh, device_class: energy, delta: 0.001}\n"
        "  cell: {driver: generic, link: b, unit: '%', device_class: battery, low: 20}\n"
        "  ph: {driver: generic, link: b, unit: '', device_class: ph}\n"
        "  odd: {driver: generic, link: b, unit: furlong}\n"
        "  wind: {driver: generic, link: b, unit: °, device_class: wind_direction}\n",
    )
    keys = ("dev_cla", "unit_of_meas", "stat_cla", "sug_dsp_prc")
    for name, facts in {
        "air": ("pressure", "hPa", "measurement", 2),
        "co2": ("carbon_dioxide", "ppm", "measurement", 0),
        "meter": ("energy", "kWh", "total_increasing", 3),
        "cell": ("battery", "%", "measurement", 1),
        "ph": ("ph", None, "measurement", 1),
        "odd": (None, "furlong", "measurement", 1),
        "wind": ("wind_direction", "°", None, 1),
    }.items():
        assert tuple(found[name].get(key) for key in keys) == facts
    assert found["cell low"]["dev_cla"] == "battery"
    assert "dev_cla" not in found["co2 high"]


def test_what_is_shown_is_what_home_assistant_is_told(tmp_path: Path) -> None:
    """The unit, and thresholds in it."""
    found = found_of(tmp_path, "  t: {driver: temperature, link: b, show: F, hot: 75, hysteresis: 1}\n")
    assert (found["t"]["dev_cla"], found["t"]["unit_of_meas"]) == ("temperature", "°F")
    assert "value_json.value >= 75.0 " in found["t hot"]["val_tpl"]
    assert "value_json.value <= 74.0 " in found["t hot"]["val_tpl"]
