"""What waited, with its time as it is known when it is given out: the clock may have been set meanwhile."""

from __future__ import annotations

from drivers.readings import MOVED_S
from gateway.clock.wall import WallClock
from gateway.encoding import retimed
from gateway.fleet.message import Event
from gateway.member.held import Held
from gateway.member.rows import Row


def event_of_held(held: Held, clock: WallClock) -> Event:
    """Of this boot."""
    return _in_time(held.event, clock.boot, held.at, held.utc, clock)


def event_of_row(row: Row, clock: WallClock) -> Event:
    """Of any boot."""
    said = Event(row.position, round(row.time * 1000), row.known, row.sender, row.event, row.data)
    return _in_time(said, row.boot, row.at, row.time, clock)


def _in_time(said: Event, boot: str, at: float, was: float, clock: WallClock) -> Event:
    utc, unset = clock.noted(boot, at, was, known=said.known)
    if unset is not said.known and abs(utc - was) < MOVED_S:
        return said
    data = retimed(said.data, was, utc, unset=unset)
    return said._replace(utc_ms=round(utc * 1000), known=not unset, data=data)
