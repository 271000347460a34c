"""The one registry: drivers and protocols by the names that a config gives them.

Ours are listed here, and imported when they are asked for. Packages of others register theirs as entry points
of the groups `sig_gateway.drivers` (a subclass of `Sensor`) and `sig_gateway.protocols` (a `SourceKind`); the
installed packages are looked through only for names that are not ours, or when all names are wanted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TYPE_CHECKING, Any

from drivers.defects import driver_defect, protocol_defect
from drivers.errors import OptionError
from drivers.options import parse_options
from sig.errors import text_of

if TYPE_CHECKING:
    from drivers.sensor import Sensor
    from drivers.source import Source, SourceKind

DRIVERS_GROUP = "sig_gateway.drivers"
PROTOCOLS_GROUP = "sig_gateway.protocols"

_DRIVERS = {
    "temperature": "drivers.temperature:TemperatureSensor",
    "humidity": "drivers.humidity:HumiditySensor",
    "light": "drivers.light:LightSensor",
    "generic": "drivers.generic:GenericSensor",
}
_PROTOCOLS = {
    "sensorline": "drivers.stream.sensorline:PROTOCOL",
    "text": "drivers.stream.text:PROTOCOL",
    "sysfs": "drivers.sysfs:PROTOCOL",
    "modbus": "drivers.modbus:PROTOCOL",
    "mysensors": "drivers.stream.mysensors:PROTOCOL",
}


def sensor_kinds() -> tuple[str, ...]:
    """The names that a sensor's `driver` may have."""
    return _names(_DRIVERS, DRIVERS_GROUP)


def sensor_class(kind: str) -> type[Sensor]:
    """The driver called `kind`. Raises `OptionError` for a name that is none, or that cannot be loaded."""
    driver: type[Sensor] = _load("driver", kind, _DRIVERS, DRIVERS_GROUP, driver_defect)
    return driver


def protocol_names() -> tuple[str, ...]:
    """The names that a link's `protocol` may have."""
    return _names(_PROTOCOLS, PROTOCOLS_GROUP)


def protocol(name: str) -> SourceKind:
    """The protocol called `name`. Raises `OptionError` for a name that is none, or that cannot be loaded."""
    kind: SourceKind = _load("protocol", name, _PROTOCOLS, PROTOCOLS_GROUP, protocol_defect)
    return kind


def new_source(name: str, given: Mapping[str, object]) -> Source:
    """A source of the protocol called `name`; `given` are its options as in a config file. It opens nothing.

    Raises `OptionError`.
    """
    kind = protocol(name)
    parsed = parse_options(kind.options, given)
    kind.check(parsed)
    return kind.source(parsed)


def _names(ours: Mapping[str, str], group: str) -> tuple[str, ...]:
    return (*ours, *sorted(_installed(group, tuple(sys.path)).names - set(ours)))


@lru_cache(maxsize=4)  # a config with mistakes asks for all names at each of them, and 50 packages take 20 ms
def _installed(group: str, _path: tuple[str, ...]) -> EntryPoints:
    """Those of the packages on the path where Python looks now."""
    return entry_points(group=group)


def _load(
    what: str, name: str, ours: Mapping[str, str], group: str, defect: Callable[[str, object], str | None]
) -> Any:
    if name in ours:
        module, _, attribute = ours[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    for entry in _installed(group, tuple(sys.path)).select(name=name):
        loaded = _load_foreign(what, entry)
        if (wrong := defect(name, loaded)) is not None:
            raise OptionError(what, f"{name!r} of {_package(entry)}: {wrong}")
        return loaded
    raise OptionError(what, f"expected one of {', '.join(_names(ours, group))}, got {name!r}")


def _load_foreign(what: str, entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except Exception as error:
        why = f"{type(error).__name__}: {text_of(error)}"
        raise OptionError(
            what,
            f"{entry.name!r} of {_package(entry)} cannot be loaded: {why}; "
            "install it again, or ask those who made it",
        ) from error


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an installed package"
