"""The sections of `config.yaml`, each in one place: its name, its model, its checks, its warnings.

A section more is a model in `models.py` (or a file of its own, as `mqtt.py`) and one entry in `Sections`; the
loader, the errors that list the sections, and the tables of docs/configuration.md go by these entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel

from gateway.config.checks import no_sensors, read_links, read_sensors
from gateway.config.context import Context
from gateway.config.explain import validate
from gateway.config.fleet import FleetSection
from gateway.config.fleet_checks import check_fleet, fleet_warnings
from gateway.config.link_warnings import link_warnings
from gateway.config.listening_checks import check_http, check_router
from gateway.config.log import LogSection, check_log, log_warnings
from gateway.config.models import (
    GatewaySection,
    HistorySection,
    HttpSection,
    LinkSection,
    RouterSection,
    SensorSection,
)
from gateway.config.mqtt import MqttSection
from gateway.config.mqtt_checks import check_mqtt, mqtt_warnings
from gateway.config.problems import Problem

Read = Callable[[str, Context], Any]
"""From a section's name to what `Sections` has of it. Notes what is wrong; then the result is not used."""

Check = Callable[[Any, Context], None]
"""What a model cannot know of its section. Gets the model that was made, None if that had errors."""

Warn = Callable[[str, Context], list[Problem]]
"""What was written and does nothing, or not what was meant."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A section: `model` is its own, or that of each thing in it where people give the names (`links`)."""

    model: type[BaseModel]
    read: Read
    warn: Warn


@cache
def entries() -> Mapping[str, Entry]:
    """Every section by name, in the order in which they are read and listed."""
    hints = get_type_hints(Sections, include_extras=True)
    return MappingProxyType({name: hint.__metadata__[0] for name, hint in hints.items()})


def _no_warnings(_name: str, _context: Context) -> list[Problem]:
    return []


def always(model: type[BaseModel], check: Check | None = None, warn: Warn = _no_warnings) -> Entry:
    """A section that there is, written or not."""
    return Entry(model, lambda name, context: _made(model, check, name, context), warn)


def _optional(model: type[BaseModel], check: Check | None = None, warn: Warn = _no_warnings) -> Entry:
    """A section that is None if it was left out, and then not checked."""

    def read(name: str, context: Context) -> Any:
        return _made(model, check, name, context) if context.has(name) else None

    return Entry(model, read, warn)


def _made(model: type[BaseModel], check: Check | None, name: str, context: Context) -> Any:
    made = validate(model, context.section(name), (name,), context.document)
    if check is not None:
        check(made, context)
    return made


def _named(
    model: type[BaseModel], read: Callable[[Context], Mapping[str, Any]], warn: Warn = _no_warnings
) -> Entry:
    """A section whose keys are names that people give."""
    return Entry(model, lambda _name, context: read(context), warn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """What was read of each section."""

    gateway: Annotated[GatewaySection, always(GatewaySection)]
    router: Annotated[RouterSection, always(RouterSection, check_router)]
    links: Annotated[Mapping[str, LinkSection], _named(LinkSection, read_links, link_warnings)]
    sensors: Annotated[Mapping[str, SensorSection], _named(SensorSection, read_sensors, no_sensors)]
    mqtt: Annotated[MqttSection | None, _optional(MqttSection, check_mqtt, mqtt_warnings)]
    http: Annotated[HttpSection | None, _optional(HttpSection, check_http)]
    history: Annotated[HistorySection | None, _optional(HistorySection)]
    fleet: Annotated[FleetSection | None, _optional(FleetSection, check_fleet, fleet_warnings)]
    log: Annotated[LogSection, always(LogSection, check_log, log_warnings)]
