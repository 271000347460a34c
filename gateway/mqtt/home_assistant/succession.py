"""What is to be published one after the other so that Home Assistant follows. Pure, no I/O.

Home Assistant ignores an entity whose unique id it still knows from another device, and a component that
comes on another topic than before. So:

1. what is gone is removed, from every device, before anything is added to any;
2. of what goes on in the other form, the old topics are asked to let go of it (`migrate_discovery`);
3. everything is announced as it is now;
4. the old topics of 2. are emptied.

Home Assistant before 2024.12 knows no migration, and no device form: there step 4 removes the entities of the
old topics as ever.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from gateway.mqtt.home_assistant.discovery import Announcement, encode, removal

_TOPIC = re.compile(
    r"(?P<prefix>.+)/(?:device/(?P<device>[\w-]+)|(?:sensor|binary_sensor)/(?P<node>[\w-]+)/[\w-]+)/config"
)
_MIGRATE = encode({"migr_discvry": True})

Parts = Mapping[str, str]
"""A message's components, with the platform of each."""


class Message(NamedTuple):
    """`adds`: the components that may be there from now on; `removes`: those that are not any more once the
    broker has the message. An empty payload removes all."""

    topic: str
    payload: bytes
    adds: Parts = {}
    removes: Collection[str] = ()


class Succession(NamedTuple):
    """The four steps; each is to wait until the broker has all of the one before."""

    removals: list[Message]
    migrations: list[Message]
    finals: list[Message]
    emptied: list[Message]


def succession(wanted: Iterable[Announcement], known: Mapping[str, Parts]) -> Succession:
    """From what is known to stand at the broker to what is wanted there."""
    steps = Succession([], [], [], [])
    announced = {one.topic: one for one in wanted}
    goes_on = {place for topic, one in announced.items() for place in _places(topic, one.parts)}
    for topic in known.keys() - announced.keys():
        moved = {key for *_, key in _places(topic, known[topic]) & goes_on}
        gone = {key: platform for key, platform in known[topic].items() if key not in moved}
        if not moved:
            steps.removals.append(Message(topic, b""))
            continue
        if gone:  # in the device form only: an entity's topic has but one
            steps.removals.append(Message(topic, removal(_device(topic), gone), removes=gone))
        steps.migrations.append(Message(topic, _MIGRATE))
        steps.emptied.append(Message(topic, b""))
    for topic, one in announced.items():
        before = known.get(topic, {})
        gone = {key: platform for key, platform in before.items() if one.parts.get(key) != platform}
        if gone:
            new = one.parts.keys() - before.keys()
            steps.removals.append(Message(topic, one.without(gone, new), removes=gone))
        steps.finals.append(Message(topic, encode(one.payload), adds=one.parts))
    return steps


def _places(topic: str, parts: Parts) -> set[tuple[str, str, str, str]]:
    """Where Home Assistant has the components, whatever the form: prefix, platform, device, key."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        return set()
    device = match["device"] or match["node"]
    return {(match["prefix"], platform, device, key) for key, platform in parts.items()}


def _device(topic: str) -> str:
    match = _TOPIC.fullmatch(topic)
    return (match and match["device"]) or ""
