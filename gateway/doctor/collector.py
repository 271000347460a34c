"""All checks of a collector's file: those of its own, and those of a gateway's that are about the machine.

What runs is asked over HTTP, as a collector has no other way in: without `http`, or with TLS, it is only seen
that somebody has its data folder.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from gateway.config.address import parse_address
from gateway.config.collecting import CollectConfig, load_collect
from gateway.config.models import HttpSection
from gateway.config.problems import ConfigError, Problem
from gateway.doctor import config_file
from gateway.doctor.as_root import is_hidden, not_seen
from gateway.doctor.bounded import side_by_side
from gateway.doctor.databases import CHECK as DATABASES
from gateway.doctor.databases import look
from gateway.doctor.disk import disk
from gateway.doctor.finding import Finding, Level
from gateway.doctor.fleet import at_routers, of_certificate
from gateway.doctor.gateway_itself import ill_parts
from gateway.doctor.looking import keeper_of, not_done
from gateway.doctor.machine import Machine
from gateway.doctor.memory import memory
from gateway.doctor.patient import Patient, Running
from gateway.doctor.people import caller
from gateway.doctor.permissions import permissions
from gateway.doctor.power import power
from gateway.doctor.time_of_day import time_of_day
from gateway.doctor.versions import versions
from gateway.doctor.wear import wear
from gateway.history.schema import SCHEMA

CHECK = "collector"
SECOND_S = 20.0
ASK_S = 4.0
"""For the collector that runs to answer."""
MOST_SITES = 40
"""Whose files are looked at."""
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not listened on

Waiting = Callable[[Sequence[str]], None]


def look_at_collector(
    path: Path, machine: Machine, waiting: Waiting = lambda _names: None
) -> tuple[Patient, list[Finding]]:
    """What it is about, and what all checks find."""
    config, problems = _load(path)
    shared = None if config is None else config.shared
    patient = Patient(
        path=path,
        config=shared,
        person=caller(),
        running=Running("") if config is None else ask(config.shared.http),
        problems=problems,
        keeper=keeper_of(shared, machine),
        machine=machine,
    )
    looks: dict[str, Callable[[], Iterable[Finding]]] = {
        config_file.CHECK: partial(_config, patient, config),
        **({} if config is None else _of_its_own(patient, config)),
        **{
            name: partial(check, patient)
            for name, check in (
                ("permissions", permissions),
                ("clock", time_of_day),
                ("power", power),
                ("disk", disk),
                ("wear", wear),
                ("memory", memory),
                ("versions", versions),
            )
        },
    }
    results = side_by_side({name: partial(_listed, each) for name, each in looks.items()}, SECOND_S, waiting)
    found: list[Finding] = []
    for name, result in results.items():
        found += not_done(name, result, path) or result
    return patient, found


def ask(section: HttpSection | None) -> Running:
    """How the collector that runs fares, as its `/healthz` says. Waits no longer than it may take."""
    if section is None or section.tls is not None or parse_address(section.listen).unix:
        return Running("")
    address = parse_address(section.listen)
    connection = http.client.HTTPConnection(_ANY.get(address.host, address.host), address.port, timeout=ASK_S)
    token = None if section.token is None else section.token.get_secret_value()
    try:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request("GET", "/healthz", headers=headers)
        said = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Running(section.url, problem=why, refused=isinstance(error, ConnectionRefusedError))
    finally:
        connection.close()
    if not isinstance(said, dict) or not isinstance(said.get("parts"), dict):
        return Running(section.url, problem="what answers there is no collector")
    return Running(section.url, said)


def _of_its_own(patient: Patient, config: CollectConfig) -> dict[str, Callable[[], Iterable[Finding]]]:
    return {
        CHECK: partial(_itself, patient),
        "fleet": partial(_fleet, config),
        DATABASES: partial(_databases, patient, config),
    }


def _load(path: Path) -> tuple[CollectConfig | None, tuple[Problem, ...]]:
    try:
        return load_collect(path), ()
    except ConfigError as error:
        return None, error.problems


def _listed(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    return list(check())


def _config(patient: Patient, config: CollectConfig | None) -> Iterator[Finding]:
    if config is None:
        yield from config_file.config_file(patient)
        return
    for warning in config.shared.warnings:
        remedy = f"change it, then: sig-gateway check -c {patient.path}"
        yield Finding(config_file.CHECK, Level.YELLOW, str(warning), remedy)
    section = config.collect
    text = f"{patient.path}: correct, collects {', '.join(section.sites) or 'all sites'} as {section.name}"
    yield Finding(config_file.CHECK, Level.GREEN, text)


def _itself(patient: Patient) -> Iterator[Finding]:
    """Whether it runs, and each part of it that is not well."""
    running, start = patient.running, f"sig-gateway collect -c {patient.path}"
    if patient.keeper is None:
        if patient.keeper_hidden:
            yield not_seen(CHECK, "whether it runs may not be seen by you", patient.path)
        elif running.answers:
            text = f"what answers at {running.url} is not the collector of this config"
            yield Finding(CHECK, Level.RED, text, f"end it, or choose another http.listen; then: {start}")
        else:
            yield Finding(CHECK, Level.YELLOW, "it does not run", f"start it: {start}")
        return
    who = f"it runs as process {patient.keeper}"
    if not running.url:
        yield Finding(CHECK, Level.GREEN, f"{who}; how it fares is told by `http` without TLS alone")
    elif not running.answers:
        text = f"{who}, and does not answer at {running.url}: {running.problem}"
        yield Finding(CHECK, Level.RED, text, f"if http was changed: end it, then: {start}")
    else:
        ill = list(ill_parts(CHECK, running.health, f"all of it: {running.url}/healthz"))
        yield from ill
        if not ill:
            yield Finding(CHECK, Level.GREEN, f"{who}, and all of its parts are well")


def _fleet(config: CollectConfig) -> Iterator[Finding]:
    yield from at_routers(config.shared, config.fleet)
    if config.fleet.tls is not None:
        name = config.collect.name
        yield from of_certificate(config.shared.read_at(config.fleet.tls.cert), name, by_collector=True)


def _databases(patient: Patient, config: CollectConfig) -> Iterator[Finding]:
    if config.collect.postgres is not None:
        yield _postgres(config.collect.postgres.get_secret_value())
        return
    if patient.keeper is not None:
        yield Finding(DATABASES, Level.GREEN, "the collector has them open, and says how they are")
        return
    if is_hidden(config.data / "any"):
        yield not_seen(DATABASES, f"what is in {config.data} may not be seen by you", patient.path)
        return
    files = sorted(config.data.glob("*/history.db"))
    for file in files[:MOST_SITES]:
        yield look(file, SCHEMA)
    if len(files) > MOST_SITES:
        text = f"{len(files) - MOST_SITES} more files were not looked at"
        yield Finding(DATABASES, Level.GREEN, text)
    if not files:
        yield Finding(DATABASES, Level.GREEN, "none yet")


def _postgres(url: str) -> Finding:
    try:
        import psycopg
    except ImportError:
        text = "PostgreSQL needs psycopg, which is not installed"
        return Finding(DATABASES, Level.RED, text, "pip install 'sig-gateway[postgres]'")
    from gateway.collect.postgres.schema import connect, told

    try:
        connect(url).close()
    except psycopg.Error as error:
        return Finding(DATABASES, Level.RED, told(error), "as it says; what is written in collect.postgres")
    return Finding(DATABASES, Level.GREEN, "PostgreSQL lets us in")
