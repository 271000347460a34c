"""A channel as a bus reads it: with a second try where one is worth it."""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from drivers.clock import Clock
from drivers.sysfs.faults import Fault, of_error
from drivers.sysfs.files import Files
from drivers.sysfs.quantity import Quantity
from drivers.sysfs.tree import Chip

# The kernel's driver of DHT11, DHT22 and AM2302 keeps what it read for 2 s (drivers/iio/humidity/dht11.c),
# and the sensor wants as long between two measurements.
DHT = "dht11"
DHT_PAUSE_S = 2.0
# One read in ten or so fails, as the sensor's signal has no second chance: so many in a row mean something.
DHT_TRIES = 3
# Somebody else had the bus, or a signal came: that passes.
_PASSING = (errno.EAGAIN, errno.EINTR, errno.EBUSY)

Pause = Callable[[float], None]
"""Waits so many seconds; raises when it is not worth it any more."""


class Value(NamedTuple):
    """`measured` is None for one that was measured just now, else when (monotonic)."""

    value: float
    measured: float | None = None


class Reader(Protocol):
    """Reads a chip's quantities. By its bus's thread."""

    def read(self, quantity: Quantity, pause: Pause) -> Value:
        """Raises `Fault` when there is no value, `OSError` ENOENT or ENODEV when the file is gone."""


class Probe(NamedTuple):
    """`folder` and `mark` are the chip's; `device` is what the config calls it."""

    channel: str
    device: str
    folder: str
    mark: int
    reader: Reader
    quantity: Quantity

    def read(self, pause: Pause) -> Value:
        """See `Reader`."""
        return self.reader.read(self.quantity, pause)


class PlainReader:
    """Of nearly every chip."""

    def __init__(self, chip: Chip, files: Files) -> None:
        self._chip = chip
        self._files = files

    def read(self, quantity: Quantity, pause: Pause) -> Value:  # noqa: ARG002 - see `Reader`
        """See `Reader`."""
        try:
            return Value(self._once(quantity))
        except OSError as error:
            if error.errno not in _PASSING:
                raise
        return Value(self._once(quantity))

    def _once(self, quantity: Quantity) -> float:
        return quantity.read(self._files, self._chip.folder)


class DhtReader:
    """Of a DHT: several tries, 2 s apart. What one quantity tells of the sensor holds for the other too, as
    the kernel reads both at once."""

    def __init__(self, chip: Chip, files: Files, clock: Clock) -> None:
        self._plain = PlainReader(chip, files)
        self._clock = clock
        self._measured = -DHT_PAUSE_S
        self._failed: tuple[float, OSError] | None = None

    def read(self, quantity: Quantity, pause: Pause) -> Value:
        """See `Reader`. Within 2 s of a measurement, the value is of that one."""
        if self._failed is not None and self._clock.monotonic() - self._failed[0] < DHT_PAUSE_S:
            raise _dht_fault(self._failed[1])
        for left in reversed(range(DHT_TRIES)):
            started = self._clock.monotonic()
            try:
                value = self._plain.read(quantity, pause).value
            except OSError as error:
                if error.errno not in (errno.EIO, errno.ETIMEDOUT):
                    raise
                if not left:
                    self._failed = self._clock.monotonic(), error
                    raise _dht_fault(error) from error
                pause(DHT_PAUSE_S)
            else:
                break
        if started - self._measured >= DHT_PAUSE_S:
            self._measured = self._clock.monotonic()
        return Value(value, self._measured)


@dataclass(frozen=True, slots=True)
class AmbiguousReader:
    """Of a name that several chips have: says which to write instead."""

    why: str

    def read(self, quantity: Quantity, pause: Pause) -> Value:  # noqa: ARG002 - see `Reader`
        """See `Reader`."""
        raise Fault(self.why)


def reader_of(chip: Chip, files: Files, clock: Clock) -> Reader:
    """How the chip wants to be read."""
    if chip.subsystem == "iio" and chip.name == DHT:
        return DhtReader(chip, files, clock)
    return PlainReader(chip, files)


def _dht_fault(error: OSError) -> Fault:
    why = of_error(error, "the sensor")
    return Fault(f"{why}, {DHT_TRIES} times in a row; check its three wires, and ask it less often")
