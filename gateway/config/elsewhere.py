"""Names that belong somewhere else: another protocol's key, another driver's, a quantity that is no driver.

Asked only when there is an error to tell, as all drivers are imported to know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gateway.config.catalog import Catalog
from gateway.config.problems import choices, nearest, shown

if TYPE_CHECKING:
    from drivers.options import Option

OWN_DRIVERS = {"illuminance": "light"}
"""By device class, the driver for it, where it is called otherwise."""


def key_of_other_protocol(catalog: Catalog, protocol: str, written: bool, key: str) -> str | None:
    """`unknown key 'format' of protocol sensorline …` if another protocol has the key, else None.

    `written`: whether the link says its protocol.
    """
    others = _with_key(key, catalog.protocols(), catalog.link_options)
    if not others:
        return None
    unsaid = "" if written else " (no protocol: is written)"
    text = f"unknown key {shown(key)} of protocol {protocol}{unsaid}"
    text += f"; it is a key of protocol: {' or '.join(others)}"
    return f"{text}: write protocol: {others[0]}" if len(others) == 1 else text


def key_of_other_driver(catalog: Catalog, driver: str, key: str) -> str | None:
    """As `key_of_other_protocol`, of a sensor's driver."""
    others = _with_key(key, catalog.kinds(), catalog.options)
    if not others:
        return None
    return f"unknown key {shown(key)} of driver {driver}; it is a key of driver: {' or '.join(others)}"


def _with_key(key: str, names: Iterable[str], table: Callable[[str], Mapping[str, Option]]) -> list[str]:
    found = []
    for name in names:
        try:
            if key in table(name):
                found.append(name)
        except ValueError:  # a package of others that is broken: told where it is used
            continue
    return found


def no_driver(name: object, kinds: Iterable[str]) -> str:
    """`no driver 'pressure'; drivers are: …; for other quantities: driver: generic, unit: hPa, …`."""
    from drivers.device_classes import DEVICE_CLASSES

    kinds = list(kinds)
    text = choices("driver", name, kinds)
    if "generic" not in kinds or not isinstance(name, str):
        return text
    quantity = name.strip().lower().replace(" ", "_")
    if quantity not in DEVICE_CLASSES:
        if nearest(name, kinds) is not None:
            return text
        near = nearest(quantity, DEVICE_CLASSES)
        if near is None:
            return (
                f"{text} (the quantity, not the chip); for other quantities: driver: generic, with its unit:"
            )
        quantity = near
    if OWN_DRIVERS.get(quantity) in kinds:
        return f"{text}; write: driver: {OWN_DRIVERS[quantity]}"
    units = DEVICE_CLASSES[quantity].units or ("€",)
    unit = units[0] if units[0].isalnum() and units[0].isascii() else json.dumps(units[0], ensure_ascii=False)
    return f"{text}; for other quantities: driver: generic, unit: {unit}, device_class: {quantity}"
