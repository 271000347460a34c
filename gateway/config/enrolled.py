"""What `fleet enrol` has written into a certificate, against what a config says of itself: routers let each
speak as who its certificate names, and drop the rest without a word. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.fleet.certificate import Certificate, owner_of
from gateway.naming import EVERY_SITE

DROPPED = "routers drop all that it says"


def of_gateway(found: Certificate, name: str) -> str:
    """Why a gateway that is called `name`, `site/gateway`, cannot use it; "" if it can."""
    if _is_of(found, "gateway", name):
        return ""
    mend = f"write gateway.name and fleet.site as it has them, or: sig-gateway fleet enrol {name}"
    return f"is of {_whose(found)}, and this config says {name}: {DROPPED}; {mend}"


def of_collector(found: Certificate, name: str) -> str:
    """The same of a collector."""
    if _is_of(found, "collector", name):
        return ""
    owner = owner_of(found.name)
    mend = f"sig-gateway fleet enrol {name} --collector {EVERY_SITE}, or the site that it collects"
    if owner is not None and owner.role == "collector" and owner.name:
        mend = f"write collect.name: {owner.name}, or: {mend}"
    return f"is of {_whose(found)}, and this config is of the collector {name}: {DROPPED}; {mend}"


def not_collected(found: Certificate, sites: Sequence[str]) -> str:
    """Why a collector that has it sees nothing where it collects `sites`, all if empty; "" if it does, or
    that is not known: certificates of before have no site."""
    if found.site in ("", EVERY_SITE) or set(sites) == {found.site}:
        return ""
    wanted = "all sites" if not sites else ", ".join(sites)
    return (
        f"the certificate is for the site {found.site} alone, and this config collects {wanted}: routers "
        f"refuse that, and tell nothing; write sites: [{found.site}], or enrol it anew with --again and "
        f"--collector {EVERY_SITE}"
    )


def _is_of(found: Certificate, role: str, name: str) -> bool:
    from gateway.fleet.members import Member, Role

    owner = owner_of(found.name)
    generation = 1 if owner is None else owner.generation
    return found.name == Member(name, Role(role), date.max, generation).common_name


def _whose(found: Certificate) -> str:
    return str(owner_of(found.name) or f"{found.name!r}, which `fleet enrol` names nobody")
