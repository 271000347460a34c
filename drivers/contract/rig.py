"""What a test of the contract needs of whoever makes a source."""

from typing import Protocol

from drivers.source import Source


class Rig(Protocol):
    """A source and what is at its other end, for one test. Plugged in from the start."""

    channel: str
    """A channel that can be measured."""

    def source(self) -> Source:
        """A new source onto the device. It opens nothing."""

    def measure(self) -> None:
        """Have the device deliver a value soon. From any thread, as all below."""

    def plug(self) -> None:
        """Plug the device in again."""

    def unplug(self) -> None:
        """The device vanishes. Both are not called where `unpluggable` is False."""


class RigOfSeveral(Rig, Protocol):
    """The same with a second device behind the source; `channel` and `measure` are the first one's."""

    other: str
    """A channel of the second device."""

    def measure_other(self) -> None:
        """Have the second device deliver a value soon."""

    def lose_other(self) -> None:
        """The second device alone is gone, or says nothing any more; the source and the first one go on."""

    def return_other(self) -> None:
        """It is there again."""
