"""Illuminance, in lux."""

import math

from drivers.sensor import Sensor


class LightSensor(Sensor):
    """Fires `dark` and `bright`. The board may measure in lx or klx."""

    kind = "light"
    unit = "lx"
    limits = (0.0, math.inf)
    units = {"lx": lambda lux: lux, "klx": lambda kilolux: kilolux * 1000}
    low_event = "dark"
    high_event = "bright"
