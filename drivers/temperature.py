"""Temperature, in °C, or as the config says."""

import math
from typing import TYPE_CHECKING, Unpack

from drivers.quantity import Shown
from drivers.sensor import Sensor

if TYPE_CHECKING:
    from drivers.link import Link
    from drivers.option_types import TemperatureOptions


class TemperatureSensor(Sensor):
    """Fires `cold` and `hot`. The board may measure in °C (`C`), °F (`F`) or kelvin (`K`), and each can be
    published."""

    kind = "temperature"
    unit = "°C"
    limits = (-273.15, math.inf)
    units = {
        "C": lambda celsius: celsius,
        "F": lambda fahrenheit: (fahrenheit - 32) / 1.8,
        "K": lambda kelvin: kelvin - 273.15,
    }
    shows = {
        "C": Shown("°C", lambda celsius: celsius),
        "F": Shown("°F", lambda celsius: celsius * 1.8 + 32),
        "K": Shown("K", lambda celsius: celsius + 273.15),
    }
    low_event = "cold"
    high_event = "hot"

    if TYPE_CHECKING:  # for who calls it; all kinds are made in the same way

        def __init__(
            self, name: str, link: Link, channel: str | None = None, **options: Unpack[TemperatureOptions]
        ) -> None: ...
