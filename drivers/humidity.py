"""Relative humidity, in %."""

from drivers.sensor import Sensor


class HumiditySensor(Sensor):
    """Fires `dry` and `wet`."""

    kind = "humidity"
    unit = "%"
    units = {"%": lambda percent: percent}
    low_event = "dry"
    high_event = "wet"
