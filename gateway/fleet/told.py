"""What listeners are told of what a Follower delivers. Pure.

What comes late is no state, so it is never told under its own name: a reading of `#changed` as `#late`, as a
driver tells one that its board had kept, and anything else as `#late` with the event's name in it. What is
lost is told as `#gap`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gateway.fleet.follower import Deliver, Step
from gateway.fleet.message import Event, Lost
from sig.event import BUILTIN_EVENTS

CHANGED, LATE, GAP = "#changed", "#late", "#gap"
OF_THE_FLEET = (LATE, GAP)
"""Events that any sender of a fleet may have, whether it declares them or not."""
_OF_READINGS = {"value", "unit", "time", "quality"}


class Told(NamedTuple):
    """An event, as a listener hears it."""

    sender: str
    event: str
    data: Any


def told(step: Step, senders: Sequence[str]) -> list[Told]:
    """Of one gateway. `senders`: its own, who are all told of a loss of which it is not known whose it is;
    nothing, where there are none."""
    if isinstance(step, Deliver):
        return _of_event(step.event, step.late)
    if step.sender or len(senders) == 1:
        return [Told(step.sender or senders[0], GAP, gap(step, step.events))]
    shared = step._replace(reason=f"{step.reason} ({step.events} of all senders of this gateway)")
    return [Told(sender, GAP, gap(shared, None)) for sender in senders]


def _of_event(event: Event, late: bool) -> list[Told]:
    if event.event in BUILTIN_EVENTS:  # told by its token
        return []
    data = json.loads(event.data)
    if not late or event.event in OF_THE_FLEET:
        return [Told(event.sender, event.event, data)]
    if event.event == CHANGED and isinstance(data, dict) and data.keys() >= _OF_READINGS:
        return [Told(event.sender, LATE, data)]
    return [Told(event.sender, LATE, {"event": event.event, "data": data, "time": _utc(event.utc_ms)})]


def gap(lost: Lost, count: int | None) -> dict[str, Any]:
    """The data of `#gap`: times in UTC, None where they are not known."""
    return {
        "from": _utc(lost.first_ms) if lost.first_ms else None,
        "to": _utc(lost.last_ms) if lost.last_ms else None,
        "count": count,
        "reason": lost.reason,
    }


def _utc(ms: int) -> str:
    """Such as 2026-11-30T13:50:00.123Z; what no calendar has is the nearest that it has."""
    seconds = min(max(ms, 0), 253_402_300_799_999) / 1000
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
