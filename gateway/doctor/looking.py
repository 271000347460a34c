"""All checks, in two rounds: what the others need to know, and then all of them side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from gateway.config import Config, ConfigError, load, load_usable
from gateway.config.problems import Problem
from gateway.data_folder import LOCK
from gateway.doctor.bounded import Failed, Late, side_by_side
from gateway.doctor.broker import broker
from gateway.doctor.config_file import config_file
from gateway.doctor.databases import databases
from gateway.doctor.disk import disk
from gateway.doctor.finding import Finding, Level
from gateway.doctor.fleet import fleet
from gateway.doctor.gateway_itself import gateway_itself
from gateway.doctor.listening import listening
from gateway.doctor.machine import Machine
from gateway.doctor.memory import memory
from gateway.doctor.patient import Patient, Running
from gateway.doctor.people import Person, caller, made_up, named
from gateway.doctor.permissions import permissions
from gateway.doctor.ports import groups, ports
from gateway.doctor.power import power
from gateway.doctor.service import service
from gateway.doctor.time_of_day import time_of_day
from gateway.doctor.unit import Unit, look_for_unit
from gateway.doctor.versions import versions
from gateway.doctor.wear import wear

FIRST_S, SECOND_S = 12.0, 20.0
"""What the rounds may take: a broker that answers late takes most of the second."""

Check = Callable[[Patient], Iterable[Finding]]
Waiting = Callable[[Sequence[str]], None]

CHECKS: dict[str, Check] = {
    "config": config_file,
    "gateway": gateway_itself,
    "service": service,
    "permissions": permissions,
    "groups": groups,
    "ports": ports,
    "broker": broker,
    "fleet": fleet,
    "listening": listening,
    "databases": databases,
    "clock": time_of_day,
    "power": power,
    "disk": disk,
    "wear": wear,
    "memory": memory,
    "versions": versions,
}
"""In the order in which they are told."""


def first_round(
    path: Path,
    ask: Callable[[Config | None], Running],
    machine: Machine,
    waiting: Waiting = lambda _names: None,
) -> tuple[Patient, list[Finding]]:
    """Who is to be looked at, and what kept us from knowing. `ask`: asks the gateway that runs with a
    config."""
    results = side_by_side(
        {"the config": partial(_load, path), "systemd": partial(look_for_unit, machine)}, FIRST_S, waiting
    )
    findings = [
        *not_done("config", results["the config"], path),
        *not_done("service", results["systemd"], path),
    ]
    config, problems, denied = _or(results["the config"], (None, (), ()))
    unit: Unit | None = _or(results["systemd"], None)
    more = side_by_side(
        {"the gateway": partial(ask, config), "its data folder": partial(keeper_of, config, machine)},
        FIRST_S,
        waiting,
    )
    findings += not_done("gateway", more["the gateway"], path)
    patient = Patient(
        path=path,
        config=config,
        person=_person(unit),
        running=_or(more["the gateway"], Running("", problem="it did not answer in time")),
        problems=problems,
        denied=denied,
        unit=unit,
        keeper=_or(more["its data folder"], None),
        machine=machine,
    )
    return patient, findings


def second_round(patient: Patient, waiting: Waiting = lambda _names: None) -> list[Finding]:
    """What all checks find, in their order."""

    def look(check: Check) -> list[Finding]:
        return list(check(patient))

    results = side_by_side({name: partial(look, check) for name, check in CHECKS.items()}, SECOND_S, waiting)
    found: list[Finding] = []
    for name, result in results.items():
        found += not_done(name, result, patient.path) or result
    return found


def _load(path: Path) -> tuple[Config | None, tuple[Problem, ...], tuple[Problem, ...]]:
    """The config, what is wrong with it, and what of it may not be read."""
    config: Config | None = None
    problems: tuple[Problem, ...] = ()
    try:
        config = load(path, past_denied=True)
    except ConfigError as error:
        problems = error.problems
        with suppress(ConfigError):
            config = load_usable(path, past_denied=True)
    denied = tuple(problem for problem in problems if problem.denied)
    if config is not None:
        denied += config.denied
    # What stands for a secret that was not read may be wrong where it stands.
    unread = {problem.path for problem in denied}
    return config, tuple(problem for problem in problems if problem.path not in unread), denied


def _person(unit: Unit | None) -> Person:
    """Who the service runs as, else whoever asks."""
    if unit is None or unit.own:
        return caller()
    found = named(unit.user or "root", unit.groups)
    if found is None and unit.dynamic:
        return made_up(unit.user, unit.groups)
    return found or caller()


def keeper_of(config: Config | None, machine: Machine) -> int | None:
    """The process that holds the data folder's lock, as the kernel lists it: no lock is taken to find out."""
    if config is None:
        return None
    try:
        inode = (config.data / LOCK).stat().st_ino
    except OSError:
        return None
    listed = (machine.read("/proc/locks") or "").splitlines()
    for line in listed:
        found = re.search(rf"FLOCK\s+\S+\s+WRITE\s+([1-9]\d*)\s+\S+:{inode}\s", line)
        if found:
            return int(found[1])
    return None


def _or(result: Any, default: Any) -> Any:
    return default if isinstance(result, Late | Failed) else result


def not_done(check: str, result: object, path: Path) -> list[Finding]:
    """A check that hung or failed is a finding too."""
    if isinstance(result, Late):
        remedy = f"is a network's folder or a device gone that it looks at? Try: ls {path.parent}; mount"
        return [Finding(check, Level.RED, f"it could not be found out in {result.within_s:g} s", remedy)]
    if isinstance(result, Failed):
        what = f"{type(result.error).__name__}: {result.error}"
        return [Finding(check, Level.YELLOW, f"it could not be found out: {what}", "please report this")]
    return []
