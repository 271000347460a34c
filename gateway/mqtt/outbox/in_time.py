"""What waited, with its time as it is known when it is sent: the clock may have been set meanwhile."""

from __future__ import annotations

from drivers.readings import MOVED_S
from gateway.clock.wall import WallClock
from gateway.encoding import retimed
from gateway.mqtt.outbox.event import Event
from gateway.mqtt.outbox.store import Gap
from gateway.mqtt.topics import gap_head


def head_of_event(event: Event, clock: WallClock) -> str:
    """Its message's beginning."""
    boot = clock.boot if event.boot is None else event.boot
    utc, unset = clock.noted(boot, event.at, event.utc, known=event.known)
    if unset is not event.known and abs(utc - event.utc) < MOVED_S:
        return event.head
    return retimed(event.head + "}", event.utc, utc, unset=unset)[:-1]


def head_of_gap(gap: Gap, clock: WallClock) -> str:
    """The same of a gap record, whose times are of one clock."""
    last, unset = clock.noted(gap.boot, gap.at, gap.last, known=gap.known)
    return gap_head(gap.first + (last - gap.last), last, gap.lost, gap.reason, unset=unset)
