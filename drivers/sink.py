"""Who takes a channel's measurements: a sensor, as a link sees it."""

from typing import Protocol

from drivers.source import Device, Measurement, Missing


class Sink(Protocol):
    """`heard` and `missed` are called on the thread that reads and only take note; `accept`, `link_up` and
    `link_down` on the dispatcher's, in the order of events."""

    @property
    def channel(self) -> str:
        """The device's channel whose measurements it takes."""

    @property
    def interval_ms(self) -> int | None:
        """The reporting interval that it wants of the device, None for the device's own."""

    def heard(self, measurement: Measurement, /) -> None:
        """The newest measurement, to be known at once whatever the dispatcher is busy with."""

    def missed(self) -> None:
        """A measurement that the dispatcher's queue had no room for."""

    def accept(self, measurement: Measurement, /) -> None:
        """A measurement, in turn; also one that comes `late`, of which `heard` is not told."""

    def missing(self, missing: Missing, /) -> None:
        """Measurements that nobody will ever have, in turn; on the dispatcher's thread."""

    def link_up(self, device: Device, warning: str | None, /) -> None:
        """The device is there; also after it has restarted, and when told twice. `warning`: why it may be
        another one than is meant."""

    def link_down(self, reason: str, /) -> None:
        """The device is gone."""
