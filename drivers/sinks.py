"""Who takes a link's measurements, by channel, and who wants to know of every device."""

from collections.abc import Callable

from drivers.sink import Sink
from drivers.source import Device
from drivers.watcher import Watcher


class Sinks:
    """Changed under the link's lock, and read by any thread without it: what is read is exchanged as a whole.
    `device_of`: whose a channel is."""

    def __init__(self, device_of: Callable[[str], str]) -> None:
        self._device_of = device_of
        self._by_channel: dict[str, tuple[Sink, ...]] = {}
        self._watchers: tuple[Watcher, ...] = ()

    def add(self, sink: Sink) -> None:
        """One more on its channel."""
        self._by_channel = {**self._by_channel, sink.channel: (*self.on(sink.channel), sink)}

    def remove(self, sink: Sink) -> None:
        """The opposite; nothing happens if it was not added."""
        left = tuple(other for other in self.on(sink.channel) if other is not sink)
        self._by_channel = {**self._by_channel, sink.channel: left}

    def watch(self, callback: Callable[[Device], None]) -> None:
        """Have it told of every device that comes."""
        self._watchers = (*self._watchers, Watcher(callback))

    def on(self, channel: str) -> tuple[Sink, ...]:
        """Those on a channel."""
        return self._by_channel.get(channel, ())

    def of(self, device: str) -> list[Sink]:
        """Those on the channels of a device, after who wants to know of every one."""
        return [*self._watchers, *(sink for sink in self._all() if self._device_of(sink.channel) == device)]

    def wanted(self) -> dict[str, int | None]:
        """The interval (ms) that is wanted of each channel, by the first of its sinks that wants one."""
        found: dict[str, int | None] = {}
        for sink in self._all():
            if found.get(sink.channel) is None:
                found[sink.channel] = sink.interval_ms
        return found

    def _all(self) -> list[Sink]:
        return [sink for sinks in self._by_channel.values() for sink in sinks]
