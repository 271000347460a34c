"""How the sites fare: whose data flows, and whose does not. Pure; `now` is UTC in s."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.collect.member import Member
from gateway.service import Part, State

MISSED_S = 7 * 86_400.0
"""A gateway that has been away for so long is not missed any more; it is listed until it is forgotten, see
`gateway.fleet.away`."""
NAMED = 3


def of_sites(members: Iterable[Member], now: float) -> dict[str, Part]:
    """A part for each site, `site.NAME`."""
    by_site: dict[str, list[Member]] = {}
    for member in members:
        by_site.setdefault(member.gateway.site, []).append(member)
    return {f"site.{site}": _of_site(some, now) for site, some in sorted(by_site.items())}


def _of_site(members: list[Member], now: float) -> Part:
    up = [member for member in members if member.up]
    missed = [member.gateway.name for member in members if not member.up and _is_missed(member, now)]
    waiting = sum(member.told()["waiting"] for member in members)
    facts = {
        "gateways": len(members),
        "up": len(up),
        "missed": sorted(missed),
        "waiting": waiting,
        "lost": sum(member.lost for member in members),
    }
    text = f"{len(up)} of {len(members)} gateways up"
    if not missed:
        return Part(State.OK, f"{text}, {waiting or 'no'} events to come", facts)
    names = ", ".join(sorted(missed)[:NAMED])
    more = f" and {len(missed) - NAMED} more" if len(missed) > NAMED else ""
    return Part(State.FAILING, f"{text}; not there: {names}{more}", facts)


def _is_missed(member: Member, now: float) -> bool:
    last = member.since if member.since is not None else member.stored.utc_ms / 1000
    return now - last < MISSED_S
