"""The check of the ports of the config's links, and of the groups that give rights to them.

Nothing is opened: that may reset a board, and hold up a gateway that is about to open it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drivers.errors import DriverError
from drivers.stream import proc
from drivers.stream.ports import PathPort, UrlPort, UsbPort, parse_port
from gateway.doctor.as_root import not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.doctor.people import Person, group_id, group_name, is_listed
from gateway.probe.users import users

CHECK, GROUPS = "ports", "groups"
_OPENS = " can be opened"
_GROUPS = ("dialout", "gpio", "i2c")
"""Of Raspberry Pi OS: serial ports, pins, the I²C bus."""


def ports(patient: Patient) -> Iterator[Finding]:
    """A line for each link that has a port. One more, for who is not root, where the gateway runs and a link
    is not up but its port can be opened: another user's program may hold it, and /proc does not show it."""
    config = patient.config
    if config is None:
        return
    hidden = False
    for name, link in config.links.items():
        port = link.options.get("port")
        if isinstance(port, str) and not config.is_denied("links", name, "port"):
            secret = ("links", name, "port") in config.secrets
            found = _port(patient, name, port, "its port" if secret else port)
            yield found
            hidden |= found.message.endswith(_OPENS) and bool(patient.running.link(name))
    if hidden and os.geteuid() != 0:
        yield not_seen(CHECK, "whether another user's program holds a port is not known", patient.path)


def _port(patient: Patient, link: str, port: str, shown: str) -> Finding:
    """`shown`: what may be told of it."""
    begin = f"link {link}: "
    says = patient.running.link(link)
    if says.get("state") == "up":
        return Finding(CHECK, Level.GREEN, f"{begin}{shown} is open, and the link is up")
    if port.startswith("sim:"):
        return Finding(CHECK, Level.GREEN, f"{begin}a simulated board")
    try:
        source: Any = parse_port(port)
        if isinstance(source, UrlPort) or not isinstance(source, PathPort | UsbPort):
            return Finding(CHECK, Level.GREEN, f"{begin}{shown} is behind a network: seen when it is opened")
        device = source.resolve()
    except DriverError as error:
        remedy = "plug it in, then: sig-gateway ports; it shows how to write what is there"
        text = str(error) if shown == port else "its port is not there"
        return Finding(CHECK, Level.RED, f"{begin}{text}", remedy)
    if shown != port:
        return _used(patient, begin, device, shown) or Finding(CHECK, Level.GREEN, f"{begin}{shown}{_OPENS}")
    rights = _rights(patient.person, begin, device)
    return rights or _used(patient, begin, device, device) or _fine(begin, device, shown)


def _fine(begin: str, device: str, shown: str) -> Finding:
    where = f" ({device})" if device != shown else ""
    return Finding(CHECK, Level.GREEN, f"{begin}{shown}{where} is there, and{_OPENS}")


def _rights(person: Person, begin: str, device: str) -> Finding | None:
    path = Path(device)
    try:
        if person.may(path, os.R_OK | os.W_OK):
            return None
        status = path.stat()
    except OSError as error:
        return Finding(CHECK, Level.RED, f"{begin}{device}: {error.strerror}", f"ls -l {device}")
    group = group_name(status.st_gid)
    text = f"{begin}{person.name} may not open {device} ({stat.filemode(status.st_mode)}, group {group})"
    if not status.st_mode & stat.S_IWGRP:
        return Finding(CHECK, Level.RED, text, f"sudo chmod g+rw {device}; for good by a udev rule")
    if is_listed(person, status.st_gid):
        return Finding(CHECK, Level.RED, text, f"{person.name} was added to {group} since: log in again")
    return Finding(CHECK, Level.RED, text, f"sudo usermod -aG {group} {person.name}, then {_again(person)}")


def _again(person: Person) -> str:
    return "log in again" if person.caller else "sudo systemctl restart sig-gateway"


def _used(patient: Patient, begin: str, device: str, shown: str) -> Finding | None:
    """By others than the gateway itself."""
    login = proc.terminal_user(device)
    if login is not None:
        text = f"{begin}{shown} has a login on it, or is the terminal of {login}"
        remedy = "sudo raspi-config (Interface Options > Serial Port > login shell: no); or name another port"
        return Finding(CHECK, Level.RED, text, remedy)
    ours = {f"(pid {pid})" for pid in (patient.keeper, patient.unit.pid if patient.unit else None) if pid}
    others = [user for user in users(device) if not any(user.endswith(mark) for mark in ours)]
    if not others:
        return None
    remedy = f"end it, or its use of the port: fuser -v {shown}"
    if any(user.startswith("ModemManager") for user in others):
        remedy = "sudo systemctl disable --now ModemManager"
    return Finding(CHECK, Level.RED, f"{begin}{shown} is held by {', '.join(others)}", remedy)


def groups(patient: Patient) -> Iterator[Finding]:
    """Of those that Raspberry Pi OS has for hardware: which the user is in. Only serial ports need one."""
    person = patient.person
    there = {name: gid for name in _GROUPS if (gid := group_id(name)) is not None}
    inside = [name for name, gid in there.items() if gid in person.gids]
    missing = [name for name in there if name not in inside]
    wanted = person.uid != 0 and "dialout" in missing and _has_serial(patient)
    said = f"{person.name} is in {', '.join(inside) or 'none of ' + ', '.join(there or _GROUPS)}"
    if inside and missing:
        said += f", not in {', '.join(missing)}"
    if not wanted:
        yield Finding(GROUPS, Level.GREEN, said)
    elif is_listed(person, there["dialout"]):
        yield Finding(GROUPS, Level.YELLOW, said, f"{person.name} was added to dialout since: log in again")
    else:
        remedy = f"sudo usermod -aG dialout {person.name}, then {_again(person)}"
        yield Finding(GROUPS, Level.YELLOW, said, remedy)


def _has_serial(patient: Patient) -> bool:
    links = patient.config.links.values() if patient.config is not None else ()
    names = [str(link.options.get("port", "")) for link in links]
    return any(name.startswith(("/dev/tty", "/dev/serial", "usb:")) for name in names)
