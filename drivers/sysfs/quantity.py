"""One quantity that a folder of the kernel's has, and how it is read."""

import math
from typing import Protocol

from drivers.source import Channel
from drivers.sysfs.files import Files


class Quantity(Protocol):
    """Immutable, and equal to another that is read in the same way."""

    @property
    def name(self) -> str:
        """The file's own word for it: `temp`, `humidity1`; empty for the one that a 1-wire sensor has."""

    @property
    def kind(self) -> str:
        """What a sensor's driver calls it, as in Home Assistant; empty where no word is known."""

    @property
    def unit(self) -> str:
        """What `read` returns it in; empty where the kernel does not say."""

    @property
    def low(self) -> float:
        """The least that the chip can measure, if it is known."""

    @property
    def high(self) -> float:
        """The most."""

    @property
    def resolution(self) -> float:
        """The least difference that shows, 0 if it is not known."""

    def read(self, files: Files, folder: str) -> float:
        """The value now. Waits for the chip. Raises `Fault`, and `OSError` as the kernel says it."""


def channel(quantity: Quantity, name: str, every_s: float) -> Channel:
    """What a sensor sees of it, under the channel's name."""
    return Channel(
        name,
        quantity.kind,
        quantity.unit,
        quantity.resolution,
        quantity.low,
        quantity.high,
        every_s,
    )


UNKNOWN = (-math.inf, math.inf)
