"""Barometric pressure, in hPa."""

import math

from drivers.sensor import Sensor


class PressureSensor(Sensor):
    """Fires `low` and `high`. The board may measure in hPa or Pa."""

    kind = "pressure"
    unit = "hPa"
    limits = (0.0, math.inf)
    units = {"hPa": lambda hectopascal: hectopascal, "Pa": lambda pascal: pascal / 100}
    low_event = "low"
    high_event = "high"
