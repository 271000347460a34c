"""A reading, or whatever else an event carries, as JSON: made once, for all who publish it. Pure, no I/O."""

from __future__ import annotations

import json
import math
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from drivers.clock import UNSET
from drivers.reading import STALE, format_ms, format_utc

_MARK = f',"clock":"{UNSET}"'
_PLAIN = ("value", "unit", "time", "quality", "seq")
"""What every reading has; a good one of a clock that is believed has no more."""


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
decode = json.JSONDecoder(parse_constant=_refuse).decode


class Body(NamedTuple):
    """An event's data as JSON. `reading`: it is one, so it is the sender's state too. `head` lacks the
    closing brace."""

    data: str
    head: str
    reading: bool


def event_body(data: Any, utc: float, *, unset: bool = False) -> Body:
    """What an event carries, from its data and the time of its trigger, which may be wrong (`unset`).

    A mapping stays as it is, with a `time` if it has none; anything else, and a mapping that has keys of
    ours, goes under `data`.
    """
    if not unset and (plain := _plain_reading(data)) is not None:
        return Body(plain, plain[:-1], reading=True)
    text = to_json(data)
    mark = _MARK if unset else ""
    if not isinstance(data, dict) or text[0] != "{" or "id" in data or "late" in data:
        return Body(text, f'{{"data":{text},"time":"{format_utc(utc)}"{mark}', reading=False)
    if "clock" in data:
        mark = ""
    if "time" not in data:
        comma = "," if data else ""
        return Body(text, f'{text[:-1]}{comma}"time":"{format_utc(utc)}"{mark}', reading=False)
    reading = is_reading(data)
    if not reading or not mark:  # of a time that is the user's own we know nothing
        return Body(text, text[:-1], reading)
    return Body(f"{text[:-1]}{mark}}}", text[:-1] + mark, reading)


def _plain_reading(data: Any) -> str | None:
    """What `to_json` makes of a plain reading, in a quarter of the time: nearly all events are such. None for
    anything else."""
    if type(data) is not dict or tuple(data) != _PLAIN:
        return None
    value, unit, time, quality, seq = data.values()
    if type(value) is not float or not math.isfinite(value) or type(seq) is not int:
        return None
    if not type(unit) is type(time) is type(quality) is str or not time.isascii():
        return None
    return (
        f'{{"value":{value!r},"unit":{_quoted(unit)},"time":{encode_basestring(time)},'
        f'"quality":{_quoted(quality)},"seq":{seq}}}'
    )


@lru_cache(maxsize=64)  # there are few units, and fewer qualities
def _quoted(text: str) -> str:
    return characters(encode_basestring(text))


def retimed(text: str, was: float, utc: float, *, unset: bool) -> str:
    """A JSON object whose time was made of `was`, a UTC: with what is known of it now, and marked or not.

    Its time is a reading's, or ours, of the trigger; any other is the user's own, and stays, as does what is
    no JSON object.
    """
    try:
        data = decode(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(data, dict):
        return text
    if is_reading(data):
        time = _moved(data["time"], utc - was)
    else:
        time = format_utc(utc) if data.get("time") == format_utc(was) else None
    if time is None:
        return text
    data["time"] = time
    if data.get("clock", UNSET) == UNSET:
        data.pop("clock", None)
        if unset:
            data["clock"] = UNSET
    return encode(data)


def _moved(time: object, seconds: float) -> str | None:
    """None for what is no time of day in our form."""
    if not isinstance(time, str) or not time.endswith("Z"):
        return None
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return format_ms(round(moment.timestamp() * 1000) + round(seconds * 1000))


def is_reading(data: dict[Any, Any]) -> bool:
    """Whether an event's data is a reading, as product names have it."""
    return "value" in data and "unit" in data and "quality" in data and "time" in data


def stale(reading: str, reason: str) -> str:
    """A reading's JSON, as stale."""
    return encode({**decode(reading), "quality": STALE, "reason": reason})


def to_json(data: Any) -> str:
    """JSON, whatever `data` is: what has no such form becomes its text."""
    try:
        return characters(encode(data))
    except Exception:  # noqa: BLE001 - a class of somebody's, which may raise anything
        return characters(encode(text_of(data)[:1000]))


def text_of(data: object) -> str:
    """Its text; or of what class it is, if that cannot be had: an exception of a library's, say."""
    try:
        return str(data)
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(data).__name__}>"


def characters(text: str) -> str:
    """The text, with `?` for what is no character (half of a surrogate pair) and cannot be sent or stored."""
    return text if text.isascii() else text.encode(errors="replace").decode()
