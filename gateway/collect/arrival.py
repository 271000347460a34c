"""From what a gateway has sent to what history is told: as if that gateway's own history had heard it. Pure.

A gateway whose clock was not set says so with each event. Its times are moved by what its clock was behind
the collector's when the first of them came, so they are right to within the time that it had waited then.
"""

from __future__ import annotations

import json
from typing import Any

from drivers.clock import UNSET
from drivers.reading import format_ms
from gateway.encoding import Body, characters, encode, is_reading, retimed
from gateway.event_id import EventId
from gateway.fleet.keys import Gateway, Name
from gateway.fleet.message import Event, Lost
from gateway.history.events import LATE
from gateway.history.intake import GAP_EVENT, MOST_DATA
from gateway.mailbox import Noted

OWN = "$gateway"
"""Who is said to have lost what nobody knows the sender of."""
ROW_BYTES = 700
"""What an event takes in memory beside its data: a mailbox's entry, a receipt, a row."""


class Unset:
    """What the clocks of gateways were behind ours, each in an epoch in which it had not been set, in ms."""

    def __init__(self) -> None:
        self._offsets: dict[str, tuple[int, int]] = {}  # by gateway: of which epoch, and the offset

    def moved(self, gateway: str, event: Event, now_ms: int) -> Event:
        """With the time that it is taken to have. `now_ms`: UTC, of its coming."""
        if event.known:
            return event
        epoch, offset = self._offsets.get(gateway, (-1, 0))
        if epoch != event.position.epoch:
            epoch, offset = event.position.epoch, now_ms - event.utc_ms
            self._offsets[gateway] = epoch, offset
        utc_ms = event.utc_ms + offset
        data = retimed(event.data, event.utc_ms / 1000, utc_ms / 1000, unset=False)
        return event._replace(utc_ms=utc_ms, known=True, data=data)

    def forget(self, gateway: str) -> None:
        """It has been away for weeks."""
        self._offsets.pop(gateway, None)


def noted_of(gateway: Gateway, event: Event, event_id: EventId, now: float) -> Noted | None:
    """The event for history; None for one that its device sends again, since its time cannot be told: what
    came late, and just as the clock was set. `now`: monotonic."""
    data, reading = _read(event.data)
    if reading and event.event == LATE and data.get("clock") == UNSET:
        return None
    text = characters(event.data)
    if len(text) > MOST_DATA:
        text, reading = encode(f"{len(text)} characters, which are not kept"), False
    name = characters(str(Name(gateway, event.sender)))
    body = Body(text, text[:-1], reading)
    return Noted(name, characters(event.event), body, event.utc_ms / 1000, now, known=True, id=event_id)


def gap_of(gateway: Gateway, lost: Lost, event_id: EventId, now: float, now_ms: int) -> Noted:
    """What the gateway could not keep until it was asked for it, as its sender's `#gap`."""
    first = lost.first_ms or now_ms
    said = {
        "from": format_ms(first),
        "to": format_ms(max(first, lost.last_ms)),
        "count": lost.events,
        "reason": lost.reason,
        "time": format_ms(now_ms),
    }
    text = encode(said)
    name = characters(str(Name(gateway, lost.sender or OWN)))
    body = Body(text, text[:-1], reading=False)
    return Noted(name, GAP_EVENT, body, now_ms / 1000, now, known=True, id=event_id)


def size_of(noted: Noted) -> int:
    """Bytes of memory, about."""
    return ROW_BYTES + len(noted.body.data)


def _read(text: str) -> tuple[dict[str, Any], bool]:
    """The data, and whether it is a reading; nothing for what is no mapping."""
    if '"quality"' not in text:
        return {}, False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}, False
    return (data, is_reading(data)) if isinstance(data, dict) else ({}, False)
