"""Ports: from what a config says to what can be opened now.

A port is named by what stays the same when a cable is pulled and put back: a USB identity, a path that udev
keeps, a URL. What that means *now* (`ttyUSB0` or `ttyUSB1`) is asked anew at each opening.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from drivers.errors import OptionError, PortError, PortNotFoundError
from drivers.stream import usb_identity
from drivers.stream.port_names import PortInfo, names_for_config
from drivers.stream.presence import device_presence
from drivers.stream.sim_link import is_stale
from drivers.stream.sysfs_ports import serial_ports

# What pyserial's serial_for_url offers; "alt://" and "hwgrep://" are left out, "usb:" does it better, and
# "loop://" is refused: it hears only itself, so no board ever answers.
URL_SCHEMES = ("socket", "rfc2217", "spy")
UDEV = Path("/dev/serial")  # where udev keeps the links by-id and by-path
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


def parse_port(text: str, simulated: str | None = None) -> PortSource:
    """The source that a config's `port` names. Raises `OptionError` for text that is none of `EXPECTED`.

    `simulated`: what `sim:` is to speak, a protocol of the simulator; empty for one that it does not speak,
    None while that is not known, which takes the options of all of them.
    """
    if text.startswith("sim:"):
        from drivers.stream.sim_port import SimPort  # most gateways never start a simulator

        return SimPort.parse(text, simulated)
    if text.startswith("usb:"):
        return UsbPort(*usb_identity.read(text))
    if text.startswith("loop:"):
        raise OptionError(
            "port", f"expected {EXPECTED}, got {text!r}, which hears only itself: no board ever answers there"
        )
    if "://" in text:
        if not _is_port_url(text):
            socket_url = f"socket://{text.removeprefix('tcp://')}"
            write = f"; write: {socket_url}" if text.startswith("tcp:") and _is_port_url(socket_url) else ""
            raise OptionError("port", f"expected {EXPECTED}, got {text!r}{write}")
        return UrlPort(text)
    if "/" not in text:
        raise OptionError("port", f"expected {EXPECTED}, got {text!r}")
    return PathPort(text)


def list_ports() -> list[PortInfo]:
    """The serial ports of this machine, USB ones with their identity. Never raises."""
    return _named(serial_ports())


def _named(found: Iterable[Any]) -> list[PortInfo]:
    links = {kind: _udev_links(UDEV / kind) for kind in ("by-id", "by-path")}
    return [
        PortInfo(
            device=port.device,
            description=port.description,
            usb_id=None if port.vid is None else usb_identity.written(port.vid, port.pid, port.serial_number),
            by_id=links["by-id"].get(port.device),
            by_path=links["by-path"].get(port.device),
        )
        for port in sorted(found, key=lambda port: str(port.device))
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
        if is_stale(self._path):
            raise PortNotFoundError(f"the simulated board that made {self._path} is gone; start it again")
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
        self._comports = comports

    def resolve(self) -> str:
        found = self._matches()
        if not found:
            raise PortNotFoundError(f"no serial port has the identity {self}; see `sig-gateway ports`")
        if len(found) > 1:
            names = " or ".join(sorted(names_for_config(_named(found))))
            raise PortError(f"{len(found)} serial ports have the identity {self}; write {names}")
        return str(found[0].device)

    def presence(self) -> object:
        return tuple((port.device, device_presence(port.device)) for port in self._matches()) or None

    def close(self) -> None:
        """Nothing was started."""

    def __str__(self) -> str:
        return usb_identity.written(self._vid, self._pid, self._serial)

    def _matches(self) -> list[Any]:
        return [
            port
            for port in (self._comports or serial_ports)()
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
    return url.scheme in URL_SCHEMES and bool(host_and_port or (url.scheme == "spy" and url.path))


def _udev_links(folder: Path) -> dict[str, str]:
    """Links by the device that each leads to; udev makes and removes them while we look."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - iterdir raises only once it is iterated
    except OSError:
        return {}
    return {os.path.realpath(folder / name): str(folder / name) for name in names}
