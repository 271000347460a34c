"""The files of a bundle, as others will read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from drivers.reading import format_utc
from drivers.stream.port_names import names_for_config
from drivers.stream.ports import list_ports
from gateway.doctor.bundle import private
from gateway.doctor.bundle.logs import newest
from gateway.doctor.bundle.scrubber import Private, Scrubber
from gateway.doctor.finding import Finding, report
from gateway.doctor.patient import Patient

WHAT = {
    "doctor.txt": "what `sig-gateway doctor` says, for people",
    "doctor.json": "the same for programs",
    "config.yaml": "the config: keys and values that are harmless, without comments",
    "health.json": "what the running gateway says of its parts",
    "info.json": "what it says of itself and its links",
    "ports.json": "the serial ports of this machine",
    "log.txt": "the newest lines of its log",
}
NO_CONFIG = "the config cannot be read as YAML, and is left out: nothing tells what in it is a secret\n"
NO_LOG = "the log is left out, as nothing here tells what in it is a secret"
AS_ROOT = "who may read all of it gets it: sudo sig-gateway doctor --bundle FILE"
NO_GATEWAY = "no gateway answers"


class Bundle(NamedTuple):
    """`files`: by name, what is in them. `taken_out`: by kind, how much of it."""

    files: Mapping[str, str]
    taken_out: Mapping[str, int]


def bundle(patient: Patient, findings: Sequence[Finding], now: float, more: Iterable[str] = ()) -> Bundle:
    """`now`: UTC. `more`: other secrets, such as a token that was typed. Looks at the log and the ports."""
    ports = list_ports()
    config, known = private.of_config(patient.path)
    known += [*private.of_machine(patient.machine), *private.of_ports(ports), *private.of_running(patient)]
    known += [Private("secret", text) for text in more if text]
    scrubber = Scrubber(known)
    listed = [
        {"port": name, "description": port.description, "usb_id": port.usb_id, "by_path": port.by_path}
        for name, port in zip(names_for_config(ports), ports, strict=True)
    ]
    running = patient.running
    nobody = {"problem": running.problem or NO_GATEWAY}
    files = {
        "doctor.txt": scrubber.text(as_text(findings)),
        "doctor.json": _json(scrubber, report(findings)),
        "config.yaml": scrubber.text(config.text) if config is not None else NO_CONFIG,
        "health.json": _json(scrubber, running.health or nobody),
        "info.json": _json(scrubber, running.info or nobody),
        "ports.json": _json(scrubber, listed),
        "log.txt": scrubber.text(_log(patient)),
    }
    return Bundle({"README.txt": _readme(scrubber.counts, now), **files}, dict(scrubber.counts))


def _log(patient: Patient) -> str:
    """Only where it is known what in it is a secret."""
    why = private.unknown(patient.path)
    return newest(patient) if why is None else f"{NO_LOG}: {why}\n{AS_ROOT} -c {patient.path.absolute()}\n"


def as_text(findings: Iterable[Finding]) -> str:
    """A line for each, its remedy below."""
    lines = []
    for check, level, message, remedy in findings:
        lines.append(f"{level:6}  {check:14}  {message}")
        if remedy:
            lines.append(f"{'':24}> {remedy}")
    return "\n".join(lines) + "\n"


def taken_out(counts: Mapping[str, int]) -> str:
    """`3 × secret, 2 × host`."""
    return ", ".join(f"{count} x {kind}" for kind, count in sorted(counts.items())) or "nothing"


def _json(scrubber: Scrubber, value: Any) -> str:
    return json.dumps(scrubber.data(value), ensure_ascii=False, indent=1, default=str) + "\n"


def _readme(counts: Mapping[str, int], now: float) -> str:
    files = "".join(f"{name:12}  {text}\n" for name, text in WHAT.items())
    return (
        f"Written by `sig-gateway doctor --bundle`, {format_utc(now)[:19]}Z.\n\n{files}\n"
        f"Taken out, as it is secret or personal: {taken_out(counts)}.\n"
        "One thing has the same number wherever it stood: <host 1>. Names of sensors, links and the gateway "
        "are there.\n"
    )
