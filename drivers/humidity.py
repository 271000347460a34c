"""Relative humidity, in %."""

from typing import TYPE_CHECKING, Unpack

from drivers.sensor import Sensor

if TYPE_CHECKING:
    from drivers.link import Link
    from drivers.option_types import HumidityOptions


class HumiditySensor(Sensor):
    """Fires `dry` and `wet`."""

    kind = "humidity"
    unit = "%"
    limits = (0.0, 100.0)
    clamps = True
    units = {"%": lambda percent: percent}
    low_event = "dry"
    high_event = "wet"

    if TYPE_CHECKING:  # for who calls it; all kinds are made in the same way

        def __init__(
            self, name: str, link: Link, channel: str | None = None, **options: Unpack[HumidityOptions]
        ) -> None: ...
