"""What is there below `/sys`: chips of iio and hwmon, and 1-wire thermometers.

The kernel numbers chips in the order in which it finds them (`iio:device0`, `hwmon3`), which is another one
after the next start. So a chip is known by what its `name` says and by its address: the name of the device
that it belongs to, `1-0076` for the chip at 0x76 of the I2C bus 1. A 1-wire chip has an id of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from drivers.sysfs import hwmon, iio, w1
from drivers.sysfs.files import Files
from drivers.sysfs.quantity import Quantity

IIO = "bus/iio/devices"
HWMON = "class/hwmon"
W1 = "bus/w1/devices"

# On an I2C bus a device is called `BUS-ADDRESS`, with four digits of a hexadecimal number.
_I2C = re.compile(r"[0-9]+-0*([0-9a-f]+)")
# What many chips share: its name in a path says so. Of I2C buses one within another the first counts, as a
# multiplexer's channel hangs when its trunk does; a 1-wire bus behind an I2C chip waits by itself.
_BUS = re.compile(r"/((?:i2c-|spi)[0-9]+)/")
_W1_BUS = re.compile(rf"/({w1.MASTER}[0-9]+)/")
# The kernel gives a 1-wire thermometer to hwmon too, where a read does just the same.
_TWINS = ("w1_slave_temp",)


@dataclass(frozen=True, slots=True)
class Chip:
    """One chip. `addresses` tell it from others of its name, the most usual first; `bus` is the folder of
    what it shares with others, `bus_name` what a person calls that; `mark` is another one after it has come
    anew."""

    subsystem: str
    name: str
    addresses: tuple[str, ...]
    folder: str
    bus: str
    bus_name: str
    mark: int
    quantities: Mapping[str, Quantity] = field(hash=False)
    model: str = ""
    identity: str = ""
    master: str = ""
    """The folder of a 1-wire chip's bus, where all of it can be told to convert."""


class Tree(NamedTuple):
    """`ghosts`: ids on a 1-wire bus that no chip can have."""

    chips: tuple[Chip, ...] = ()
    ghosts: tuple[str, ...] = ()


def scan(root: str, files: Files) -> Tree:
    """All that is there below `root`. Never raises; what vanishes meanwhile, or cannot be looked at, is not
    there. Waits for no chip."""
    chips: list[Chip] = []
    ghosts: list[str] = []
    for folder, name in _folders(files, f"{root}/{IIO}", "iio:device"):
        chips += _found(files, folder, name, _iio_chip)
    for folder, name in _folders(files, f"{root}/{HWMON}", "hwmon"):
        chips += _found(files, folder, name, _hwmon_chip)
    for folder, name in _folders(files, f"{root}/{W1}", ""):
        if name.startswith(f"{w1.GHOST}-"):
            ghosts.append(name)
        elif w1.ID.fullmatch(name):
            chips += _found(files, folder, name, _w1_chip)
    return Tree(tuple(chips), tuple(ghosts))


def _folders(files: Files, listing: str, prefix: str) -> Iterator[tuple[str, str]]:
    try:
        names = sorted(files.names(listing))
    except (OSError, ValueError):
        return
    for name in names:
        if name.startswith(prefix):
            yield f"{listing}/{name}", name


_Maker = Callable[[Files, str, str], Chip | None]


def _found(files: Files, folder: str, name: str, make: _Maker) -> list[Chip]:
    try:
        chip = make(files, folder, name)
    except (OSError, ValueError):  # it has gone, or is just coming: the next look will show
        return []
    return [chip] if chip is not None and chip.quantities else []


def _iio_chip(files: Files, folder: str, number: str) -> Chip:
    return _chip(files, folder, number, "iio", lambda names, name: iio.quantities(names, name))


def _hwmon_chip(files: Files, folder: str, number: str) -> Chip | None:
    chip = _chip(files, folder, number, "hwmon", lambda names, _: hwmon.quantities(names))
    return None if chip.name in _TWINS else chip


def _chip(
    files: Files,
    folder: str,
    number: str,
    subsystem: str,
    quantities: Callable[[list[str], str], dict[str, Quantity]],
) -> Chip:
    """Some names have the address in them: `dht11@4` is the one at GPIO 4."""
    names = files.names(folder)
    name, _, pin = _word(files.label(f"{folder}/name")).partition("@")
    device = _device(files, folder, names)
    own = device.rpartition("/")[2] if device else ""
    i2c = _I2C.fullmatch(own)
    addresses = [pin, own, *((f"0x{i2c[1]}", i2c[1]) if i2c else ()), number]
    bus, bus_name = _bus(device or files.target(folder), own or number)
    return Chip(
        subsystem,
        name or number,
        tuple(dict.fromkeys(filter(None, addresses))),
        folder,
        bus,
        bus_name,
        files.mark(folder),
        quantities(names, name),
        model=name or number,
    )


def _w1_chip(files: Files, folder: str, identity: str) -> Chip:
    names = files.names(folder)
    path, listing = files.target(folder), folder.rpartition("/")[0]
    bus, bus_name = _bus(path, "")
    if not bus_name:  # a folder without links, such as a made-up one
        masters = sorted(name for name in files.names(listing) if name.startswith(w1.MASTER))
        bus_name = masters[0] if masters else "w1"
        bus = f"{listing}/{bus_name}"
    return Chip(
        "w1",
        identity,
        (),
        folder,
        bus,
        bus_name,
        files.mark(folder),
        w1.quantities(names, identity),
        model=w1.FAMILIES.get(identity[:2], ("", None))[0],
        identity=identity,
        master=f"{listing}/{bus_name}",
    )


def _device(files: Files, folder: str, names: list[str]) -> str:
    """The path of the device that a chip's folder belongs to; empty if it belongs to none. hwmon has a link
    to it, iio's folder is within it."""
    if "device" in names:
        return files.target(f"{folder}/device")
    parent, within = files.target(folder).rpartition("/")[0], folder.rpartition("/")[0]
    return "" if parent == files.target(within) else parent


def _bus(path: str, name: str) -> tuple[str, str]:
    """The folder and the name of the bus that the device at `path` is on. A device on none is alone: then
    they are `path` and `name`."""
    match = _W1_BUS.search(f"{path}/") or _BUS.search(f"{path}/")
    return (path[: match.end(1)], match[1]) if match is not None else (path, name)


def _word(text: str) -> str:
    """A name as a part of a channel's: without what would not be printed, and without slashes."""
    return "".join(
        letter if letter.isprintable() and letter not in "/ \ufffd" else "_" for letter in text.strip()
    )
