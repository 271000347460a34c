"""An event as a line for people: `watch`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sig
from drivers.clock import UNSET
from gateway.cli.client import to_json
from gateway.decimals import value_text
from gateway.live.summary import duration
from gateway.plain import plain

LATE = "#late"
GAP = "#gap"


def line_for_people(sender: str, event: str, data: Any, decimals: int, now: datetime) -> str:
    """`07:30:00  temp  #changed  23.50 °C`, local time, with the quality where it is not good, and, of what
    is late, how late. `now` has its zone."""
    if is_reading(data):
        text = _reading_text(data, decimals)
        if event == LATE:
            text += f"  ({_late(data['time'], now)})"
        when = _clock(data["time"], now)
    elif event == GAP and _is_gap(data):
        text = _gap_text(data, now)
        when = _clock(data["to"], now)
    else:
        text = "" if event in (sig.EVENT_CONNECT, sig.EVENT_DISCONNECT) else to_json(data)
        when = _clock(None, now)
    return plain(f"{when}  {sender:<12}  {event:<12}  {text}".rstrip())


def is_reading(data: Any) -> bool:
    """Whether an event's data is one."""
    return isinstance(data, dict) and {"value", "unit", "time", "quality"} <= data.keys()


def is_number(value: object) -> bool:
    """Not of True and False."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reading_text(data: dict[str, Any], decimals: int) -> str:
    value = data["value"]
    number = value_text(value, decimals) if value is None or is_number(value) else str(value)
    text = f"{number} {data['unit']}"
    if data["quality"] != "good":
        text += f"  {data['quality']}: {data.get('reason', '')}".rstrip(": ")
    if data.get("clock") == UNSET:
        text += "  (the clock is not set)"
    return text


def _is_gap(data: Any) -> bool:
    return isinstance(data, dict) and {"from", "to", "count", "reason"} <= data.keys()


def _gap_text(data: dict[str, Any], now: datetime) -> str:
    """`12 readings lost from 06:10:00 on: why`; the line's time is the last one's."""
    count = data["count"]
    number = "readings" if count is None else f"{count} reading{'' if count == 1 else 's'}"
    return f"{number} lost from {_clock(data['from'], now)} on: {data['reason']}"


def _late(utc: object, now: datetime) -> str:
    """`late by 2 h 10 min`."""
    try:
        behind = now - datetime.fromisoformat(str(utc))
    except (TypeError, ValueError):  # no time, or one without its zone
        return "late"
    return f"late by {duration(max(behind, timedelta()).total_seconds())}"


def _clock(utc: object, now: datetime) -> str:
    """Of another day with the date."""
    try:
        moment = datetime.fromisoformat(str(utc)).astimezone()
    except ValueError:
        moment = now.astimezone()
    return f"{moment:%H:%M:%S}" if moment.date() == now.astimezone().date() else f"{moment:%Y-%m-%d %H:%M:%S}"
