"""The check of where the gateway listens: for programs (router) and for browsers (http). Connects, and says
nothing; binds to no port of the gateway's."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from gateway.config import Config
from gateway.config.address import Address, parse_address
from gateway.doctor.as_root import not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.listeners import who_listens
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient

CHECK = "listening"
CONNECT_S = 2.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not listened on


def listening(patient: Patient) -> Iterator[Finding]:
    """A line for each section that listens."""
    config = patient.config
    if config is None:
        return
    for section, listen in _sections(config):
        yield _one(patient, section, listen, parse_address(listen))


def _sections(config: Config) -> Iterator[tuple[str, str]]:
    yield "router", config.router.listen
    if config.http is not None:
        yield "http", config.http.listen


def _one(patient: Patient, section: str, listen: str, address: Address) -> Finding:
    accepts = _accepts(address)
    if patient.running.answers:
        if accepts:
            return Finding(CHECK, Level.GREEN, f"{section}: {listen} answers")
        text = f"{section}: the gateway runs, and nobody listens at {listen}"
        return Finding(
            CHECK, Level.RED, text, "if the config was changed: sig-gateway reload, or start it again"
        )
    if accepts and patient.keeper is None:
        others = who_listens(patient.machine, address.port) if not address.unix else ""
        by = f" by {others}" if others else ""
        text = f"{section}: {listen} is in use{by}"
        if patient.keeper_hidden and not others:
            return not_seen(CHECK, f"{text}, maybe by the gateway of this config", patient.path)
        text += ", which is no gateway of this config"
        remedy = f"end it (`sudo ss -ltnp` shows it), or choose another {section}.listen"
        return Finding(CHECK, Level.RED, text, remedy)
    problem = _bindable(address, patient.machine, root=patient.person.uid == 0)
    if problem is not None:
        return Finding(CHECK, Level.RED, f"{section}: cannot listen on {listen}: {problem[0]}", problem[1])
    return Finding(CHECK, Level.GREEN, f"{section}: {listen} is free")


def _accepts(address: Address) -> bool:
    """Whether somebody takes a connection there."""
    family = socket.AF_UNIX if address.unix else socket.AF_INET6 if ":" in address.host else socket.AF_INET
    place = address.host if address.unix else (_ANY.get(address.host, address.host), address.port)
    with closing(socket.socket(family)) as trying:
        trying.settimeout(CONNECT_S)
        try:
            trying.connect(place)
        except OSError:
            return False
        return True


def _bindable(address: Address, machine: Machine, *, root: bool) -> tuple[str, str] | None:
    """Why nobody could listen there, and the remedy: tried with any other port of that address."""
    if address.unix:
        folder = Path(address.host).absolute().parent
        return None if folder.is_dir() else (f"there is no folder {folder}", f"sudo mkdir -p {folder}")
    least = machine.number("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not root and address.port < (1024 if least is None else least):
        return "this user may not", f"choose a port from {least or 1024} on"
    try:
        with closing(socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)) as trying:
            trying.bind((address.host, 0))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return (
                "this machine has no such address",
                "`ip address` shows those it has; 0.0.0.0 is all of them",
            )
        return error.strerror or str(error), "write an address of this machine: `ip address` shows them"
    return None
