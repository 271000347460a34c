"""Two thermometers in memory behind one source. Each comes and goes; a read waits for the next value."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import sig
from drivers.errors import LinkLostError, PortNotFoundError
from drivers.source import Channel, Device, Down, Keeper, Measurement, Source, Up

FIRST, SECOND = "in", "out"


class PairOfThermometers:
    """See `drivers.contract.RigOfSeveral`."""

    channel = f"{FIRST}/temp"
    other = f"{SECOND}/temp"

    def __init__(self) -> None:
        self.news = threading.Condition()
        self.plugs = 1
        self.plugged = True
        self.there = {FIRST: 1, SECOND: 1}  # by device: how often it has come
        self.measured: list[str] = []
        self.made = PairSession

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def source(self) -> Source:
        """See `Rig`."""
        return PairSource(self)

    def measure(self) -> None:
        """See `Rig`."""
        self._changed(lambda: self.measured.append(FIRST))

    def measure_other(self) -> None:
        """See `RigOfSeveral`."""
        self._changed(lambda: self.measured.append(SECOND))

    def lose_other(self) -> None:
        """See `RigOfSeveral`."""
        self._changed(lambda: self.there.pop(SECOND))

    def return_other(self) -> None:
        """See `RigOfSeveral`."""
        self._changed(lambda: self.there.update({SECOND: 2}))

    def plug(self) -> None:
        """See `Rig`."""
        self.plugs, self.plugged = self.plugs + 1, True

    def unplug(self) -> None:
        """See `Rig`."""

        def gone() -> None:
            self.plugged = False

        self._changed(gone)

    def _changed(self, change: Callable[[], object]) -> None:
        with self.news:
            change()
            self.news.notify_all()


class PairSource:
    """See `drivers.source.Source`."""

    where = "the thermometers"

    def __init__(self, devices: PairOfThermometers) -> None:
        self._devices = devices

    def open(self, keeper: Keeper) -> "PairSession":
        """See `Source`."""
        if not self._devices.plugged:
            raise PortNotFoundError("the thermometers are not there; plug them in")
        return self._devices.made(self._devices, keeper)

    def presence(self) -> object:
        """See `Source`."""
        return self._devices.plugs if self._devices.plugged else None

    def close(self) -> None:
        """See `Source`."""

    def device_of(self, channel: str) -> str:
        """See `Source`."""
        return channel.partition("/")[0]


class PairSession:
    """See `drivers.source.Session`."""

    where = "the thermometers"

    def __init__(self, devices: PairOfThermometers, keeper: Keeper) -> None:
        self._devices = devices
        self._plugs = devices.plugs
        self._keeper = keeper
        self.told: dict[str, int] = {}
        self._done = len(devices.measured)
        self._ended: str | None = None
        self._waiting: list[tuple[str, list[object], threading.Event]] = []
        self.counters: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """See `Session`."""
        return len(self._waiting)

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `Session`."""
        if stopping.is_set():
            raise LinkLostError("closing")
        self._check()
        self.told = dict(self._devices.there)
        return [self._device(name) for name in self.told]

    def run(self, stopping: threading.Event) -> None:
        """See `Session`."""
        while not stopping.is_set():
            with self._devices.news:
                if not (stopping.is_set() or self._is_news()):
                    self._devices.news.wait(0.25)
                there, measured = dict(self._devices.there), self._devices.measured[self._done :]
            self._check()
            self.tell(there)
            for name in measured:
                self._done += 1
                value = Measurement(f"{name}/temp", self._done, 21.5, None, time.monotonic())
                self._keeper.measured(value)
                self._answer(lambda channel, value=value: value if channel == value.channel else None)  # type: ignore[misc]

    def _is_news(self) -> bool:
        there, measured = self._devices.there, self._devices.measured
        return there != self.told or len(measured) > self._done or self._gone()

    def tell(self, there: Mapping[str, int]) -> None:
        """Which devices are there now, and how often each has come."""
        for name in [*self.told]:
            if there.get(name) != self.told[name]:
                with self._devices.news:
                    del self.told[name]
                self._keeper.tell(Down(name, "unplugged by the test"))
                gone = sig.NotConnected(f"{name} is gone")
                self._answer(lambda channel, name=name, gone=gone: gone if channel.startswith(name) else None)  # type: ignore[misc]
        for name in there.keys() - self.told.keys():
            self.told[name] = there[name]
            self._keeper.tell(Up(self._device(name)))

    def _answer(self, result: Callable[[str], object]) -> None:
        with self._devices.news:
            for each in [*self._waiting]:
                channel, results, done = each
                if (found := result(channel)) is not None:
                    self._waiting.remove(each)
                    results.append(found)
                    done.set()

    def _gone(self) -> bool:
        return not self._devices.plugged or self._devices.plugs != self._plugs

    def _check(self) -> None:
        if self._gone():
            raise LinkLostError("the thermometers were unplugged")

    def _device(self, name: str) -> Device:
        channels = {f"{name}/temp": Channel(f"{name}/temp", "temperature", "C", 0.01, -40.0, 85.0)}
        return Device("memory", f"{name}-0001", "1", self.told.get(name, 1), channels, name)

    def exchange(
        self,
        verb: str,
        args: tuple[str, ...],
        deadline: float,
        _unless: Callable[[], object | None] | None,
    ) -> object:
        """See `Session`."""
        if verb != "read":
            raise sig.BadParams(f"{self.where} can be asked to read, not to {verb}")
        mine: tuple[str, list[object], threading.Event] = (args[0], [], threading.Event())
        with self._devices.news:
            if self._ended or args[0].partition("/")[0] not in self.told:
                raise sig.NotConnected(self._ended or "it is gone")
            self._waiting.append(mine)
        if not mine[2].wait(deadline - time.monotonic()):
            with self._devices.news:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                    raise sig.RequestTimeout(f"no value of {args[0]} came in time")
        if isinstance(mine[1][0], Exception):
            raise mine[1][0]
        return mine[1][0]

    dropped = None

    def refresh(self, _channel: str) -> None:
        """See `Session`."""

    def dropped_since_reading(self, _channel: str) -> int:
        """See `Session`."""
        return 0

    def wake(self) -> None:
        """See `Session`."""
        with self._devices.news:
            self._devices.news.notify_all()

    def end(self, reason: str) -> None:
        """See `Session`."""
        with self._devices.news:
            self._ended = reason
        self._answer(lambda _: sig.NotConnected(reason))
