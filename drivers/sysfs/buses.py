"""The buses of a session, each made when something is first read of it."""

import collections
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

import sig
from drivers.sysfs.bus import COUNTERS, Bus
from drivers.sysfs.devices import Named, probe_fault
from drivers.sysfs.names import quantity_of
from drivers.sysfs.probe import AmbiguousReader, Probe, Reader, reader_of
from drivers.sysfs.surroundings import Surroundings
from drivers.sysfs.tree import Chip


class Buses:
    """`exchange`, `hasten`, `counters`, `waiting` and `end` may be called by any thread, the rest by the
    link's."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lock = threading.Lock()  # guards all below
        self._buses: dict[str, Bus] = {}
        self._readers: dict[tuple[str, int], Reader] = {}
        self._ended: str | None = None

    @property
    def counters(self) -> Mapping[str, int]:
        """Of all together."""
        counters = collections.Counter(dict.fromkeys(COUNTERS, 0))
        for bus in self._all():
            counters.update(bus.counters)
        return counters

    @property
    def waiting(self) -> int:
        """How many live requests are not answered yet."""
        return sum(bus.waiting for bus in self._all())

    def exchange(
        self, named: Named, channel: str, timeout_s: float, unless: Callable[[], object | None] | None
    ) -> object:
        """A live read. Raises as `drivers.source.Session.exchange` does."""
        bus = self._of(named.chips[0])
        return bus.exchange(self._probe(named, channel), timeout_s, unless)

    def hasten(self, named: Named, channel: str) -> None:
        """Have a channel that is wanted read as soon as may be."""
        self._of(named.chips[0]).hasten(channel)

    def want(self, wanted: Iterable[tuple[str, Named]], chips: Sequence[Chip]) -> None:
        """Have each bus read the channels that are wanted of it, and no others. `chips` are there."""
        probes: dict[Bus, dict[str, Probe]] = {bus: {} for bus in self._all()}
        for channel, named in wanted:
            bus = self._of(named.chips[0])
            probes.setdefault(bus, {})[channel] = self._probe(named, channel)
        there = {(chip.folder, chip.mark) for chip in chips}
        with self._lock:
            self._readers = {key: reader for key, reader in self._readers.items() if key in there}
        for bus, its in probes.items():
            bus.want(its)

    def watch(self, now: float) -> None:
        """See `Bus.watch`."""
        for bus in self._all():
            bus.watch(now)

    def end(self, reason: str) -> None:
        """End them all, and those that come."""
        with self._lock:
            self._ended = reason
        for bus in self._all():
            bus.end(reason)

    def _all(self) -> list[Bus]:
        with self._lock:
            return list(self._buses.values())

    def _of(self, chip: Chip) -> Bus:
        with self._lock:
            if self._ended is not None:
                raise sig.NotConnected(f"{self._around.keeper.name}: {self._ended}")
            if chip.bus not in self._buses:
                self._buses[chip.bus] = Bus(self._around, chip.bus, chip.bus_name, chip.master)
            return self._buses[chip.bus]

    def _probe(self, named: Named, channel: str) -> Probe:
        """Raises `sig.BadParams` for a quantity that is not there."""
        chip, name = named.chips[0], named.device.name
        quantity = chip.quantities.get(quantity_of(channel))
        if quantity is None or channel not in named.device.channels:
            has = ", ".join(named.device.channels)
            raise sig.BadParams(f"{self._around.keeper.name}: no channel {channel!r}; there are {has}")
        why = probe_fault(named, channel)
        reader = self._reader(chip) if why is None else AmbiguousReader(why)
        return Probe(channel, name, chip.folder, chip.mark, reader, quantity)

    def _reader(self, chip: Chip) -> Reader:
        """One for each chip, as some remember what they read."""
        key = chip.folder, chip.mark
        with self._lock:
            if key not in self._readers:
                self._readers[key] = reader_of(chip, self._around.files, self._around.keeper.clock)
            return self._readers[key]
