"""The lines of a hello, until there is a device (docs/protocol.md, section 3)."""

from drivers.source import Channel, Device
from drivers.stream.sensorline.frame import LineError
from drivers.stream.sensorline.messages import BoardChannel, BoardHello


class HelloLines:
    """Of one hello at a time: a new head begins another."""

    def __init__(self) -> None:
        self._head: BoardHello | None = None
        self._channels: dict[int, BoardChannel] = {}

    def begin(self, head: BoardHello) -> None:
        """Its first line."""
        self._head, self._channels = head, {}

    def add(self, channel: BoardChannel) -> Device | None:
        """One of the others; returns the device when that was the last that was missing. Raises `LineError`
        for a hello that cannot be understood."""
        head = self._head
        if head is None or channel.id != head.id or channel.position >= head.channels:
            return None
        self._channels[channel.position] = channel
        if len(self._channels) < head.channels:
            return None
        channels = {
            line.name: Channel(
                line.name, line.kind, line.unit, line.resolution, line.low, line.high, line.interval_ms / 1000
            )
            for _, line in sorted(self._channels.items())
        }
        self._head = None
        if len(channels) < head.channels:
            raise LineError(f"two channels of one name in the hello of {head.identity}")
        return Device(head.model, head.identity, head.firmware, head.boot, channels, kept=head.kept)
