"""What `fleet` says of members: what to copy where, what to write, what it costs. Pure."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.fleet.hub import days_left
from gateway.fleet.members import AUTHORITY_KEY, LIST, Member, Role, host_of, path_of
from gateway.fleet.session import is_here
from gateway.naming import EVERY_SITE

SECRETS = "secrets/fleet"
"""Beside a config: where systemd reads it as root for the service."""
ROUTER_FOLDER = "/etc/sig-gateway/fleet"
FILES = "ca.pem, cert.pem and key.pem"


def of_authority(path: Path) -> Iterator[str]:
    """It was made."""
    yield f"{path}: the fleet's authority is made."
    yield f"  {path / AUTHORITY_KEY} can make members: it stays here, and a copy of {path} in a safe place."
    yield ""


def of_enrolled(member: Member, place: Path, path: Path, members: Sequence[Member]) -> Iterator[str]:
    """What is to be done now. `members`: all that are there."""
    yield f"{member.name} is enrolled as {_a(member)}; its certificate is good until {member.expires}."
    yield ""
    others = [each for each in _routers(members) if each.name != member.name]
    if member.role is Role.ROUTER:
        yield from _of_router(member, place, others)
    elif member.role is Role.READER:
        yield from _of_reader(place, others)
    else:
        file = "config.yaml" if member.role is Role.GATEWAY else "collect.yaml"
        yield f"1. Copy {FILES} from {place} into {SECRETS}, beside its {file},"
        yield "   for its user alone; for a service: for root alone (chmod 600)."
        yield f"2. Write into that {file}:"
        yield ""
        yield from (f"     {line}" for line in section(member, members))
        yield ""
    if not others and member.role is not Role.ROUTER:
        yield "   with the routers, once there are some: sig-gateway fleet enrol hub1 --router HOST"
    number = 3
    if member.role is Role.COLLECTOR:
        yield f"3. Write `consumers: [{_yaml(member.name)}]` into the `fleet:` of each gateway that it is to"
        yield "   have all of: a gateway keeps for whoever stands there what that one has not confirmed."
        number += 1
    yield from _routers_learn(str(number), path, others)


def of_renewed(member: Member, place: Path) -> Iterator[str]:
    """The routers need to know nothing."""
    yield f"{member.name} has a new certificate, good until {member.expires}; what it may do is as before."
    yield f"Copy {FILES} from {place} over its old ones, and restart it. The routers stay as they are;"
    yield "the old certificate is good until its own end."


def of_revoked(member: Member, path: Path, members: Sequence[Member]) -> Iterator[str]:
    """It is in force when the routers were restarted."""
    yield f"{member.name} is revoked: its certificate lets it in, and it may do nothing there any more,"
    yield "once every router has the new list. Until then it may what it could."
    yield from _routers_learn("Now", path, _routers(members))


def section(member: Member, members: Sequence[Member]) -> Iterator[str]:
    """For its config, as YAML. `members`: all that are there."""
    if member.role is Role.GATEWAY:
        yield f"gateway: {{name: {_yaml(member.gateway.name)}}}   # its other keys stay"
    elif member.role is Role.COLLECTOR:
        sites = "" if member.site == EVERY_SITE else f", sites: [{_yaml(member.site)}]"
        yield f"collect: {{name: {_yaml(member.name)}{sites}}}"
    yield "fleet:"
    if member.role is Role.GATEWAY:
        site = member.gateway.site
        yield f"  site: {_yaml(site)}"
        collectors = [each for each in members if each.site in (EVERY_SITE, site)]
        if collectors:
            yield f"  consumers: [{', '.join(_yaml(each.name) for each in collectors)}]"
        else:
            yield "  consumers: []   # nobody collects yet; once somebody does, its name"
    yield f"  routers: [{', '.join(_yaml(each.url) for each in _routers(members))}]"
    yield f"  tls: {{ca: {SECRETS}/ca.pem, cert: {SECRETS}/cert.pem, key: {SECRETS}/key.pem}}"


def table(members: Sequence[Member]) -> list[str]:
    """A line for each, under a head."""
    rows = [("NAME", "ROLE", "MAY", "CERTIFICATE UNTIL")]
    for each in members:
        until = "revoked" if each.revoked else each.expires.isoformat()
        rows.append((each.name, each.role, rights(each), until))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def rights(member: Member) -> str:
    """In short."""
    if member.role is Role.ROUTER:
        return f"pass on everything, at {', '.join(member.hosts)}"
    if member.role is Role.COLLECTOR:
        return "keep and ask every site" if member.site == EVERY_SITE else f"keep and ask {member.site}"
    speaks = ["speak as itself"] if member.role is Role.GATEWAY else []
    reads = ["read everything"] if member.reads else []
    return ", ".join([*speaks, *reads, *(["ask"] if member.asks else [])])


def as_object(member: Member, now: datetime.datetime) -> dict[str, object]:
    """For `list --json`."""
    return {
        "name": member.name,
        "role": member.role,
        "may": rights(member),
        "certificate": member.common_name,
        "expires": member.expires.isoformat(),
        "days_left": days_left(member, now),
        "revoked": member.revoked,
    }


_ONE_SIDE = "   Leave out who connects to it already: of two routers one connects to the other."


def _of_router(member: Member, place: Path, others: Sequence[Member]) -> Iterator[str]:
    port = f":{_port(member)}" if _port(member) else ""
    connect = "".join(f" --connect {each.url}" for each in others)
    if _is_here(member):
        yield "1. It is for this machine alone: its folder stays where it is."
        yield "2. Start it:"
        yield f"     sig-gateway fleet-router --listen {member.url} --dir {place}{connect}"
        if others:
            yield _ONE_SIDE
        return
    yield f"1. Copy the folder {place} to {host_of(member.hosts[0])}, as {ROUTER_FOLDER},"
    yield "   for the user alone as whom it runs there (chmod 700)."
    yield "2. Start there:"
    yield f"     sig-gateway fleet-router --listen tls://0.0.0.0{port} --dir {ROUTER_FOLDER}{connect}"
    if others:
        yield _ONE_SIDE


def _of_reader(place: Path, routers: Sequence[Member]) -> Iterator[str]:
    where = ",".join(each.url for each in routers) or "tls://HOST"
    if routers and all(map(_is_here, routers)):
        yield "1. The routers are for this machine alone: the folder stays where it is."
        yield "2. Read:"
        yield f"     sig-gateway senders --connect fleet:{where} --tls-dir {place}"
        return
    yield f"1. Copy {FILES} from {place} to who reads, for that user alone (chmod 600), into DIR, say."
    yield "2. Read there:"
    yield f"     sig-gateway senders --connect fleet:{where} --tls-dir DIR"


def _port(member: Member) -> str:
    host, _, port = member.hosts[0].rpartition(":")
    return port if host and not host.endswith(":") and port.isdigit() else ""


def _routers_learn(number: str, path: Path, routers: Sequence[Member]) -> Iterator[str]:
    """What a change costs: zenoh reads its access control at a start."""
    if not routers:
        return
    yield f"{number}. Each router takes the new list at its next start. Restart one after the other, the next"
    yield "   when the one before listens again: its members go on at another, and nothing kept is lost."
    for each in routers:
        if _is_here(each):
            yield f"     {each.name} is for this machine alone, and has the list: end it, and start it again."
            continue
        ssh = f"ssh {host_of(each.hosts[0])} sudo"
        copy = path / path_of(each.name) / LIST
        yield f"     {ssh} tee {ROUTER_FOLDER}/{LIST} < {copy} > /dev/null &&"
        yield f"       {ssh} systemctl restart sig-gateway-fleet-router"


def _is_here(router: Member) -> bool:
    """Whether its members are on its own machine, which is this one."""
    return is_here(host_of(router.hosts[0]))


def _routers(members: Sequence[Member]) -> list[Member]:
    return [each for each in members if each.role is Role.ROUTER]


def _a(member: Member) -> str:
    also = " that reads" + (" and asks" if member.asks else "") if member.reads else ""
    return f"a {member.role}{also if member.role is Role.GATEWAY else ''}"


def _yaml(text: str) -> str:
    """A text that YAML reads as that text."""
    plain = text.replace("-", "").replace("_", "")
    if plain.isalnum() and plain[0].isalpha() and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"}
