"""Illuminance, in lux."""

from drivers.sensor import Sensor


class LightSensor(Sensor):
    """Fires `dark` and `bright`."""

    kind = "light"
    unit = "lx"
    units = {"lx": lambda lux: lux}
    low_event = "dark"
    high_event = "bright"
