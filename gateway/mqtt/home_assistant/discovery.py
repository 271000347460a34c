"""Home Assistant's discovery messages: a topic and a payload for each device or each entity. Pure, no I/O.

A component has the same place in both forms, the device's id and its own key: Home Assistant takes an entity
over from one form to the other only then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mqtt.home_assistant.components import Parts, SensorFacts, object_id, of_gateway, of_link
from gateway.mqtt.topics import Topics

NAME = "sig-gateway"


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

    def without(self, gone: Mapping[str, str], new: Iterable[str]) -> bytes:
        """The message that removes the components `gone` from a device, before those `new` are added."""
        kept = {key: part for key, part in self.payload["cmps"].items() if key not in new}
        return encode({**self.payload, "cmps": kept | _removed(gone)})


def removal(device: str, gone: Mapping[str, str]) -> bytes:
    """The message that removes components from a device of which no more is known."""
    return encode({"dev": {"ids": [device]}, "o": {"name": NAME}, "cmps": _removed(gone)})


def _removed(gone: Mapping[str, str]) -> Parts:
    return {key: {"p": platform} for key, platform in gone.items()}


def encode(payload: Mapping[str, Any]) -> bytes:
    """As it is sent."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


class Discovery:
    """The announcements of one gateway. `prefix`: Home Assistant's, normally `homeassistant`."""

    def __init__(self, gateway: str, topics: Topics, prefix: str, version: str) -> None:
        self._gateway = gateway
        self._topics = topics
        self._prefix = prefix
        self._version = version
        self._device = object_id("sig", gateway)
        self._origin = {"name": NAME, "sw": version}

    def devices(
        self, sensors: Iterable[SensorFacts], links: Iterable[str], boards: Mapping[str, BoardFacts]
    ) -> list[Announcement]:
        """One message for the gateway, and one for each board."""
        sensors = list(sensors)
        found = [self._announce(self._gateway_device(), of_gateway(self._gateway, self._topics))]
        for link in links:
            on_it = [sensor for sensor in sensors if sensor.link == link]
            parts = of_link(self._gateway, self._topics, link, on_it)
            found.append(self._announce(self._board_device(link, boards.get(link, BoardFacts())), parts))
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

    def _announce(self, device: dict[str, Any], parts: Parts) -> Announcement:
        payload = {"dev": device, "o": self._origin, "cmps": parts}
        platforms = {key: part["p"] for key, part in parts.items()}
        return Announcement(f"{self._prefix}/device/{device['ids'][0]}/config", payload, platforms)

    def _gateway_device(self) -> dict[str, Any]:
        return {
            "ids": [self._device],
            "name": f"Gateway {self._gateway}",
            "mf": NAME,
            "mdl": "sensor gateway",
            "sw": self._version,
        }

    def _board_device(self, link: str, board: BoardFacts) -> dict[str, Any]:
        device: dict[str, Any] = {
            "ids": [object_id("sig", self._gateway, link)],
            "name": f"{self._gateway} {link}",
            "via_device": self._device,
        }
        known = {"mdl": board.model, "sn": board.identity, "sw": board.firmware}
        return device | {key: value for key, value in known.items() if value}
