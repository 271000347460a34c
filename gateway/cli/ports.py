"""`ports`: what is plugged in, and what to write into the config for it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.stream.ports import PortInfo


def ports(*, as_json: bool) -> int:
    """Print the serial ports of this machine."""
    from drivers.stream.ports import list_ports

    found = list_ports()
    names = names_for_config(found)
    if as_json:
        fields = ("device", "description", "usb_id", "by_id", "by_path")
        rows = [
            {"port": name} | {key: getattr(p, key) for key in fields}
            for name, p in zip(names, found, strict=True)
        ]
        print(json.dumps(rows))
        return 0
    if not found:
        print('No serial ports found. Plug a board in and try again; port: "sim:" is the simulated board.')
        return 0
    for name, port in zip(names, found, strict=True):
        description = "" if port.description == "n/a" else port.description
        print(f"{port.device}  {description}".rstrip())
        print(f'    port: "{name}"')
    return 0


def names_for_config(ports: list[PortInfo]) -> list[str]:
    """For each port the name that survives re-plugging best and means no other port.

    Cheap adapters have no serial number: two of them share their USB identity, and only the socket
    that each is plugged into (by-path) tells them apart.
    """
    usb_ids = Counter(port.usb_id for port in ports)
    by_ids = Counter(port.by_id for port in ports)
    names = []
    for port in ports:
        unique = [
            port.usb_id if usb_ids[port.usb_id] == 1 else None,
            port.by_id if by_ids[port.by_id] == 1 else None,
        ]
        names.append(next((name for name in (*unique, port.by_path) if name), port.device))
    return names
