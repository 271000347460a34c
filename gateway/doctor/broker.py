"""The checks of the broker and of Home Assistant's discovery, by what a visit has seen. Pure, but for the
visit."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gateway.config import Config
from gateway.doctor.as_root import not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.doctor.visit import HUNG_UP, Route, Seen, visit
from gateway.mqtt.broker.versions import V5
from gateway.mqtt.home_assistant.discovery import Discovery
from gateway.mqtt.settings import VERSIONS, Facts, target
from gateway.mqtt.topics import Topics

CHECK, HOME_ASSISTANT = "broker", "home_assistant"
MOST_EXPECTED = 500
"""Discovery messages that are looked for."""


def broker(patient: Patient) -> Iterator[Finding]:
    """Whether it can be reached, what it can do, what it lets us do, and what Home Assistant finds there."""
    config = patient.config
    if config is not None and config.is_denied("mqtt"):
        yield not_seen(CHECK, "not tried, as you may not read what it takes to log in", patient.path)
        return
    if config is None or config.mqtt is None:
        if config is not None:
            yield Finding(CHECK, Level.GREEN, "no mqtt section: no broker is wanted")
        return
    where = target(config, config.mqtt)
    token = os.urandom(3).hex()
    way = route(config, token)
    seen = visit(where, VERSIONS[config.mqtt.version], way, token)
    name = "the broker" if ("mqtt", "url") in config.secrets else where.name
    yield from judge(name, seen, way, config.gateway.name)
    if config.mqtt.home_assistant and seen.problem is None:
        yield from judge_discovery(seen, way, config.mqtt.birth_topic, runs=patient.running.answers)


def route(config: Config, token: str) -> Route:
    """Where to look for this gateway."""
    section = config.mqtt
    assert section is not None
    topics = Topics(config.gateway.name)
    read = [topics.requests, topics.status, topics.diagnostics]
    if not section.home_assistant:
        return Route(f"{topics.probe}/{token}", None, tuple(read))
    discovery = Discovery(config.gateway.name, topics, section.discovery_prefix, "")
    announce = discovery.devices if section.discovery == "device" else discovery.entities
    expected = [one.topic for one in announce(Facts().of(config.sensors), config.links, {})]
    return Route(
        f"{topics.probe}/{token}",
        f"{section.discovery_prefix}/device/sig-gateway-doctor-{token}/config",
        (*read, section.birth_topic),
        tuple(expected[:MOST_EXPECTED]),
    )


def judge(name: str, seen: Seen, way: Route, gateway: str) -> Iterator[Finding]:
    """A line for each thing that it cannot do or does not allow; or one that all is well."""
    if seen.problem is not None:
        remedy = "see mqtt.url in the config; is the broker running? sudo systemctl status mosquitto"
        yield Finding(CHECK, Level.RED, f"no connection to {name}: {seen.problem}", remedy)
        return
    version = "MQTT 5" if seen.version == V5 else "MQTT 3.1.1"
    found = [*_abilities(name, seen), *_rights(name, seen, way, gateway)]
    yield from found
    if not any(finding.level is Level.RED for finding in found):
        can = "keeps retained messages, QoS 1, " if not found else ""
        yield Finding(CHECK, Level.GREEN, f"{name}: {version}, {can}lets us publish and read")


def _abilities(name: str, seen: Seen) -> Iterator[Finding]:
    another = "nothing must be done; a broker without this limit, such as Mosquitto, is better"
    for remark in (*seen.oddities, *seen.abilities.remarks()):
        yield Finding(CHECK, Level.YELLOW, f"{name}: {remark}", another)


def _rights(name: str, seen: Seen, way: Route, gateway: str) -> Iterator[Finding]:
    allow = f"allow this user in the broker's ACL: topic readwrite sig/{gateway}/#"
    for topic, why in seen.unreadable.items():
        yield Finding(
            CHECK, Level.RED, f"{name} does not let us read {topic}: {why}", _for(topic, way, allow)
        )
    for topic, why in seen.refused.items():
        yield Finding(
            CHECK, Level.RED, f"{name} does not let us publish on {topic}: {why}", _for(topic, way, allow)
        )
    if seen.lost is not None:
        said = any(why.startswith(HUNG_UP) for why in seen.refused.values())
        if not said and way.probe not in seen.refused:  # some hang up on what they do not allow
            where = f"after we had published on sig/{gateway}/…" if not seen.echoed else "in the middle"
            text = f"{name} has ended the connection {where}: {seen.lost}"
            yield Finding(
                CHECK, Level.RED, text, f"{allow}; its log says more: journalctl -u mosquitto -n 50"
            )
        return
    silent = {topic for topic in (way.probe, way.discovery) if topic} - seen.echoed - seen.refused.keys()
    if way.probe in silent:
        text = f"what we publish on sig/{gateway}/… does not come back to us, though {name} acknowledges it"
        yield Finding(CHECK, Level.RED, text, allow)
    elif way.discovery in silent and seen.version != V5:
        text = f"what we publish on {way.discovery} does not come back to us: maybe {name} does not allow it"
        yield Finding(CHECK, Level.YELLOW, text, _for(str(way.discovery), way, allow))
    if way.probe in seen.echoed and not seen.kept and seen.abilities.retain:
        text = f"{name} has not kept a retained message, though it says it does"
        yield Finding(CHECK, Level.YELLOW, text, "set retain_available true in the broker's config")


def _for(topic: str, way: Route, ours: str) -> str:
    if topic.startswith("sig/") or topic == way.probe:
        return ours
    return f"allow this user in the broker's ACL: topic readwrite {topic.partition('/')[0]}/#"


def judge_discovery(seen: Seen, way: Route, birth: str, *, runs: bool) -> Iterator[Finding]:
    """Whether our discovery messages stand there, and what Home Assistant has said. `runs`: the gateway
    does."""
    missing = [topic for topic in way.expected if topic not in seen.standing]
    said = seen.standing.get(birth, b"")[:20].decode(errors="replace")
    home = (
        f"{birth} says {said!r}"
        if said
        else f"nothing is retained on {birth}, as Home Assistant has it by default"
    )
    there = len(way.expected) - len(missing)
    if not missing:
        yield Finding(HOME_ASSISTANT, Level.GREEN, f"{there} discovery messages stand at the broker; {home}")
    elif not seen.abilities.retain:
        text = f"this broker keeps no discovery messages: entities come when Home Assistant starts; {home}"
        yield Finding(
            HOME_ASSISTANT, Level.YELLOW, text, "a broker that keeps retained messages, such as Mosquitto"
        )
    else:
        of_all = f"{len(missing)} of {len(way.expected)}"
        text = f"{of_all} discovery messages are not at the broker, such as {missing[0]}"
        remedy = "see the broker's line above, and: sig-gateway health"
        level = Level.RED
        if not runs:
            level, remedy = Level.YELLOW, "the gateway publishes them: start it"
        yield Finding(HOME_ASSISTANT, level, text, remedy)
    if said == "offline":
        text = f"Home Assistant has ended, or lost the broker: {home}"
        yield Finding(HOME_ASSISTANT, Level.YELLOW, text, "start it; Settings > Devices & services > MQTT")
