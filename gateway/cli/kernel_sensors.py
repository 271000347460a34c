"""What `ports` says of the sensors that the kernel's own drivers read."""

import json
import re
from collections.abc import Iterator

from drivers.sysfs.files import Files
from drivers.sysfs.names import channel_name, shown
from drivers.sysfs.source import ROOT
from drivers.sysfs.tree import Chip, scan

# What YAML takes as it is.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@./:-]*[A-Za-z0-9_]")


def print_kernel_sensors(root: str = ROOT) -> None:
    """Print each, and the `channel:` to write for it; that there is none, where so. Asks no sensor."""
    files = Files()
    tree = scan(root, files)
    if tree.chips:
        print("Sensors that the kernel reads, for a link with protocol: sysfs")
    elif not tree.ghosts:
        print("No sensors of the kernel's under /sys: see docs/sysfs.md")
    for chip in tree.chips:
        name = shown(chip, tree.chips)
        print(f"{name}  {_where(chip)}".rstrip())
        for line in _channels(chip, name, files):
            print(f"    channel: {line}")
    for ghost in tree.ghosts:
        print(f"w1/{ghost}  is no sensor, but noise: check the pull-up of 4.7 kΩ on the 1-wire bus")


def kernel_rows(root: str = ROOT) -> Iterator[dict[str, str | None]]:
    """Each channel as `--json` shows it; what is not known of it is null."""
    files = Files()
    chips = scan(root, files).chips
    for chip in chips:
        name = shown(chip, chips)
        for quantity in chip.quantities.values():
            yield {
                "description": f"{name}  {_where(chip)}".rstrip(),
                "protocol": "sysfs",
                "channel": channel_name(name, quantity.name),
                "kind": quantity.kind or None,
                "unit": quantity.unit or None,
                "label": _label(chip, quantity.name, files) or None,
            }


def _where(chip: Chip) -> str:
    on = f" on {chip.bus_name}" if chip.bus_name not in ("", chip.name) else ""
    return f"{chip.model}{on}"


def _channels(chip: Chip, name: str, files: Files) -> Iterator[str]:
    for quantity in chip.quantities.values():
        channel = channel_name(name, quantity.name)
        text = channel if _PLAIN.fullmatch(channel) else json.dumps(channel, ensure_ascii=False)
        label = _label(chip, quantity.name, files)
        about = " ".join(filter(None, (quantity.kind, quantity.unit, label and f"({label})")))
        yield f"{text}  # {about}" if about else text


def _label(chip: Chip, quantity: str, files: Files) -> str:
    """What the chip's maker calls it, if the kernel knows."""
    try:
        text = files.label(f"{chip.folder}/{quantity}_label").strip()
    except OSError:
        return ""
    return text if text.isprintable() else ""
