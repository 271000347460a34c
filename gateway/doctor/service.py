"""The check of systemd's unit: whether it starts at boot, and how it fares."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.doctor.as_root import is_journal_hidden, not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.doctor.unit import UNIT, Unit, is_systemd

CHECK = "service"
MANY = 3
"""Restarts that are more than an update."""


def service(patient: Patient) -> Iterator[Finding]:
    """Where systemd runs the machine."""
    unit = patient.unit
    if unit is not None:
        yield from _of(unit)
        if not unit.own and is_journal_hidden(patient.machine):
            text = "you may not read the journal: whether the watchdog had to restart it is not known"
            yield not_seen(CHECK, text, patient.path)
    elif is_systemd(patient.machine):
        text = f"there is no {UNIT}: it does not start at boot"
        yield Finding(CHECK, Level.YELLOW, text, "sudo sig-gateway service install")
    else:
        yield Finding(CHECK, Level.GREEN, "no systemd here: something else starts it, such as a container")


def _of(unit: Unit) -> Iterator[Finding]:
    log = f"{unit.journalctl} -n 50"
    ill = False
    if not unit.enabled:
        ill = True
        text = f"{UNIT} is not enabled: it does not start at boot"
        yield Finding(CHECK, Level.YELLOW, text, f"{unit.systemctl} enable sig-gateway")
    if unit.active == "failed" or unit.result not in ("", "success"):
        ill = True
        level = Level.RED if unit.active != "active" else Level.YELLOW
        text = f"{UNIT} is {unit.active}, its last end was: {unit.result or 'unknown'}"
        yield Finding(CHECK, level, text, f"see why: {log}; then: {unit.systemctl} restart sig-gateway")
    if unit.watchdog:
        ill = True
        text = f"the watchdog has restarted it {_times(unit.watchdog)} in the last week: a loop hung"
        yield Finding(
            CHECK, Level.YELLOW, text, f"{log}; please report it with: sig-gateway doctor --bundle FILE"
        )
    elif unit.restarts >= MANY:
        ill = True
        text = f"systemd has restarted it {_times(unit.restarts)}"
        yield Finding(CHECK, Level.YELLOW, text, f"see why: {log}")
    if not ill:
        yield Finding(CHECK, Level.GREEN, f"{UNIT} is enabled and {unit.active}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
