"""The check of the gateway that runs: what it says of itself, which is better than any look from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.doctor.as_root import not_seen
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient
from gateway.version import package_version

CHECK = "gateway"
MOST = 40
"""Parts of it that are listed."""
_LEVELS = {"failing": Level.RED, "unknown": Level.YELLOW}


def gateway_itself(patient: Patient) -> Iterator[Finding]:
    """Whether it runs, is this one, is this version, and each part of it that is not well."""
    running = patient.running
    if running.health is None:
        yield _silent(patient)
        return
    yield from _identity(patient)
    ill = list(ill_parts(CHECK, running.health, "all of it: sig-gateway health"))
    yield from ill
    if not ill:
        yield Finding(CHECK, Level.GREEN, f"it runs at {running.url}, and all of its parts are well")


def ill_parts(check: str, health: Mapping[str, Any] | None, more: str) -> Iterator[Finding]:
    """Each that is not well, of what `health` says. `more`: where all of it is."""
    ill = [
        (name, each) for name, each in _mappings((health or {}).get("parts")) if each.get("status") != "ok"
    ]
    for name, part in ill[:MOST]:
        level = _LEVELS.get(str(part.get("status")), Level.YELLOW)
        yield Finding(check, level, f"{name}: {part.get('message')}", f"the sentence says what to do; {more}")
    if len(ill) > MOST:
        yield Finding(check, Level.RED, f"{len(ill) - MOST} more parts are not well", more)


def _mappings(parts: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, part in parts.items() if isinstance(parts, dict) else ():
        if isinstance(part, dict):
            yield str(name), part


def _silent(patient: Patient) -> Finding:
    running, unit = patient.running, patient.unit
    if patient.keeper is not None:
        text = f"process {patient.keeper} has the data folder, and no gateway answers at {running.url}: "
        remedy = f"{_restart(patient)}; if router.listen was changed, that is what it needs too"
        return Finding(CHECK, Level.RED, text + running.problem, remedy)
    config = patient.config
    if running.locked and config is not None and config.is_denied("router", "token"):
        text = f"a gateway answers at {running.url}, and wants a token that you may not read"
        return not_seen(CHECK, text, patient.path)
    if not running.refused:
        remedy = "is the address right (--connect), and the token (--token-file)? Who listens: sudo ss -ltnp"
        return Finding(CHECK, Level.RED, running.problem, remedy)
    text = f"it does not run: nobody listens at {running.url}"
    if unit is not None:
        level = Level.RED if unit.enabled else Level.YELLOW
        return Finding(
            CHECK, level, text, f"{unit.systemctl} start sig-gateway, then: {unit.journalctl} -n 50"
        )
    return Finding(CHECK, Level.YELLOW, text, f"start it: sig-gateway run -c {patient.path}")


def _identity(patient: Patient) -> Iterator[Finding]:
    info = patient.running.info or {}
    name, version = info.get("name"), info.get("version")
    ours = patient.config.gateway.name if patient.config is not None else name
    if name != ours:
        text = f"what answers at {patient.running.url} is the gateway {name!r}, and this config's is {ours!r}"
        remedy = "end the other one, or give this one another router.listen; -c names another config"
        yield Finding(CHECK, Level.RED, text, remedy)
    if version != package_version():
        text = f"version {version} runs, and {package_version()} is installed"
        yield Finding(CHECK, Level.YELLOW, text, _restart(patient))


def _restart(patient: Patient) -> str:
    if patient.unit is not None:
        return f"{patient.unit.systemctl} restart sig-gateway"
    return "end it and start it again: sig-gateway run"
