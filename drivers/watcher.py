"""Who wants to know of every device that comes, whatever its channels: a sink that takes no values."""

from collections.abc import Callable

from drivers.source import Device, Measurement, Missing


class Watcher:
    """`callback` is called on the dispatcher's thread with each device that has come, or says anew who it is;
    before the sensors on its channels are told."""

    channel = ""
    interval_ms = None

    def __init__(self, callback: Callable[[Device], None]) -> None:
        self._callback = callback

    def heard(self, _measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`; none is passed to it, as below."""

    def missed(self) -> None:
        """The same."""

    def accept(self, _measurement: Measurement, /) -> None:
        """The same."""

    def missing(self, _missing: Missing, /) -> None:
        """The same."""

    def link_up(self, device: Device, _warning: str | None, /) -> None:
        """See `drivers.sink.Sink`."""
        self._callback(device)

    def link_down(self, _reason: str, /) -> None:
        """See `drivers.sink.Sink`."""
