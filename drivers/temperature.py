"""Temperature, in °C."""

import math

from drivers.sensor import Sensor


class TemperatureSensor(Sensor):
    """Fires `cold` and `hot`. The board may measure in °C (`C`), °F (`F`) or kelvin (`K`)."""

    kind = "temperature"
    unit = "°C"
    limits = (-273.15, math.inf)
    units = {
        "C": lambda celsius: celsius,
        "F": lambda fahrenheit: (fahrenheit - 32) / 1.8,
        "K": lambda kelvin: kelvin - 273.15,
    }
    low_event = "cold"
    high_event = "hot"
