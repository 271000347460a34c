"""What is wrong with a driver or protocol of somebody else, said when it is loaded, not when it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_OF_A_DRIVER = ("kind", "unit", "units", "low_event", "high_event")
_OF_A_PROTOCOL = ("options", "check", "warnings", "channels", "source", "sets_intervals", "tells_identity")


def driver_defect(name: str, driver: object) -> str | None:
    """Why `driver` cannot be the driver called `name`; None if it can."""
    if not (isinstance(driver, type) and all(hasattr(driver, each) for each in ("option_table", "accept"))):
        return f"expected a subclass of drivers.Sensor, got {driver!r}"
    if missing := [attribute for attribute in _OF_A_DRIVER if not hasattr(driver, attribute)]:
        return f"expected the class attributes {', '.join(_OF_A_DRIVER)}, {', '.join(missing)} is missing"
    sensor: Any = driver
    if sensor.kind != name:
        return f"expected kind = {name!r}, as its entry point is called, got {sensor.kind!r}"
    if not _are_units(sensor.units):
        return f"expected units as a mapping of names to functions, got {sensor.units!r}"
    if sensor.clamps and not all(map(math.isfinite, sensor.limits)):
        return f"expected two finite limits where clamps is True, got limits = {sensor.limits}"
    return None


def protocol_defect(_name: str, kind: object) -> str | None:
    """Why `kind` cannot be a protocol; None if it can."""
    if missing := [attribute for attribute in _OF_A_PROTOCOL if not hasattr(kind, attribute)]:
        expected = "expected a drivers.stream.connector.StreamProtocol, or another drivers.source.SourceKind"
        return f"{expected}; {', '.join(missing)} is missing in {kind!r}"
    return None


def _are_units(units: Any) -> bool:
    return isinstance(units, Mapping) and all(
        isinstance(name, str) and callable(convert) for name, convert in units.items()
    )
