"""How the sites fare: whose data flows, and whose does not. Pure; `now` is UTC in s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    wrong = [(member.gateway.name, member.problem) for member in members if member.problem is not None]
    waiting = sum(member.told()["waiting"] for member in members)
    facts = {
        "gateways": len(members),
        "up": len(up),
        "missed": sorted(missed),
        "problems": dict(wrong),
        "waiting": waiting,
        "lost": sum(member.lost for member in members),
    }
    text = f"{len(up)} of {len(members)} gateways up"
    if not missed and not wrong:
        return Part(State.OK, f"{text}, {waiting or 'no'} events to come", facts)
    if missed:
        names = ", ".join(sorted(missed)[:NAMED])
        text += f"; not there: {names}{_more(missed)}"
    if wrong:
        name, problem = min(wrong)
        text += f"; {name}{_more(wrong, 1)}: {problem}"
    return Part(State.FAILING, text, facts)


def _more(names: Sequence[object], named: int = NAMED) -> str:
    return f" and {len(names) - named} more" if len(names) > named else ""


def _is_missed(member: Member, now: float) -> bool:
    last = member.since if member.since is not None else member.stored.utc_ms / 1000
    return now - last < MISSED_S
