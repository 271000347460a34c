"""Relative humidity, in %."""

from drivers.sensor import Sensor


class HumiditySensor(Sensor):
    """Fires `dry` and `wet`."""

    kind = "humidity"
    unit = "%"
    limits = (0.0, 100.0)
    clamps = True
    units = {"%": lambda percent: percent}
    low_event = "dry"
    high_event = "wet"
