"""`drivers`: links to boards, the protocols they speak, and the sensors on them.

A library by itself, together with `sig`:

    import time
    import sig
    from drivers import Link, TemperatureSensor

    router = sig.Router()
    router.addListener(lambda info, data: print(info["sender"], data), event="#changed")
    with Link("board", "/dev/ttyACM0") as link:
        TemperatureSensor("temp", link, delta=0.1).attach(router)
        time.sleep(60)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.dispatcher import Dispatcher
    from drivers.errors import DriverError, LinkLostError, OptionError, PortError, PortNotFoundError
    from drivers.generic import GenericSensor
    from drivers.humidity import HumiditySensor
    from drivers.light import LightSensor
    from drivers.link import Link, LinkState, LinkStatus
    from drivers.option_types import SensorOptions
    from drivers.published import Reading
    from drivers.sensor import Sensor
    from drivers.temperature import TemperatureSensor

__all__ = [
    "Dispatcher",
    "DriverError",
    "GenericSensor",
    "HumiditySensor",
    "LightSensor",
    "Link",
    "LinkLostError",
    "LinkState",
    "LinkStatus",
    "OptionError",
    "PortError",
    "PortNotFoundError",
    "Reading",
    "Sensor",
    "SensorOptions",
    "TemperatureSensor",
]

_MODULES = {
    "dispatcher": ("Dispatcher",),
    "errors": ("DriverError", "LinkLostError", "OptionError", "PortError", "PortNotFoundError"),
    "generic": ("GenericSensor",),
    "humidity": ("HumiditySensor",),
    "light": ("LightSensor",),
    "link": ("Link", "LinkState", "LinkStatus"),
    "option_types": ("SensorOptions",),
    "published": ("Reading",),
    "sensor": ("Sensor",),
    "temperature": ("TemperatureSensor",),
}


def __getattr__(name: str) -> object:
    """A name is imported when it is first asked for: who only lists ports pays for no link (PEP 562)."""
    for module, names in _MODULES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"drivers.{module}"), name)
            return found
    raise AttributeError(f"module 'drivers' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
