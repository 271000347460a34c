"""`ports`: what is plugged in, and what to write into the config for it."""

from __future__ import annotations

import json
from typing import Any

from drivers.stream.port_names import PortInfo, names_for_config
from drivers.stream.ports import list_ports
from gateway.cli.kernel_sensors import kernel_rows, print_kernel_sensors

__all__ = ["as_row", "names_for_config", "ports", "title"]

FIELDS = ("device", "description", "usb_id", "by_id", "by_path")


def ports(*, as_json: bool) -> int:
    """Print the serial ports of this machine, and the sensors that its kernel reads."""
    found = list_ports()
    names = names_for_config(found)
    if as_json:
        rows = [as_row(name, port) for name, port in zip(names, found, strict=True)]
        # With the same keys, so that who looks at a row's port only need not know of these.
        no_port = dict.fromkeys(("port", *FIELDS))
        print(json.dumps(rows + [no_port | row for row in kernel_rows()]))
        return 0
    if not found:
        print('No serial ports found. Plug a board in and try again; port: "sim:" is the simulated board.')
    for name, port in zip(names, found, strict=True):
        print(title(port))
        print(f"    port: {json.dumps(name, ensure_ascii=False)}")  # what JSON quotes, YAML reads
    print_kernel_sensors()
    return 0


def as_row(name: str, port: PortInfo) -> dict[str, Any]:
    """A port as `--json` shows it."""
    return {"port": name} | {key: getattr(port, key) for key in FIELDS}


def title(port: PortInfo) -> str:
    """`/dev/ttyACM0  Arduino Uno`."""
    description = "" if port.description == "n/a" else port.description
    return f"{port.device}  {description}".rstrip()
