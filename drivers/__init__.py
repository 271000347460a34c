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

from drivers.dispatcher import Dispatcher
from drivers.errors import DriverError, LinkLostError, OptionError, PortError, PortNotFoundError
from drivers.humidity import HumiditySensor
from drivers.light import LightSensor
from drivers.link import Link, LinkState, LinkStatus
from drivers.sensor import Sensor
from drivers.temperature import TemperatureSensor

__all__ = [
    "Dispatcher",
    "DriverError",
    "HumiditySensor",
    "LightSensor",
    "Link",
    "LinkLostError",
    "LinkState",
    "LinkStatus",
    "OptionError",
    "PortError",
    "PortNotFoundError",
    "Sensor",
    "TemperatureSensor",
]
