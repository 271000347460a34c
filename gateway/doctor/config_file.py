"""The check of the config: what `sig-gateway check` says."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from gateway.doctor.as_root import as_root, not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient

CHECK = "config"
MOST = 20
"""Errors that are listed."""


def config_file(patient: Patient) -> Iterator[Finding]:
    """A line for each error and warning."""
    command = f"sig-gateway check -c {patient.path}"
    yield from _not_read(patient)
    for problem in patient.problems[:MOST]:
        yield Finding(CHECK, Level.RED, str(problem), f"change it, then: {command}")
    if len(patient.problems) > MOST:
        more = len(patient.problems) - MOST
        yield Finding(CHECK, Level.RED, f"{more} more errors", f"all of them: {command}")
    if patient.config is None:
        return
    for warning in patient.config.warnings[:MOST]:
        yield Finding(CHECK, Level.YELLOW, str(warning), f"change it, then: {command}")
    if not patient.problems and not patient.denied:
        parts = f"{_counted(patient.config.links, 'link')} and {_counted(patient.config.sensors, 'sensor')}"
        yield Finding(CHECK, Level.GREEN, f"{patient.path}: correct, {parts}")


def _not_read(patient: Patient) -> Iterator[Finding]:
    """Files that whoever asks may not read. That is a fault where the gateway is theirs to run."""
    for problem in patient.denied[:MOST]:
        if patient.another_s:
            yield not_seen(CHECK, f"{problem}: it is taken to be right", patient.path)
            continue
        text = f"let {patient.person.name} read it; or, if the gateway is to run as another user: "
        yield Finding(CHECK, Level.RED, str(problem), f"{text}{as_root(patient.path)}")


def _counted(things: Sized, name: str) -> str:
    count = len(things)
    return f"{count} {name}{'s' * (count != 1)}"
