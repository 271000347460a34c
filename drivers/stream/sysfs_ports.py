"""The serial ports that the kernel knows, read from sysfs.

pyserial lists them too, and fails with a TypeError or a ValueError when a device is pulled while it reads the
device's files. Here a port whose files vanish, or cannot be read, is not listed, and nothing is raised.
"""

import os
from dataclasses import dataclass

from drivers.stream.console import REMEDY, consoles

TTYS = "/sys/class/tty"
DEVICES = "/dev"
# The type that the kernel gives to a place where a UART could be, and none is (uapi/linux/serial_core.h).
_NO_UART = "0"
# Serial ports that are neither USB's nor have a UART's type: Bluetooth, and boxes with many ports.
_OTHERS = ("rfcomm", "ttyAP")


@dataclass(frozen=True, slots=True)
class FoundPort:
    """A port as it is now. Those on the board itself have neither vendor, product nor serial number."""

    device: str
    description: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None


class Sysfs:
    """How the files are read; a test's own may fail. Raises OSError and ValueError."""

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        return os.listdir(folder)  # noqa: PTH208 - a hundred names, four times a second while a board is away

    def target(self, path: str) -> str:
        """Where a link leads, all links of the path followed."""
        return os.path.realpath(path, strict=True)

    def text(self, path: str) -> str:
        """A file's text without the white space around it."""
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return file.read(4096).decode(errors="replace").strip()


def serial_ports(sysfs: Sysfs | None = None, *, ttys: str = TTYS, devices: str = DEVICES) -> list[FoundPort]:
    """The serial ports of this machine, in no order. Never raises. From any thread."""
    sysfs = sysfs or Sysfs()
    try:
        names = sysfs.names(ttys)
    except (OSError, ValueError):
        return []
    found = []
    on_console = consoles(f"{ttys}/console/active")
    for name in names:
        try:
            port = _port(sysfs, ttys, devices, name, on_console)
        except (OSError, ValueError):  # it has gone, or is just coming: the next look will show
            continue
        if port is not None:
            found.append(port)
    return found


def _port(sysfs: Sysfs, ttys: str, devices: str, name: str, on_console: frozenset[str]) -> FoundPort | None:
    """Raises OSError and ValueError: for a console without a device at once."""
    device = sysfs.target(f"{ttys}/{name}/device")
    path = f"{devices}/{name}"
    sysfs.target(path)  # in a container, sysfs may show what /dev does not have
    subsystem = os.path.basename(sysfs.target(f"{device}/subsystem"))  # noqa: PTH119 - text all the way
    if subsystem in ("usb", "usb-serial"):
        interface = device if subsystem == "usb" else device.rpartition("/")[0]
        return _usb_port(sysfs, path, name, interface)
    if name.startswith(_OTHERS) or sysfs.text(f"{ttys}/{name}/type") != _NO_UART:
        return FoundPort(
            path, f"{name} - also the kernel's console: {REMEDY}" if name in on_console else name
        )
    return None


def _usb_port(sysfs: Sysfs, path: str, name: str, interface: str) -> FoundPort:
    usb = interface.rpartition("/")[0]
    vid, pid = (int(sysfs.text(f"{usb}/{file}"), 16) for file in ("idVendor", "idProduct"))
    present = sysfs.names(usb)

    def said(folder: str, files: list[str], file: str) -> str | None:
        # Not each device says it. One that says it and cannot be read is on its way out.
        return sysfs.text(f"{folder}/{file}") or None if file in files else None

    product = said(usb, present, "product") or said(usb, present, "manufacturer") or name
    part = said(interface, sysfs.names(interface), "interface")
    description = f"{product} - {part}" if part else product
    return FoundPort(path, _printable(description), vid, pid, said(usb, present, "serial"))


def _printable(text: str) -> str:
    """A device may say anything; a terminal is to be told none of it but words."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
