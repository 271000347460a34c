"""The check of the gateway's place in a fleet: its routers, its certificate, and what waits to be confirmed.

A router is asked for no more than a handshake, before anything of the fleet's is said: a gateway that runs is
not disturbed. What a router then lets it say cannot be seen; nor, without certificates, whether what listens
there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gateway.config import Config
from gateway.config.collect import CollectedFleetSection
from gateway.config.enrolled import of_collector, of_gateway
from gateway.config.fleet import FleetSection
from gateway.doctor.as_root import not_seen
from gateway.doctor.bounded import Late, side_by_side
from gateway.doctor.finding import Finding, Level
from gateway.doctor.fleet_spool import CHECK, waiting
from gateway.doctor.patient import Patient
from gateway.fleet.certificate import Certificate, certificate_of
from gateway.fleet.diagnosis import why_not
from gateway.fleet.hub import SOON_DAYS
from gateway.member.settings import settings_of

_RIGHTS = "what it lets us say is not seen from here"
ROUTER_S = 8.0
"""For one: it has three steps of `gateway.fleet.diagnosis.WITHIN_S`."""
_RENEW = (
    "where the fleet's authority is: sig-gateway fleet renew {name}; copy the three files over the old ones, "
    "then restart it"
)


def fleet(patient: Patient) -> Iterator[Finding]:
    """A line for each router that does not answer, or one for all that do; one for the certificate; one for
    what waits."""
    config = patient.config
    if config is None or any(problem.path[:1] == ("fleet",) for problem in patient.problems):
        return  # the check of the config says it
    section = config.fleet
    if section is None:
        yield Finding(CHECK, Level.GREEN, "no fleet section: it belongs to no fleet")
        return
    if config.is_denied("fleet"):
        text = "its routers are not tried, as you may not read what it shows them"
        yield not_seen(CHECK, text, patient.path)
    else:
        yield from at_routers(config, section)
        if section.tls is not None:
            name = f"{section.site}/{config.gateway.name}"
            yield from of_certificate(config.read_at(section.tls.cert), name)
    yield from waiting(patient, config)


def at_routers(config: Config, section: FleetSection | CollectedFleetSection) -> Iterator[Finding]:
    """A line for each that does not let us in, or one for all that do. `config`: where its files are."""
    hidden = any(path[:2] == ("fleet", "routers") for path in config.secrets)
    shown = {
        f"router {number}" if hidden else url: url for number, url in enumerate(section.routers, start=1)
    }
    settings = settings_of(section, config)
    looks = {
        name: partial(why_not, where, settings.tls)
        for name, where in zip(shown, settings.routers, strict=True)
    }
    causes = {
        name: f"it did not answer in {found.within_s:g} s" if isinstance(found, Late) else str(found)
        for name, found in side_by_side(looks, ROUTER_S).items()
    }
    yield from judge_routers(causes, encrypted=section.tls is not None)


def judge_routers(causes: Mapping[str, str], *, encrypted: bool) -> Iterator[Finding]:
    """`causes`: by router, why it does not let us in; "" where it does."""
    silent = {name: cause for name, cause in causes.items() if cause}
    there = [name for name in causes if name not in silent]
    level = Level.YELLOW if there else Level.RED
    remedy = "as it says; or take it out of fleet.routers. Each cause: docs/fleet-security.md, at its end"
    for name, cause in silent.items():
        others = f"; {', '.join(there)} does" if there else ""
        yield Finding(CHECK, level, f"{name} does not let us in: {cause}{others}", remedy)
    if not silent:
        how = (
            f"shows the fleet's certificate, and takes ours; {_RIGHTS}"
            if encrypted
            else "listens, without TLS"
        )
        yield Finding(
            CHECK, Level.GREEN, f"{', '.join(there)}: each {how}" if there[1:] else f"{there[0]} {how}"
        )


def of_certificate(path: Path, name: str, *, by_collector: bool = False) -> Iterator[Finding]:
    """See `judge_certificate`."""
    try:
        found = certificate_of(path.read_text(errors="replace"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        yield Finding(CHECK, Level.YELLOW, f"until when {path} is valid is not known: {why}", f"ls -l {path}")
        return
    yield from judge_certificate(found, name, datetime.now(UTC), by_collector=by_collector)


def judge_certificate(
    found: Certificate, name: str, now: datetime, *, by_collector: bool = False
) -> Iterator[Finding]:
    """`name`: what the config calls the gateway, `site/gateway`, or the collector. `now`: UTC."""
    if text := (of_collector if by_collector else of_gateway)(found, name):
        wrong, _, mend = text.partition("; ")
        yield Finding(CHECK, Level.RED, f"its certificate {wrong}", mend)
    days, until = (found.end - now).days, f"{found.end:%Y-%m-%d}"
    remedy = _RENEW.format(name=name)
    if found.end < now:
        text = f"its certificate has ended on {until}: no router lets it in"
        yield Finding(CHECK, Level.RED, text, remedy)
    elif days <= SOON_DAYS:
        yield Finding(CHECK, Level.YELLOW, f"its certificate ends in {days} days, on {until}", remedy)
    else:
        yield Finding(CHECK, Level.GREEN, f"its certificate is valid until {until}, for {days} days more")
