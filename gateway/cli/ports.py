"""`ports`: what is plugged in, and what to write into the config for it."""

import json

from drivers.stream.port_names import names_for_config
from drivers.stream.ports import list_ports
from gateway.cli.kernel_sensors import print_kernel_sensors

__all__ = ["names_for_config", "ports"]


def ports(*, as_json: bool) -> int:
    """Print the serial ports of this machine."""
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
    for name, port in zip(names, found, strict=True):
        description = "" if port.description == "n/a" else port.description
        print(f"{port.device}  {description}".rstrip())
        print(f"    port: {json.dumps(name, ensure_ascii=False)}")  # what JSON quotes, YAML reads
    print_kernel_sensors()
    return 0
