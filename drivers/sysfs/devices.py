"""The devices of a link: chips by the names that a config may have for them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from drivers.source import Device
from drivers.sysfs.names import ambiguity, channel_name, device_of, meant, quantity_of, shown
from drivers.sysfs.quantity import channel
from drivers.sysfs.tree import Chip


class Named(NamedTuple):
    """A device, and the chips that its name means: one, or several that are alike, of which none is read."""

    device: Device
    chips: tuple[Chip, ...]


def named_devices(chips: Sequence[Chip], wanted: Iterable[str], every_s: float) -> dict[str, Named]:
    """Each chip by its shortest name, and by those that `wanted` channels have for it."""
    names = dict.fromkeys([*(shown(chip, chips) for chip in chips), *map(device_of, wanted)])
    found = {}
    for name in names:
        alike = meant(name, chips)
        if alike:
            found[name] = Named(_device(name, alike, every_s), tuple(alike))
    return found


def probe_fault(named: Named, channel: str) -> str | None:
    """Why the channel is not read though its device is there; None if it is."""
    if len(named.chips) == 1:
        return None
    return ambiguity(named.device.name, named.chips, quantity_of(channel))


def _device(name: str, alike: Sequence[Chip], every_s: float) -> Device:
    """What one of them has the others have too: they have one driver."""
    chip = alike[0]
    channels = {
        (full := channel_name(name, quantity.name)): channel(quantity, full, every_s)
        for quantity in chip.quantities.values()
    }
    return Device(chip.model, chip.identity, "", chip.mark, channels, name)
