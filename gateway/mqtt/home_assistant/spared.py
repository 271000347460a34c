"""What Home Assistant knows of parts that were left out of the config, and keeps until they are mended: an
entity that goes takes its settings and its place on dashboards along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gateway.mqtt.home_assistant.components import object_id

if TYPE_CHECKING:
    from gateway.config import LeftOut

Spared = Callable[[str, str], bool]
"""Whether the component with a key, in the message on a topic, is not to be taken away."""


def nothing_spared(_topic: str, _key: str) -> bool:
    """Where nothing was left out."""
    return False


def spared(gateway: str, left_out: Iterable[LeftOut]) -> Spared:
    """Whatever is on a link that was left out, and all of a sensor that was."""
    names: dict[str, list[str]] = {"links": [], "sensors": []}
    for out in left_out:
        if len(out.part) == 2 and not out.unread:
            names[str(out.part[0])].append(str(out.part[1]))
    devices = {object_id("sig", gateway, link) for link in names["links"]}
    sensors = tuple(object_id("sig", gateway, "sensor", sensor) for sensor in names["sensors"])

    def is_spared(topic: str, key: str) -> bool:
        of_sensor = key in sensors or key.startswith(tuple(f"{sensor}_" for sensor in sensors))
        return of_sensor or not devices.isdisjoint(topic.split("/"))

    return is_spared


def without_spared(known: Mapping[str, Mapping[str, str]], spared: Spared) -> dict[str, Mapping[str, str]]:
    """The messages and their components that may be taken away; a message of which all is spared is none."""
    left = {
        topic: {key: platform for key, platform in parts.items() if not spared(topic, key)}
        for topic, parts in known.items()
    }
    return {topic: parts for topic, parts in left.items() if parts or not known[topic]}
