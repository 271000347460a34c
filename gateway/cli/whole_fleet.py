"""What `senders` and `health` say of a whole fleet."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import sig
from gateway.cli.over_fleet import fleet
from gateway.fleet.keys import Name
from gateway.senders import OWN_NAME

if TYPE_CHECKING:
    from gateway.fleet.keys import Gateway
    from gateway.fleet.router import FleetRouter

_OF_EACH: Mapping[str, Any] = dict.fromkeys(("sender", "connected", "last", "quality", "reason", "warning"))
"""What a row is made of, where a gateway, a script say, does not know it."""
AT_A_TIME = 16
"""Gateways that are asked."""
WORST_FIRST = ("failing", "unknown", "ok")


def senders_of_fleet(url: str) -> list[dict[str, Any]]:
    """As `gateway.overview` has them of one gateway, under their names in the fleet. Of a gateway that does
    not answer, or has gone, only that there are such. Where nobody is seen, standard error says why that
    may be."""
    with fleet(url) as router:
        answers = router.overview()
        found = {
            str(Name(gateway, entry["sender"])): {**_OF_EACH, **entry}
            for gateway, answer in answers.items()
            for entry in _senders(answer)
        }
        for entry in router.listRemoteSenders(list_events=True):
            events = [each["event"] for each in entry["events"]]
            found.setdefault(entry["sender"], {**_OF_EACH, **entry, "events": events})
        if not found and (why := router.why_nobody()):
            print(f"sig-gateway: {why}", file=sys.stderr)
        return [
            {**entry, "sender": name, "events": entry.get("events") or []}
            for name, entry in sorted(found.items())
        ]


def _senders(answer: Any) -> list[dict[str, Any]]:
    listed = answer.get("senders") if isinstance(answer, dict) else answer
    return [
        entry
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("sender"), str)
    ]


def health_of_fleet(url: str, within_s: float) -> dict[str, Any]:
    """Of all gateways, as one gateway has it of itself: its ill parts as `north/greenhouse links.board`, and
    one part for a gateway that is well."""
    with fleet(url) as router:
        gateways = router.gateways()
        if not gateways:
            nobody = {"status": "failing", "message": router.why_nobody()}
            return {"status": "failing", "parts": {"fleet": nobody}}
        with ThreadPoolExecutor(AT_A_TIME, "fleet-health") as pool:
            reports = pool.map(lambda gateway: _of_gateway(router, gateway, gateways, within_s), gateways)
        parts = {name: part for report in reports for name, part in report.items()}
    statuses = {part["status"] for part in parts.values()}
    status = next((each for each in WORST_FIRST if each in statuses), "ok")
    return {"status": status, "parts": parts}


def _of_gateway(
    router: FleetRouter, gateway: Gateway, there: Mapping[Gateway, bool], within_s: float
) -> dict[str, dict[str, Any]]:
    name = str(gateway)
    if not there[gateway]:
        return {name: {"status": "failing", "message": "it went away"}}
    try:
        report = router.request(str(Name(gateway, OWN_NAME)), "health", timeout=within_s)
        parts = report["parts"]
        ill = {f"{name} {each}": part for each, part in parts.items() if part["status"] != "ok"}
    except sig.UnknownSender:
        return {name: {"status": "ok", "message": "a program that offers senders, and has no health"}}
    except sig.RequestError as error:
        return {name: {"status": "unknown", "message": f"it does not answer: {error}"}}
    except (AttributeError, KeyError, TypeError):
        return {name: {"status": "unknown", "message": "it has answered what cannot be understood"}}
    return ill or {name: {"status": "ok", "message": f"all {len(parts)} parts are well"}}
