"""What a bridge is told, and how that follows from the config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from drivers.kinds import sensor_class
from drivers.options import Amount, parse_options
from gateway.config.broker_url import PORTS, host
from gateway.mqtt.broker.target import Target
from gateway.mqtt.broker.versions import V5, V311
from gateway.mqtt.home_assistant.components import SensorFacts, Threshold
from gateway.mqtt.home_assistant.discovery import Announcement, BoardFacts, Discovery
from gateway.mqtt.home_assistant.spared import Spared, nothing_spared, spared
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.topics import Topics

if TYPE_CHECKING:
    from drivers.link import Link
    from gateway.config import Config
    from gateway.config.models import SensorSection
    from gateway.config.mqtt import MqttSection

DEFAULT_BOUNDS = Bounds(500_000, 100_000_000, 7 * 86400.0)
VERSIONS = {"auto": (V5, V311), "5": (V5,), "3.1.1": (V311,)}


@dataclass(frozen=True, slots=True)
class Settings:
    """`sensors`: those of the config. `discovered`: those that links have found by now. `links`: the state of
    each link, asked for again and again. `announcements`: Home Assistant's messages, or none. `birth_topic`:
    where Home Assistant says that it has started. `spared`: what stays of what was announced earlier."""

    gateway: str
    target: Target
    database: Path
    versions: tuple[int, ...] = (V5, V311)
    bounds: Bounds = DEFAULT_BOUNDS
    loss_s: float = 1.0
    backlog_rate: float = 200.0
    request_s: float = 10.0
    sensors: tuple[str, ...] = ()
    discovered: Callable[[], Iterable[str]] = tuple
    version: str = ""
    links: Callable[[], Mapping[str, str]] = dict
    announcements: Callable[[], list[Announcement]] = list
    birth_topic: str | None = None
    spared: Spared = nothing_spared


def from_config(
    config: Config,
    links: Mapping[str, Link],
    version: str,
    discovered: Callable[[], Mapping[str, SensorSection]] = dict,
    boards: dict[str, BoardFacts] | None = None,
) -> Settings:
    """The settings of the config's `mqtt` section, which must be there. `discovered`: the sensors that links
    have found by now; `boards`: what is known of those of links, here to be noted."""
    section = config.mqtt
    assert section is not None
    facts = Facts()
    facts.of(config.sensors)
    topics = Topics(config.gateway.name)
    discovery = Discovery(config.gateway.name, topics, section.discovery_prefix, version)
    boards = {} if boards is None else boards
    announce = discovery.devices if section.discovery == "device" else discovery.entities

    def announcements() -> list[Announcement]:
        if not section.home_assistant:
            return []
        for name, link in links.items():
            board = link.status().board
            if board is not None:  # else what is known of it from before stays true
                boards[name] = BoardFacts(board.model, board.identity, board.firmware)
        sensors = {**config.sensors, **discovered()}
        return announce(facts.of(sensors), config.links, boards)

    return Settings(
        gateway=config.gateway.name,
        target=target(config, section),
        database=config.data / "mqtt.db",
        versions=VERSIONS[section.version],
        bounds=Bounds(section.outbox_rows, section.outbox_mb * 1_000_000, section.outbox_age),
        loss_s=section.loss_window,
        backlog_rate=section.backlog_rate,
        request_s=section.request_timeout,
        sensors=(*config.sensors, *config.left_out_sensors),
        discovered=discovered,
        version=version,
        links=lambda: {name: str(link.status().state) for name, link in links.items()},
        announcements=announcements,
        birth_topic=section.birth_topic if section.home_assistant else None,
        spared=spared(config.gateway.name, config.left_out),
    )


def target(config: Config, section: MqttSection) -> Target:
    """Where and as whom to connect."""
    url = urlsplit(section.url.get_secret_value())
    user = section.user.get_secret_value() if section.user else url.username and unquote(url.username)
    password = (
        section.password.get_secret_value() if section.password else url.password and unquote(url.password)
    )
    tls = section.tls
    return Target(
        host=host(section.url.get_secret_value()),
        port=url.port or PORTS[url.scheme],
        client_id=section.client_id or f"sig-{config.gateway.name}",
        transport="websockets" if url.scheme in ("ws", "wss") else "tcp",
        path=url.path or "/mqtt",
        user=user or None,
        password=password or None,
        tls=url.scheme in ("mqtts", "wss"),
        ca=config.read_at(tls.ca) if tls and tls.ca else None,
        cert=config.read_at(tls.cert) if tls and tls.cert else None,
        key=config.read_at(tls.key) if tls and tls.key else None,
    )


class Facts:
    """Of sensors; those of one that is the same as before are not worked out again. One thread at a time."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[SensorSection, SensorFacts]] = {}

    def of(self, sensors: Mapping[str, SensorSection]) -> list[SensorFacts]:
        """In the same order."""
        for name, section in sensors.items():
            known = self._known.get(name)
            if known is None or known[0] is not section:
                self._known[name] = section, _facts(name, section)
        return [self._known[name][1] for name in sensors]


def _facts(name: str, sensor: SensorSection) -> SensorFacts:
    kind = sensor_class(sensor.driver)
    parsed = parse_options(kind.option_table(), sensor.options)
    quantity = kind.quantity(parsed)
    hysteresis: Amount = parsed["hysteresis"]
    thresholds = []
    for event, rising in ((kind.low_event, False), (kind.high_event, True)):
        limit = parsed[event]
        if limit is not None:
            band = hysteresis.at(limit)
            thresholds.append(Threshold(event, limit, limit - band if rising else limit + band, rising))
    delta: Amount = parsed["delta"]
    decimals = quantity.precision
    if decimals is None and delta.size and not delta.relative:
        decimals = _decimals(delta.size)
    return SensorFacts(
        name,
        quantity.kind,
        quantity.unit,
        sensor.link,
        tuple(thresholds),
        decimals,
        quantity.device_class,
        quantity.state_class,
    )


def _decimals(step: float) -> int:
    """How many digits after the point tell values apart that are `step` apart: 1 for 0.5, 0 for 5."""
    text = f"{step:.6f}".rstrip("0")
    return len(text.partition(".")[2])
