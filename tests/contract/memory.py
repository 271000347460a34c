"""A source without a byte stream: a thermometer in memory, that can be asked nothing."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import sig
from drivers.errors import LinkLostError, PortNotFoundError
from drivers.source import Channel, Device, Keeper, Measurement, Source

TEMP = Channel("temp", "temperature", "C", 0.01, -40.0, 85.0, 0.0)


class Thermometer:
    """A rig and its device. `plugs` counts; `made` makes the sessions."""

    channel = "temp"

    def __init__(self) -> None:
        self.news = threading.Condition()
        self.plugs = 1
        self.plugged = True
        self.readings = 0
        self.made: Callable[[Self, Keeper], MemorySession] = MemorySession

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def source(self) -> Source:
        """See `drivers.contract.Rig`."""
        return MemorySource(self)

    def measure(self) -> None:
        """See `Rig`."""
        with self.news:
            self.readings += 1
            self.news.notify_all()

    def plug(self) -> None:
        """See `Rig`."""
        with self.news:
            self.plugs += 1
            self.plugged = True

    def unplug(self) -> None:
        """See `Rig`."""
        with self.news:
            self.plugged = False
            self.news.notify_all()


class MemorySource:
    """See `drivers.source.Source`."""

    where = "the thermometer"

    def __init__(self, device: Thermometer) -> None:
        self._device = device

    def open(self, keeper: Keeper) -> "MemorySession":
        """See `Source`."""
        if not self._device.plugged:
            raise PortNotFoundError("the thermometer is not there; plug it in")
        return self._device.made(self._device, keeper)

    def presence(self) -> object:
        """See `Source`."""
        return self._device.plugs if self._device.plugged else None

    def close(self) -> None:
        """See `Source`."""

    def device_of(self, _channel: str) -> str:
        """See `Source`."""
        return ""


class MemorySession:
    """See `drivers.source.Session`."""

    where = "the thermometer"
    waiting = 0
    dropped = None

    def __init__(self, device: Thermometer, keeper: Keeper) -> None:
        self.device = device
        self.plugs = device.plugs
        self.keeper = keeper
        self.counters: Mapping[str, int] = {}

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `Session`."""
        if stopping.is_set():
            raise LinkLostError("closing")
        self.check()
        return [Device("memory", "0001", "1", self.plugs, {"temp": TEMP})]

    def run(self, stopping: threading.Event) -> None:
        """See `Session`."""
        told = self.device.readings
        while not stopping.is_set():
            self.check()
            with self.device.news:
                if not (stopping.is_set() or self.device.readings > told or self.gone()):
                    self.device.news.wait(0.25)
                new, told = self.device.readings - told, self.device.readings
            for number in range(new):
                self.keeper.measured(Measurement("temp", told - new + number, 21.5, None, time.monotonic()))

    def gone(self) -> bool:
        """Whether it has been unplugged since the opening."""
        return not self.device.plugged or self.device.plugs != self.plugs

    def check(self) -> None:
        """Raises when it is gone."""
        if self.gone():
            raise LinkLostError("the thermometer was unplugged")

    def exchange(
        self,
        verb: str,
        _args: tuple[str, ...],
        _deadline: float,
        _unless: Callable[[], object | None] | None,
    ) -> object:
        """See `Session`."""
        raise sig.BadParams(f"{self.where} cannot be asked: {verb}")

    def refresh(self, _channel: str) -> None:
        """See `Session`."""

    def dropped_since_reading(self, _channel: str) -> int:
        """See `Session`."""
        return 0

    def wake(self) -> None:
        """See `Session`."""
        with self.device.news:
            self.device.news.notify_all()

    def end(self, _reason: str) -> None:
        """See `Session`."""
