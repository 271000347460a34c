"""From a config file to a `Config`, or a `ConfigError` with everything that is wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.config.catalog import Catalog, Drivers
from gateway.config.checks import check_router, read_links, read_sensors
from gateway.config.document import Document, parse
from gateway.config.explain import validate
from gateway.config.models import (
    GatewaySection,
    HistorySection,
    HttpSection,
    LinkSection,
    RouterSection,
    Section,
    SensorSection,
)
from gateway.config.mqtt import MqttSection
from gateway.config.mqtt_checks import check_mqtt, mqtt_warnings
from gateway.config.problems import ConfigError, Location, Problem, shown, unknown_key
from gateway.config.secrets import Secrets

MAX_BYTES = 256 * 1024
"""A config of 1000 sensors has about 100 KiB."""

HOW_TO_START = "`sig-gateway run --init` writes one to start from"

_SECTIONS = ("gateway", "router", "links", "sensors", "mqtt", "http", "history")
_LATER: dict[str, type[Section]] = {"http": HttpSection, "history": HistorySection}


@dataclass(frozen=True, slots=True)
class Config:
    """A config without errors. `warnings` are to be shown, and change nothing."""

    path: Path
    gateway: GatewaySection
    router: RouterSection
    links: Mapping[str, LinkSection]
    sensors: Mapping[str, SensorSection]
    mqtt: MqttSection | None = None
    warnings: tuple[Problem, ...] = ()
    lines: Mapping[Location, int] = field(default_factory=dict, repr=False)
    secrets: Set[Location] = frozenset()

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.beside(self.gateway.data)

    def where(self, *location: str) -> str:
        """`config.yaml:5`: the line of a key, for messages that ask to change it."""
        line = self.lines.get(location)
        return f"{self.path}:{line}" if line else str(self.path)

    def beside(self, name: str) -> Path:
        """A path from the config, taken relative to the config file's folder; `~` is the user's."""
        return (self.path.parent / Path(name).expanduser()).absolute()


def load(path: Path, catalog: Catalog | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read and check a config file; raises ConfigError. `catalog` and `environ` are for tests."""
    text = _read(path)
    secrets = Secrets(path.parent, os.environ if environ is None else environ)
    document = parse(text, str(path), secrets)
    if document.tree is None and not document.problems:
        raise ConfigError([Problem(str(path), 0, f"is empty; remove it, then {HOW_TO_START}")])
    config = _build(path, document, catalog or Drivers())
    if config is None or document.problems:
        raise ConfigError(document.problems)
    return config


def _read(path: Path) -> str:
    def problem(text: str, line: int = 0) -> ConfigError:
        return ConfigError([Problem(str(path), line, text)])

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise problem("is a folder; give the file" if path.is_dir() else "is not a regular file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise problem(f"no such file; {HOW_TO_START}") from None
    except OSError as error:
        raise problem(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise problem("is not a path") from None
    if len(data) > MAX_BYTES:
        raise problem(f"is larger than {MAX_BYTES // 1024} KiB: that is not a config")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise problem(f"is not UTF-8 text (byte 0x{byte:02X}); save it as UTF-8", line) from None


def _build(path: Path, document: Document, catalog: Catalog) -> Config | None:
    tree = document.tree
    if document.tree is None:
        return None
    if not isinstance(tree, dict):
        document.complain(
            (), f"expected a mapping with the sections {', '.join(_SECTIONS)}, got {shown(tree)}"
        )
        return None
    for key in tree:
        if key not in _SECTIONS:
            document.complain((key,), unknown_key(key, _SECTIONS))
    gateway = validate(GatewaySection, _section(tree, "gateway"), ("gateway",), document)
    router = validate(RouterSection, _section(tree, "router"), ("router",), document)
    check_router(_section(tree, "router"), router, path.parent, document)
    links = read_links(_section(tree, "links"), document, catalog)
    sensors = read_sensors(_section(tree, "sensors"), _section(tree, "links"), document, catalog)
    mqtt = None
    if tree.get("mqtt") is not None:
        mqtt = validate(MqttSection, tree["mqtt"], ("mqtt",), document)
        check_mqtt(tree["mqtt"], mqtt, path.parent, document)
    warnings = (*mqtt_warnings(tree.get("mqtt"), document), *_later_sections(tree, document))
    if gateway is None or router is None:
        return None
    return Config(path, gateway, router, links, sensors, mqtt, warnings, document.lines, document.secrets)


def _section(tree: dict[str, Any], name: str) -> Any:
    """A section; one with nothing under it is the same as none."""
    value = tree.get(name)
    return {} if value is None else value


def _later_sections(tree: dict[str, Any], document: Document) -> list[Problem]:
    warnings = []
    for name, model in _LATER.items():
        if tree.get(name) is not None:
            validate(model, tree[name], (name,), document)
            text = "this version has no such part yet; the section is ignored"
            warnings.append(Problem(document.file, document.line((name,)), text, (name,)))
    if not tree.get("sensors"):
        warnings.append(
            Problem(document.file, document.line(("sensors",)), "there are no sensors", ("sensors",))
        )
    return warnings
