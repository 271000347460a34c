"""Whether a line's fields make a record: each is checked, and what is wrong is told by its name. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from drivers.clock import UNSET
from drivers.reading import GOOD as GOOD_WORD
from drivers.reading import SUSPECT as SUSPECT_WORD
from gateway.encoding import encode
from gateway.event_id import EventId
from gateway.history.moments import FIRST_MS, LAST_MS, exact
from gateway.history.rows import Kept, Mark, Reading, Untimed
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.transfer.records import EVENT, GAP, READING, Record, Silence, reading

MOST_NAME = 1000
"""Characters of a sender's name, an event's, a unit."""
MOST_INTEGER = 1 << 53
_CLOCK = ("clock", "boot", "at", "heard")
_MUST = {
    READING: ("time", "sender", "value", "unit", "quality"),
    GAP: ("time", "sender", "reason"),
    EVENT: ("time", "sender", "event", "data", "id"),
}
_MAY = {READING: ("reason", "seq", "id", *_CLOCK), GAP: ("to", *_CLOCK), EVENT: _CLOCK}
MAY_BE_EMPTY = {READING: ("unit",), GAP: ("reason",)}
_QUALITIES = {GOOD_WORD: GOOD, SUSPECT_WORD: SUSPECT}
_SECONDS = re.compile(r"\d{1,15}(\.\d{1,9})?")
_MS_FROM = 100_000_000_000
"""A number of seconds that is greater is one of ms: the year 5138, or 1973."""


def record(found: Mapping[str, Any]) -> Record:
    """What it is. Raises `ValueError` that names the field."""
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in _MUST:
        raise ValueError(f"kind: expected one of {', '.join(_MUST)}, {_got(found, 'kind')}")
    for name in _MUST[kind]:
        if name not in found:
            raise ValueError(f"{name}: expected {_EXPECTED[name]}, got none")
    for name in found:
        if name != "kind" and name not in _MUST[kind] and name not in _MAY[kind]:
            known = ", ".join((*_MUST[kind], *_MAY[kind]))
            raise ValueError(f"expected of a {kind} the fields {known}, got {name[:60]!r}")
    made = _MAKERS[kind](found)
    return _untimed(found, made) if any(name in found for name in _CLOCK) else made


def foreign(sender: str, unit: str, time: str, value: str) -> Reading:
    """A reading of a CSV file of others: the time RFC 3339 with an offset, or seconds or ms since 1970."""
    found = {"sender": sender, "unit": unit}
    text = time.strip()
    if _SECONDS.fullmatch(text):
        number_of = float(text)
        ms = round(number_of if number_of >= _MS_FROM else number_of * 1000)
        if ms > LAST_MS:
            raise ValueError(f"time: expected {_EXPECTED['time']}, got {time[:60]!r}")
    else:
        ms = _time({"time": text}, "time")
    return reading(_name(found, "sender"), _text(found, "unit"), ms, number(value), GOOD, None)


def number(text: str) -> float:
    """A value in CSV."""
    try:
        return float(text)  # what is no finite number is told by `record`
    except ValueError:
        raise ValueError(f"value: expected {_EXPECTED['value']}, got {text[:60]!r}") from None


def integer(name: str, text: str) -> int:
    """A whole number in CSV."""
    if not re.fullmatch(r"-?[0-9]{1,16}", text):
        raise ValueError(f"{name}: expected {_EXPECTED[name]}, got {text[:60]!r}")
    return int(text)


def _reading(found: Mapping[str, Any]) -> Reading:
    time = _time(found, "time")
    value = found["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise _wrong(found, "value")
    quality = _QUALITIES.get(found["quality"]) if isinstance(found["quality"], str) else None
    if quality is None:
        raise _wrong(found, "quality")
    reason = _text(found, "reason") if "reason" in found else None
    if reason is not None and quality == GOOD:
        raise ValueError(f"reason: expected none of a good value, {_got(found, 'reason')}")
    number = EventId(time, 0) if "id" not in found else _id(found)
    seq = _integer(found, "seq") if "seq" in found else 0
    unit = _text(found, "unit")
    return Reading(_name(found, "sender"), unit, time, float(value), quality, reason, seq, number)


def _gap(found: Mapping[str, Any]) -> Silence:
    begin = _time(found, "time")
    end = _time(found, "to") if found.get("to") is not None else None
    if end is not None and end <= begin:
        raise ValueError(f"to: expected a time after {found['time']}, {_got(found, 'to')}")
    return Silence(_name(found, "sender"), begin, end, _text(found, "reason"))


def _kept(found: Mapping[str, Any]) -> Kept:
    number = _id(found)
    if _time(found, "time") != number.ms:
        raise ValueError(f"time: expected that of the id, {found['id']}, {_got(found, 'time')}")
    return Kept(number, _name(found, "sender"), _name(found, "event"), encode(found["data"]))


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Reading | Silence | Kept]] = {
    READING: _reading,
    GAP: _gap,
    EVENT: _kept,
}
_EXPECTED = {
    "time": "a time such as 2026-11-22T06:30:00.123Z",
    "to": "a time such as 2026-11-22T06:30:00.123Z",
    "sender": f"a name of at most {MOST_NAME} characters",
    "event": f"a name of at most {MOST_NAME} characters",
    "value": "a finite number such as 21.5",
    "unit": "a text such as °C",
    "quality": "good or suspect",
    "reason": "a text",
    "data": "JSON",
    "id": "an event's id such as 1795842600123-0",
    "seq": "a whole number",
    "clock": f"{UNSET}, or no such field",
    "boot": "a text: which start of the machine it was",
    "at": "milliseconds since the machine's start",
    "heard": "milliseconds since the machine's start",
}


def _untimed(found: Mapping[str, Any], made: Reading | Silence | Kept) -> Untimed:
    if found.get("clock") != UNSET:
        raise _wrong(found, "clock")
    for name in ("boot", "at", "heard"):
        if name not in found:
            raise ValueError(f"{name}: expected {_EXPECTED[name]}, got none")
    item = Mark(made.sender, made.begin, made.reason) if isinstance(made, Silence) else made
    return Untimed(_name(found, "boot"), _integer(found, "at"), _integer(found, "heard"), item)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer of more than 308 digits
        return False


def _time(found: Mapping[str, Any], name: str) -> int:
    text = found[name]
    try:
        ms = exact(text) if isinstance(text, str) and len(text) > len("2026-11-22") else -1
    except (ValueError, OverflowError):
        ms = -1
    if not FIRST_MS <= ms <= LAST_MS:
        raise _wrong(found, name)
    return ms


def _name(found: Mapping[str, Any], name: str) -> str:
    if not _text(found, name):
        raise _wrong(found, name)
    text: str = found[name]
    return text


def _text(found: Mapping[str, Any], name: str) -> str:
    text = found[name]
    most = MOST_INTEGER if name == "reason" else MOST_NAME
    if not isinstance(text, str) or len(text) > most or not _is_characters(text):
        raise _wrong(found, name)
    return text


def _is_characters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can say and no file can hold
        return False
    return True


def _id(found: Mapping[str, Any]) -> EventId:
    number = EventId.parse(found["id"]) if isinstance(found["id"], str) else None
    if number is None or number.ms > LAST_MS or number.number >= MOST_INTEGER:
        raise _wrong(found, "id")
    return number


def _integer(found: Mapping[str, Any], name: str) -> int:
    value = found[name]
    if isinstance(value, bool) or not isinstance(value, int) or not -MOST_INTEGER < value < MOST_INTEGER:
        raise _wrong(found, name)
    return value


def _wrong(found: Mapping[str, Any], name: str) -> ValueError:
    return ValueError(f"{name}: expected {_EXPECTED[name]}, {_got(found, name)}")


def _got(found: Mapping[str, Any], name: str) -> str:
    if name not in found:
        return "got none"
    return f"got {found[name]!r:.60}"
