"""Any other quantity: what it is called and in which unit is the config's to say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from drivers.device_classes import DEVICE_CLASSES, NOT_NUMBERS
from drivers.errors import OptionError
from drivers.options import Option, near, parse_text, parse_whole
from drivers.quantity import NO_LIMITS, Quantity
from drivers.sensor import Sensor
from drivers.units import spelled

if TYPE_CHECKING:
    from drivers.link import Link
    from drivers.option_types import GenericOptions

# More than a float has.
MAX_PRECISION = 10


class GenericSensor(Sensor):
    """Fires `low` and `high`. The channel may be of any kind."""

    kind = "generic"
    unit = ""
    units = {}
    low_event = "low"
    high_event = "high"

    if TYPE_CHECKING:  # for who calls it; all kinds are made in the same way

        def __init__(
            self, name: str, link: Link, channel: str | None = None, **options: Unpack[GenericOptions]
        ) -> None: ...

    @classmethod
    def option_table(cls) -> dict[str, Option]:
        """See `Sensor`."""
        return {**super().option_table(), **_OPTIONS}

    @classmethod
    def check_options(cls, parsed: Mapping[str, Any]) -> None:
        """See `Sensor`. A unit that Home Assistant refuses for the class is wrong; one that is missing is
        somebody else's to tell."""
        super().check_options(parsed)
        name, unit = parsed["device_class"], parsed["unit"]
        if name is None or unit is None or DEVICE_CLASSES[name].spelling(unit) is not None:
            return
        allowed = ", ".join(one or 'none (write unit: "")' for one in DEVICE_CLASSES[name].units)
        raise OptionError(
            "unit",
            f"Home Assistant takes for device_class {name}: {allowed}; got {repr(unit) if unit else 'none'}",
        )

    @classmethod
    def quantity(cls, parsed: Mapping[str, Any]) -> Quantity:
        """See `Sensor`. In the unit that the config says, as Home Assistant writes it."""
        unit, device_class = parsed["unit"], DEVICE_CLASSES.get(parsed["device_class"])
        spelling = device_class.spelling(unit) if device_class is not None else unit
        return Quantity(
            cls.kind,
            unit if spelling is None else spelling,
            {spelled(unit): float},
            said=spelled(unit),
            limits=NO_LIMITS if device_class is None else device_class.limits,
            any_kind=True,
            device_class=parsed["device_class"],
            state_class="measurement" if device_class is None else device_class.state_class,
            precision=parsed["precision"],
        )


def parse_device_class(raw: object) -> str:
    """One of Home Assistant's. Raises `ValueError`."""
    if isinstance(raw, str) and raw in DEVICE_CLASSES:
        return raw
    if raw in NOT_NUMBERS:
        raise ValueError(f"expected a device class of numbers, got {raw!r}")
    raise ValueError(f"expected a device class of Home Assistant's, got {raw!r}; {near(raw, DEVICE_CLASSES)}")


def parse_precision(raw: object) -> int:
    """A number of digits."""
    return parse_whole(raw, 0, MAX_PRECISION)


_OPTIONS: dict[str, Option] = {
    "unit": Option(
        parse_text,
        None,
        'a unit such as hPa, or "" for none',
        "The unit of the values. Where the source says another, the sensor does not connect.",
        required=True,
        write="hPa",
    ),
    "device_class": Option(
        parse_device_class,
        None,
        "a device class of Home Assistant's",
        "What it is for Home Assistant: `pressure`, `carbon_dioxide`, `moisture`, `battery`, …. A unit that "
        "Home Assistant refuses for it is an error.",
    ),
    "precision": Option(
        parse_precision,
        None,
        f"a whole number from 0 to {MAX_PRECISION}",
        "How many digits after the point are published. Without it, all that the source resolves.",
    ),
}
