"""What must not be in a bundle: of the config, of the gateway that runs, and of this machine. Looks."""

from __future__ import annotations

import os
import pwd
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from drivers.stream.port_names import PortInfo
from gateway.config.secrets import SECRET_TAGS, SecretError, Secrets
from gateway.doctor.bundle.config_text import Shown, shown, url_parts
from gateway.doctor.bundle.ordinary import is_ordinary
from gateway.doctor.bundle.scrubber import Private
from gateway.doctor.bundle.typed import typed
from gateway.doctor.machine import Machine
from gateway.doctor.named_files import MOST_BYTES, nodes_of, scalars
from gateway.doctor.patient import Patient

HUMANS = range(1000, 60000)
"""Numbers of the users that are people, on Debian (adduser.conf(5))."""
WITHIN_S = 3.0


def of_config(path: Path) -> tuple[Shown | None, list[Private]]:
    """The config as it may be shown, None where nothing can be made of it; and what is private of it."""
    root = nodes_of(path)
    if root is None:
        return None, list(typed(_read(path)))
    found = shown(root)
    return found, [*found.private, *_elsewhere(path, root)]


def unknown(path: Path) -> str | None:
    """Why there may be secrets that nobody here knows: what whoever asks cannot read, though the gateway that
    runs may; None if all are known."""
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    secrets = Secrets(path.parent, os.environ)
    for _, node in scalars(nodes_of(path)):
        if node.tag in SECRET_TAGS:
            try:
                secrets.resolve(node.tag, node.value)
            except SecretError as error:
                return str(error)
    return None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return ""


def _elsewhere(path: Path, root: yaml.Node) -> Iterator[Private]:
    """The values that `!env` and `!file` stand for."""
    secrets = Secrets(path.parent, os.environ)
    for _, node in scalars(root):
        if node.tag in SECRET_TAGS:
            try:
                value = secrets.resolve(node.tag, node.value)
            except SecretError:
                continue
            yield Private("secret", value)
            if "://" in value:
                yield from url_parts(value)


def of_machine(machine: Machine) -> Iterator[Private]:
    """Its names, the people who use it, its networks and its serial number."""
    names = [socket.gethostname(), *(machine.read("/etc/hostname") or "").split()]
    names += re.findall(r"^(?:search|domain)\s+(\S+)", machine.read("/etc/resolv.conf") or "", re.MULTILINE)
    for name in names:
        for each in {name, name.partition(".")[0]}:
            if not is_ordinary(each):
                yield Private("host", each)
    yield from _people()
    for path in ("/proc/device-tree/serial-number", "/etc/machine-id", "/sys/class/dmi/id/product_serial"):
        number = machine.read(path)
        if number and len(number) > 3:
            yield Private("serial", number)
    yield from (Private("Wi-Fi name", name) for name in _networks(machine))


def _people() -> Iterator[Private]:
    callers = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")}
    for entry in pwd.getpwall():
        if entry.pw_uid not in HUMANS and entry.pw_name not in callers and entry.pw_uid != os.geteuid():
            continue
        real = entry.pw_gecos.partition(",")[0]
        for name in {entry.pw_name, real, *(word for word in real.split() if len(word) > 2)}:
            if not is_ordinary(name):
                yield Private("user", name)


def _networks(machine: Machine) -> Iterator[str]:
    said = machine.run(["iwgetid", "-r"], WITHIN_S)
    yield from filter(None, (said.text if said is not None and said.status == 0 else "").splitlines())
    said = machine.run(["nmcli", "-t", "-f", "TYPE,NAME", "connection", "show"], WITHIN_S)
    for line in (said.text if said is not None and said.status == 0 else "").splitlines():
        kind, _, name = line.partition(":")
        if "wireless" in kind and name:
            yield name.replace("\\:", ":")
    known = machine.read("/etc/wpa_supplicant/wpa_supplicant.conf") or ""
    yield from re.findall(r'^\s*ssid="([^"\n]+)"', known, re.MULTILINE)


def of_ports(ports: Iterable[PortInfo]) -> Iterator[Private]:
    """Serial numbers of USB devices."""
    for port in ports:
        number = (port.usb_id or "").split(":", 3)[3:]
        if number and len(number[0]) > 2:
            yield Private("serial", number[0])


def of_running(patient: Patient) -> Iterator[Private]:
    """What devices say they are."""
    links: Any = (patient.running.info or {}).get("links")
    for link in links.values() if isinstance(links, dict) else ():
        for device in link.get("devices", ()) if isinstance(link, dict) else ():
            identity = device.get("identity") if isinstance(device, dict) else None
            if isinstance(identity, str) and len(identity) > 3:
                yield Private("serial", identity)
