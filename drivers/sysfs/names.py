"""What chips and channels are called in a config, and which chip is meant.

`w1/ID`, `iio/NAME/QUANTITY`, `hwmon/NAME/QUANTITY`; where two chips have one name, `NAME@ADDRESS` tells them
apart. An address is understood in each form that people write: `1-0076`, `0x76`, `76`; it may always be
there, so that a config stays as it is when one of the two is unplugged.
"""

from collections.abc import Sequence

from drivers.sysfs.tree import Chip

# Names in a message.
_SHOWN = 12


def device_of(channel: str) -> str:
    """The first two parts: the device whose channel that is, whether or not it is there."""
    return "/".join(channel.split("/", 2)[:2])


def quantity_of(channel: str) -> str:
    """The third part: what the device measures; empty where it is one thing only."""
    parts = channel.split("/", 2)
    return parts[2] if len(parts) > 2 else ""


def channel_name(device: str, quantity: str) -> str:
    """The channel of a device's quantity."""
    return f"{device}/{quantity}" if quantity else device


def meant(device: str, chips: Sequence[Chip]) -> list[Chip]:
    """The chips that are called so: none, one, or several that are alike."""
    subsystem, _, name = device.partition("/")
    # `dht11@4` is said as a name; nothing else has an @ in it.
    name, _, address = name.partition("@")
    wanted = address.lower()
    return [
        chip
        for chip in chips
        if (chip.subsystem, chip.name) == (subsystem, name)
        and (not wanted or wanted in (one.lower() for one in chip.addresses))
    ]


def shown(chip: Chip, chips: Sequence[Chip]) -> str:
    """The shortest name that means this chip and none of the others."""
    short = f"{chip.subsystem}/{chip.name}"
    for name in (short, *(f"{short}@{address}" for address in chip.addresses)):
        if meant(name, chips) == [chip]:
            return name
    return short


def ambiguity(device: str, alike: Sequence[Chip], quantity: str) -> str:
    """Why none of several chips is read: what to write instead."""
    choices = [channel_name(shown(chip, alike), quantity) for chip in alike]
    return f"{len(alike)} chips are called {device}; write {' or '.join(choices)}"


def listed(names: Sequence[str]) -> str:
    """Names in a message, not too many."""
    text = ", ".join(names[:_SHOWN]) or "none"
    more = len(names) - _SHOWN
    return f"{text} and {more} more" if more > 0 else text
