"""Checks of the `fleet` section that need more than one value, or look at files."""

from __future__ import annotations

import stat
from collections.abc import Callable
from importlib.util import find_spec

from gateway.config.certificates import check_authority, check_certificate, find
from gateway.config.context import Context
from gateway.config.credentials import place_of
from gateway.config.enrolled import of_gateway
from gateway.config.fleet import FleetSection
from gateway.config.models import GatewaySection
from gateway.config.problems import Location, Problem, shown
from gateway.config.reach import WRITE, FleetTlsSection
from gateway.fleet.certificate import Certificate, certificate_of, owner_of
from gateway.naming import EVERY_SITE, is_name

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_fleet(fleet: FleetSection | None, context: Context) -> None:
    """A site, routers that can be reached safely, certificates that work, nobody named twice, and zenoh.
    `fleet` is None if it has errors."""
    if fleet is None:
        return
    if fleet.site == EVERY_SITE:
        text = f"{shown(EVERY_SITE)} means every site where a collector is enrolled; choose another name"
        context.document.complain(("fleet", "site"), text)
    _check_once("consumers", fleet.consumers, context)
    check_reach(fleet.routers, fleet.tls, context)
    section = context.section("gateway")
    name = section.get("name", GatewaySection().name) if isinstance(section, dict) else None
    if fleet.tls is not None and isinstance(name, str) and is_name(name):
        check_owner(fleet.tls, lambda found: of_gateway(found, f"{fleet.site}/{name}"), context)


def check_owner(
    tls: FleetTlsSection, wrong: Callable[[Certificate], str], context: Context
) -> Certificate | None:
    """What our certificate says, if it can be read and is one that `fleet enrol` makes; `wrong`: why it is
    not ours, which is noted."""
    where: Location = ("fleet", "tls", "cert")
    try:
        found = certificate_of(place_of(tls.cert, context.folder, context.credentials).read_text())
    except (OSError, ValueError):
        return None  # that it cannot be used has been noted
    if owner_of(found.name) is None:
        return None
    if text := wrong(found):
        context.document.complain(where, f"{shown(tls.cert)} {text}")
    return found


def check_reach(routers: list[str], tls: FleetTlsSection | None, context: Context) -> None:
    """The same of what a gateway and a collector have in common."""
    from gateway.fleet.session import EXTRA

    if find_spec("zenoh") is None:
        context.document.complain(("fleet",), EXTRA)
    encrypts = [_check_router(url, number, context) for number, url in enumerate(routers)]
    _check_once("routers", routers, context)
    if tls is None:
        if True in encrypts:
            text = "tls:// needs certificates: make them with sig-gateway fleet enrol, and write: "
            text += f"tls: {WRITE}"
            context.document.complain(("fleet", "routers", encrypts.index(True)), text)
        return
    if set(encrypts) == {False}:
        text = "certificates are of no use without encryption; write routers as tls://host, or leave tls out"
        context.document.complain(("fleet", "tls"), text)
    _check_files(tls, context)


def fleet_warnings(name: str, context: Context) -> list[Problem]:
    """A key that others may read."""
    section, document = context.section(name), context.document
    tls = section.get("tls")
    key = tls.get("key") if isinstance(tls, dict) else None
    where: Location = (name, "tls", "key")
    if not isinstance(key, str):
        return []
    try:
        mode = place_of(key, context.folder, context.credentials).stat().st_mode
    except (OSError, ValueError):
        return []
    if not mode & _OTHERS:
        return []
    text = f"{shown(key)} may be read by others on this machine, who could speak as this gateway; do: "
    return [Problem(document.file, document.line(where), f"{text}chmod 600 {key}", where)]


def _check_router(url: str, number: int, context: Context) -> bool | None:
    """Whether it encrypts; None if it is no router's."""
    from gateway.fleet.session import EndpointError, endpoint

    try:
        return endpoint(url).startswith("tls/")
    except EndpointError as error:
        context.document.complain(("fleet", "routers", number), str(error))
        return None


def _check_once(key: str, names: list[str], context: Context) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            text = f"{shown(name)} is there already; leave it out"
            context.document.complain(("fleet", key, number), text)


def _check_files(tls: FleetTlsSection, context: Context) -> None:
    names = {key: getattr(tls, key) for key in ("ca", "cert", "key")}
    paths, readable = find(names, context, "fleet")
    if not readable:
        return
    check_certificate(paths["cert"], paths["key"], context.document, ("fleet", "tls"))
    check_authority(paths["ca"], context.document, ("fleet", "tls", "ca"))
