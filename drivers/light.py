"""Illuminance, in lux."""

import math
from typing import TYPE_CHECKING, Unpack

from drivers.sensor import Sensor

if TYPE_CHECKING:
    from drivers.link import Link
    from drivers.option_types import LightOptions


class LightSensor(Sensor):
    """Fires `dark` and `bright`. The board may measure in lx or klx."""

    kind = "light"
    unit = "lx"
    limits = (0.0, math.inf)
    units = {"lx": lambda lux: lux, "klx": lambda kilolux: kilolux * 1000}
    low_event = "dark"
    high_event = "bright"

    if TYPE_CHECKING:  # for who calls it; all kinds are made in the same way

        def __init__(
            self, name: str, link: Link, channel: str | None = None, **options: Unpack[LightOptions]
        ) -> None: ...
