"""Who is there in the whole fleet, and what each said last: from what the gateways have told, so that a page
of a thousand of them asks nobody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.reading import format_ms
from gateway.collect.member import Member
from gateway.encoding import decode
from gateway.fleet.keys import Name
from gateway.requests_pool import outcome_of

if TYPE_CHECKING:
    from gateway.fleet.router import FleetRouter

ASK_S = 2.0
"""What a gateway has to say more of a sender."""


class Listing:
    """`members`: all by now; `router`: over which a single sender is asked. From any thread."""

    def __init__(self, members: Callable[[], list[Member]], router: FleetRouter) -> None:
        self._members = members
        self._router = router

    def gateways(self) -> list[dict[str, Any]]:
        """How each fares, as `GET /api/v1/gateways` answers."""
        found = [member.told() for member in self._members()]
        for facts in found:
            for key in ("since", "heard", "last_event"):
                facts[key] = None if facts[key] is None else format_ms(round(facts[key] * 1000))
        return found

    def all(self, *, gateway: str | None = None) -> list[dict[str, Any]]:
        """The senders of all gateways, or of one."""
        wanted = (member for member in self._members() if gateway in (None, member.name))
        return [entry for member in wanted for entry in _entries(member)]

    def one(self, name: str) -> dict[str, Any] | None:
        """One sender, with what it says of itself now."""
        for member in self._members():
            if not name.startswith(f"{member.name}/"):
                continue
            for entry in _entries(member):
                if entry["sender"] == name:
                    return {**entry, **self._more(name, connected=entry["connected"])}
        return None

    def _more(self, name: str, *, connected: bool) -> dict[str, Any]:
        methods = ("info", "stats") if connected else ()
        asked = {"info": None, "stats": None}
        for method in methods:
            outcome = outcome_of(partial(self._router.request, name, method, timeout=ASK_S))
            asked[method] = outcome.response
        return asked


def _entries(member: Member) -> list[dict[str, Any]]:
    """With the names that they have in the fleet."""
    found = []
    for said in member.senders:
        sender = str(said.get("sender", ""))
        entry = {key: value for key, value in said.items() if key != "requests"}
        entry["sender"] = str(Name(member.gateway, sender))
        entry["events"] = [each for each in said.get("events", []) if isinstance(each, str)]
        reading = member.readings.get(sender)
        if reading is not None:
            entry["last"] = decode(reading)
            entry["quality"] = entry["last"].get("quality")
            entry["reason"] = entry["last"].get("reason")
        if not member.up:
            reason = f"the gateway {member.name} is not connected"
            entry.update(connected=False, quality="stale", reason=reason)
            if isinstance(entry.get("last"), dict):
                entry["last"] = {**entry["last"], "quality": "stale", "reason": reason}
        found.append(entry)
    return found
