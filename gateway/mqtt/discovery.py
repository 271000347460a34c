"""Home Assistant's discovery: topics and payloads from what is known of boards and sensors. Pure, no I/O.

Home Assistant's field names, abbreviated as it allows; the facts behind the choices are in
docs/home-assistant.md. Availability is never at the root of a device: a component that reports the outage
itself must not inherit it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mqtt.topics import Topics

_BAD_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")

DEVICE_CLASSES = {"temperature": "temperature", "humidity": "humidity", "light": "illuminance"}
UNITS = {"temperature": "°C", "humidity": "%", "light": "lx"}
DECIMALS = {"temperature": 1, "humidity": 1, "light": 0}
THRESHOLD_CLASSES = {"cold": "cold", "hot": "heat", "wet": "moisture", "bright": "light"}
"""The rest are problems."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """An event that fires when the value passes `limit`; it is over once the value is back beyond `back`."""

    event: str
    limit: float
    back: float
    rising: bool


@dataclass(frozen=True, slots=True)
class SensorFacts:
    """What the config says of a sensor. `kind`: temperature, humidity or light."""

    name: str
    kind: str
    link: str
    thresholds: tuple[Threshold, ...] = ()
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """What a board has said of itself."""

    model: str | None = None
    identity: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A retained discovery message; `parts` are its components with the platform of each."""

    topic: str
    payload: Mapping[str, Any]
    parts: Mapping[str, str]

    def without(self, gone: Mapping[str, str]) -> bytes:
        """The message that removes the components `gone` from the device."""
        removed = {key: {"p": platform} for key, platform in gone.items()}
        return encode({**self.payload, "cmps": {**self.payload["cmps"], **removed}})


def encode(payload: Mapping[str, Any]) -> bytes:
    """As it is sent."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def object_id(*names: str) -> str:
    """An id of letters, digits, `_` and `-`, the same for the same names, and another for others."""
    text = "_".join(_BAD_IN_ID.sub("_", name) for name in names)
    if all(_BAD_IN_ID.search(name) is None and "_" not in name for name in names):
        return text
    digest = hashlib.sha256("\0".join(names).encode(errors="surrogatepass")).hexdigest()
    return f"{text[:80]}_{digest[:8]}"


def entity_id(platform: str, *names: str) -> str:
    """What Home Assistant may call the entity at first, such as `sensor.cellar_temp`."""
    return f"{platform}.{'_'.join(re.sub('[^a-z0-9]+', '_', name.lower()).strip('_') for name in names)}"


class Discovery:
    """The announcements of one gateway. `prefix`: Home Assistant's, normally `homeassistant`."""

    def __init__(self, gateway: str, topics: Topics, prefix: str, version: str) -> None:
        self._gateway = gateway
        self._topics = topics
        self._prefix = prefix
        self._version = version
        self._device = object_id("sig", gateway)
        self._origin = {"name": "sig-gateway", "sw": version}

    def devices(
        self, sensors: Iterable[SensorFacts], links: Iterable[str], boards: Mapping[str, BoardFacts]
    ) -> list[Announcement]:
        """One message for the gateway, and one for each board."""
        sensors = list(sensors)
        found = [self._announce(self._gateway_device(), self._gateway_parts(), self._device)]
        for link in links:
            parts = self._board_parts(link, [sensor for sensor in sensors if sensor.link == link])
            device = self._board_device(link, boards.get(link, BoardFacts()))
            found.append(self._announce(device, parts, self._board_id(link)))
        return found

    def entities(
        self, sensors: Iterable[SensorFacts], links: Iterable[str], boards: Mapping[str, BoardFacts]
    ) -> list[Announcement]:
        """The same, a message for each entity, as Home Assistant before 2024.12 wants it."""
        found = []
        for announced in self.devices(sensors, links, boards):
            node = announced.payload["dev"]["ids"][0]
            for key, component in announced.payload["cmps"].items():
                platform = component["p"]
                payload = {name: value for name, value in component.items() if name != "p"}
                payload |= {"dev": announced.payload["dev"], "o": self._origin}
                topic = f"{self._prefix}/{platform}/{node}/{key}/config"
                found.append(Announcement(topic, payload, {key: platform}))
        return found

    def _announce(
        self, device: dict[str, Any], parts: dict[str, dict[str, Any]], device_id: str
    ) -> Announcement:
        payload = {"dev": device, "o": self._origin, "cmps": parts}
        platforms = {key: part["p"] for key, part in parts.items()}
        return Announcement(f"{self._prefix}/device/{device_id}/config", payload, platforms)

    def _board_id(self, link: str) -> str:
        return object_id("sig", self._gateway, link)

    def _gateway_device(self) -> dict[str, Any]:
        return {
            "ids": [self._device],
            "name": f"Gateway {self._gateway}",
            "mf": "sig-gateway",
            "mdl": "sensor gateway",
            "sw": self._version,
        }

    def _board_device(self, link: str, board: BoardFacts) -> dict[str, Any]:
        device: dict[str, Any] = {
            "ids": [self._board_id(link)],
            "name": f"{self._gateway} {link}",
            "via_device": self._device,
        }
        known = {"mdl": board.model, "sn": board.identity, "sw": board.firmware}
        return device | {key: value for key, value in known.items() if value}

    def _gateway_parts(self) -> dict[str, dict[str, Any]]:
        """Its diagnostics. The connection itself has no availability: it is what reports the outage."""
        ours: dict[str, Any] = {"ent_cat": "diagnostic"}
        status = [{"t": self._topics.status}]
        numbers = ours | {"stat_t": self._topics.diagnostics, "avty": status}
        measured = numbers | {"p": "sensor", "stat_cla": "measurement", "sug_dsp_prc": 0}
        parts: dict[str, dict[str, Any]] = {
            "connection": ours
            | {
                "p": "binary_sensor",
                "name": "Connection",
                "dev_cla": "connectivity",
                "stat_t": self._topics.status,
                "pl_on": "online",
                "pl_off": "offline",
            },
            "links_up": measured | {"name": "Links up", "val_tpl": "{{ value_json.links_up }}"},
            "outbox": measured | {"name": "Outbox", "val_tpl": "{{ value_json.outbox }}"},
            "uptime": measured
            | {
                "name": "Uptime",
                "dev_cla": "duration",
                "unit_of_meas": "s",
                "val_tpl": "{{ value_json.uptime }}",
            },
            "version": numbers | {"p": "sensor", "name": "Version", "val_tpl": "{{ value_json.version }}"},
        }
        for key, part in parts.items():
            part["uniq_id"] = f"{self._device}_{key}"
            part["def_ent_id"] = entity_id(part["p"], self._gateway, key)
        return parts

    def _board_parts(self, link: str, sensors: list[SensorFacts]) -> dict[str, dict[str, Any]]:
        board = self._board_id(link)
        parts: dict[str, dict[str, Any]] = {
            f"{board}_link": {
                "p": "binary_sensor",
                "name": "Link",
                "dev_cla": "connectivity",
                "ent_cat": "diagnostic",
                "stat_t": self._topics.diagnostics,
                "val_tpl": f"{{{{ 'ON' if value_json.links.get({link!r}) == 'up' else 'OFF' }}}}",
                "avty": [{"t": self._topics.status}],
            }
        }
        for sensor in sensors:
            parts |= self._sensor_parts(sensor)
        for key, part in parts.items():
            part["uniq_id"] = key
            shown = link + " link" if key == f"{board}_link" else part["name"]
            part["def_ent_id"] = entity_id(part["p"], self._gateway, shown)
        return parts

    def _sensor_parts(self, sensor: SensorFacts) -> dict[str, dict[str, Any]]:
        key = object_id("sig", self._gateway, "sensor", sensor.name)
        topics = self._topics
        state = {"stat_t": topics.state(sensor.name)}
        status = {"t": topics.status}
        both = {"avty": [status, {"t": topics.availability(sensor.name)}], "avty_mode": "all"}
        problem = {"p": "binary_sensor", "ent_cat": "diagnostic"}
        decimals = DECIMALS[sensor.kind] if sensor.decimals is None else sensor.decimals
        parts: dict[str, dict[str, Any]] = {
            key: {
                "p": "sensor",
                "name": sensor.name,
                "dev_cla": DEVICE_CLASSES[sensor.kind],
                "unit_of_meas": UNITS[sensor.kind],
                "stat_cla": "measurement",
                "sug_dsp_prc": decimals,
                "val_tpl": "{{ value_json.value }}",
                **state,
                **both,
            },
            # Stale is what a sensor is during its outage, so this depends on the gateway only.
            f"{key}_stale": {
                **problem,
                "name": f"{sensor.name} stale",
                "dev_cla": "problem",
                "val_tpl": "{{ 'ON' if value_json.quality == 'stale' else 'OFF' }}",
                "avty": [status],
                **state,
            },
        }
        for threshold in sensor.thresholds:
            parts[f"{key}_{threshold.event}"] = {
                **problem,
                "name": f"{sensor.name} {threshold.event}",
                "dev_cla": THRESHOLD_CLASSES.get(threshold.event, "problem"),
                "val_tpl": _threshold_template(threshold),
                **state,
                **both,
            }
        return parts


def _threshold_template(threshold: Threshold) -> str:
    """ON beyond the limit, OFF once it is back, in between as before; nothing new without a good value."""
    beyond, back = (">=", "<=") if threshold.rising else ("<=", ">=")
    return (
        "{% if value_json.quality == 'good' %}"
        f"{{{{ 'ON' if value_json.value {beyond} {threshold.limit:g} "
        f"else 'OFF' if value_json.value {back} {threshold.back:g} "
        "else 'ON' if this.state == 'on' else 'OFF' }}"
        "{% endif %}"
    )
