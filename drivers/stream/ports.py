"""Ports: from what a config says to what can be opened now.

A port is named by what stays the same when a cable is pulled and put back: a USB identity, a path that udev
keeps, a URL. What that means *now* (`ttyUSB0` or `ttyUSB1`) is asked anew at each opening.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from drivers.errors import OptionError, PortError, PortNotFoundError
from drivers.stream.presence import device_presence

_USB = re.compile(r"usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(\S+))?", re.IGNORECASE)
# What pyserial's serial_for_url offers; "alt://" and "hwgrep://" are left out, "usb:" does it better.
URL_SCHEMES = ("socket", "rfc2217", "loop", "spy")
EXPECTED = (
    "a device such as /dev/ttyACM0 or /dev/serial/by-id/…, usb:VID:PID or usb:VID:PID:SERIAL, "
    "socket://host:port, rfc2217://host:port, or sim: for the simulated board"
)


class PortSource(Protocol):
    """Where a link gets its port from. Used by the link's thread alone."""

    def resolve(self) -> str:
        """The device path or URL to open now. Raises `PortNotFoundError` when nothing is there, `PortError`
        when it is, but of no use."""

    def presence(self) -> object:
        """Something that changes when the port goes, comes, or is replaced by another; None when nothing is
        there."""

    def close(self) -> None:
        """Give back what `resolve` started."""


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


def parse_port(text: str) -> PortSource:
    """The source that a config's `port` names. Raises `OptionError` for text that is none of `EXPECTED`."""
    if text.startswith("sim:"):
        from drivers.stream.sim_port import SimPort  # most gateways never start a simulator

        return SimPort.parse(text)
    if text.startswith("usb:"):
        match = _USB.fullmatch(text)
        if match is None:
            raise OptionError(
                "port", f"expected usb:VID:PID or usb:VID:PID:SERIAL, such as usb:2341:0043, got {text!r}"
            )
        return UsbPort(int(match[1], 16), int(match[2], 16), match[3])
    if "://" in text:
        if not _is_port_url(text):
            raise OptionError("port", f"expected {EXPECTED}, got {text!r}")
        return UrlPort(text)
    if "/" not in text:
        raise OptionError("port", f"expected {EXPECTED}, got {text!r}")
    return PathPort(text)


def list_ports() -> list[PortInfo]:
    """The serial ports of this machine, USB ones with their identity."""
    links = {kind: _udev_links(Path("/dev/serial") / kind) for kind in ("by-id", "by-path")}
    return [
        PortInfo(
            device=port.device,
            description=port.description,
            usb_id=_usb_id(port),
            by_id=links["by-id"].get(port.device),
            by_path=links["by-path"].get(port.device),
        )
        for port in sorted(_comports(), key=lambda port: str(port.device))
    ]


class PathPort:
    """A device by its path; a symbolic link is followed anew each time."""

    def __init__(self, path: str) -> None:
        self._path = path

    def resolve(self) -> str:
        if self.presence() is None:
            raise PortNotFoundError(
                f"{self._path} is not there; plug the board in, or see `sig-gateway ports`"
            )
        return self._path

    def presence(self) -> object:
        return device_presence(self._path)

    def close(self) -> None:
        """Nothing was started."""


class UsbPort:
    """A device by its USB vendor, product and, where two of a kind are plugged in, serial number."""

    def __init__(
        self, vid: int, pid: int, serial: str | None, *, comports: Callable[[], Iterable[Any]] | None = None
    ) -> None:
        self._vid, self._pid, self._serial = vid, pid, serial
        self._comports = comports or _comports

    def resolve(self) -> str:
        found = self._matches()
        if not found:
            raise PortNotFoundError(f"no serial port has the identity {self}; see `sig-gateway ports`")
        if len(found) > 1:
            names = " or ".join(sorted(_usb_id(port) or port.device for port in found))
            raise PortError(f"{len(found)} serial ports have the identity {self}; write {names}")
        return str(found[0].device)

    def presence(self) -> object:
        return tuple((port.device, device_presence(port.device)) for port in self._matches()) or None

    def close(self) -> None:
        """Nothing was started."""

    def __str__(self) -> str:
        return f"usb:{self._vid:04x}:{self._pid:04x}" + (f":{self._serial}" if self._serial else "")

    def _matches(self) -> list[Any]:
        return [
            port
            for port in self._comports()
            if (port.vid, port.pid) == (self._vid, self._pid) and self._serial in (None, port.serial_number)
        ]


class UrlPort:
    """A port behind a URL of pyserial's; whether it is there shows only on opening it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def resolve(self) -> str:
        return self._url

    def presence(self) -> object:
        return self._url

    def close(self) -> None:
        """Nothing was started."""


def _is_port_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        host_and_port = url.hostname and url.port
    except ValueError:  # a port number that is none
        return False
    return url.scheme in URL_SCHEMES and bool(host_and_port or url.scheme in ("loop", "spy"))


def _comports() -> Iterable[Any]:
    from serial.tools.list_ports import comports  # reads all of sysfs: only when somebody asks

    ports: Iterable[Any] = comports()
    return ports


def _usb_id(port: Any) -> str | None:
    if port.vid is None:
        return None
    return f"usb:{port.vid:04x}:{port.pid:04x}" + (f":{port.serial_number}" if port.serial_number else "")


def _udev_links(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(folder.iterdir())}
