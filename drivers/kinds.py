"""The drivers by the name that a config gives them. A fourth kind of sensor: one file, one line here."""

import importlib

from drivers.errors import OptionError
from drivers.sensor import Sensor

_CLASSES = {
    "temperature": "drivers.temperature:TemperatureSensor",
    "humidity": "drivers.humidity:HumiditySensor",
    "light": "drivers.light:LightSensor",
}


def sensor_kinds() -> tuple[str, ...]:
    """The names that a sensor's `driver` may have."""
    return tuple(_CLASSES)


def sensor_class(kind: str) -> type[Sensor]:
    """The driver called `kind`. Raises `OptionError` for a name that is not in `sensor_kinds()`."""
    if kind not in _CLASSES:
        raise OptionError("driver", f"expected one of {', '.join(_CLASSES)}, got {kind!r}")
    module, _, name = _CLASSES[kind].partition(":")
    driver: type[Sensor] = getattr(importlib.import_module(module), name)
    return driver
