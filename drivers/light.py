"""Illuminance, in lux."""

import math

from drivers.sensor import Sensor


class LightSensor(Sensor):
    """Fires `dark` and `bright`."""

    kind = "light"
    unit = "lx"
    limits = (0.0, math.inf)
    units = {"lx": lambda lux: lux}
    low_event = "dark"
    high_event = "bright"
