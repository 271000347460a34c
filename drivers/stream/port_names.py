"""What to call a port in a config: the name that survives re-plugging best and means no other port."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port of this machine. `usb_id` is what to write into a config; paths are udev's links, if
    any."""

    device: str
    description: str
    usb_id: str | None
    by_id: str | None
    by_path: str | None

    @property
    def best_name(self) -> str:
        """The name that survives re-plugging best."""
        return self.usb_id or self.by_id or self.by_path or self.device


def names_for_config(ports: Sequence[PortInfo]) -> list[str]:
    """For each port the name that survives re-plugging best and means none of the others.

    Cheap adapters have no serial number: two of them share their USB identity and the by-id name, which is
    then that of the one plugged in last; only the socket that each is in (by-path) tells them apart. The
    ports of one device with several share the identity too, and each has a by-id name of its own.
    """
    sharing = Counter(port.usb_id for port in ports)
    named = Counter(port.usb_id for port in ports if port.by_id)
    names = []
    for port in ports:
        alone = port.usb_id if sharing[port.usb_id] == 1 else None
        by_id = port.by_id if port.usb_id is None or named[port.usb_id] == sharing[port.usb_id] else None
        names.append(alone or by_id or port.by_path or port.device)
    return names
