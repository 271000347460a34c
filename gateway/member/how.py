"""How the gateway's part in the fleet fares: a sentence for a person, and numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from drivers.reading import format_ms
from gateway.samples import Family, Sample, counter, disk_written, gauge
from gateway.service import Part, State

if TYPE_CHECKING:
    from gateway.member.connected import Connection
    from gateway.member.spool_status import Status

UNCONFIRMED_S = 60.0
"""Beyond what a collector takes to store and confirm (`collect.window`, 1 s), and a router's death."""
SOON_S = 15.0
"""What joining may take before it counts as failed: some tries."""


def of_fleet(name: str, connection: Connection, spool: Status, now: float, utc: float) -> Part:
    """`name`: what the fleet calls this gateway. `now`: monotonic, as `connection.since`; `utc`: now."""
    facts = _facts(connection, spool, now)
    waits = _waits(spool, utc)
    if spool.problem is not None:
        text = f"the disk cannot be written: {spool.problem}; {waits}, in memory alone"
        return Part(State.FAILING, text, facts)
    if not connection.routers:
        away_s = max(0.0, now - connection.since)
        if connection.problem is None and away_s < SOON_S:
            return Part(State.UNKNOWN, f"joining the fleet; {waits}", facts)
        why = connection.problem or f"no router has been there for {away_s:.0f} s"
        return Part(State.FAILING, f"{why}; {waits}", facts)
    where = f"in the fleet as {name}, at {', '.join(connection.routers)}"
    if spool.oldest is not None and utc - spool.oldest > UNCONFIRMED_S:
        silent = [each for each, behind in spool.consumers.items() if behind.events]
        return Part(State.FAILING, f"{where}; {waits}, not confirmed by {', '.join(silent)}", facts)
    return Part(State.OK, f"{where}; {waits}", facts)


def _facts(connection: Connection, spool: Status, now: float) -> dict[str, Any]:
    return {
        "routers": list(connection.routers),
        "since": round(max(0.0, now - connection.since), 3),
        "waiting": spool.waiting,
        "oldest": None if spool.oldest is None else format_ms(round(spool.oldest * 1000)),
        "lost": spool.lost,
        "consumers": {
            name: {
                "unconfirmed": behind.events,
                "confirmed": None if behind.confirmed is None else format_ms(round(behind.confirmed * 1000)),
            }
            for name, behind in spool.consumers.items()
        },
    }


def _waits(spool: Status, utc: float) -> str:
    count = spool.waiting
    text = f"{count or 'no'} event{'s wait' if count > 1 else ' waits'}"
    if spool.oldest is not None and count:
        text += f", the oldest for {max(0.0, utc - spool.oldest):.0f} s"
    return f"{text}; {spool.lost} are lost" if spool.lost else text


def families(connection: Connection, spool: Status, said: int, most_bytes: int) -> Iterator[Family]:
    """For Prometheus; see `gateway.samples`."""
    yield gauge("fleet_routers", "Routers of the fleet that it has a link to.", len(connection.routers))
    yield counter("fleet_events_total", "Events that were said to the fleet.", said)
    yield gauge("fleet_waiting_events", "Events that not all consumers have confirmed.", spool.waiting)
    yield gauge("fleet_oldest_event_timestamp_seconds", "When the oldest of them was.", spool.oldest)
    yield gauge("fleet_bytes", "What those on disk take.", spool.size)
    yield gauge("fleet_max_bytes", "The most that they may take.", most_bytes)
    yield counter("fleet_lost_events_total", "Events that not all will ever have.", spool.lost)
    yield gauge("fleet_writable", "Whether the file can be written.", spool.problem is None)
    unconfirmed = [Sample((("consumer", name),), each.events) for name, each in spool.consumers.items()]
    yield gauge("fleet_unconfirmed_events", "Events that a consumer has not confirmed.", unconfirmed)
    confirmed = [Sample((("consumer", name),), each.confirmed) for name, each in spool.consumers.items()]
    yield gauge("fleet_confirmed_timestamp_seconds", "When a consumer last confirmed any.", confirmed)
    yield disk_written("fleet", spool.written)
