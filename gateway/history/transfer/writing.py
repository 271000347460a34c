"""A record as a line of text, in one of two formats. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from drivers.clock import UNSET
from drivers.reading import GOOD as GOOD_WORD
from drivers.reading import SUSPECT as SUSPECT_WORD
from drivers.reading import format_ms
from gateway.encoding import decode, encode
from gateway.history.rows import Kept, Mark, Reading, Untimed
from gateway.history.sealed import GOOD
from gateway.history.transfer.records import EVENT, FIELDS, GAP, READING, TEXTS, Record, Silence


class Format(NamedTuple):
    """`head` comes before the first line; both end with a line end."""

    head: str
    line: Callable[[Record], str]


_quoted = lru_cache(maxsize=1000)(encode)  # names and units: there are few, and they come again and again


def _json_line(record: Record) -> str:
    if isinstance(record, Reading) and record.quality == GOOD:  # nearly all are: the same, four times quicker
        return (
            f'{{"kind":"{READING}","time":"{format_ms(record.time)}","sender":{_quoted(record.sender)},'
            f'"value":{float(record.value)!r},"unit":{_quoted(record.unit)},"quality":"{GOOD_WORD}"}}\n'
        )
    return encode(fields(record)) + "\n"


def _csv_line(record: Record) -> str:
    found = fields(record)
    if "data" in found:
        found["data"] = encode(found["data"])
    for name in TEXTS:
        if name in found:
            found[name] = escaped(found[name])
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([found.get(name) for name in FIELDS])
    return line.getvalue()


FORMATS = {
    "csv": Format(",".join(FIELDS) + "\n", _csv_line),
    "jsonl": Format("", _json_line),
}


def escaped(text: str) -> str:
    """Without line ends, so that in CSV, too, a record is a line."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def fields(record: Record) -> dict[str, Any]:
    """The fields that it has, as JSON has them."""
    if isinstance(record, Untimed):
        clock = {"clock": UNSET, "boot": record.boot, "at": record.at, "heard": record.heard}
        return _fields(record.item, whole=True) | clock
    return _fields(record, whole=False)


def _fields(record: Reading | Silence | Mark | Kept, *, whole: bool) -> dict[str, Any]:
    if isinstance(record, Reading):
        return _reading(record, whole=whole)
    if isinstance(record, Kept):
        return {
            "kind": EVENT,
            "time": format_ms(record.id.ms),
            "sender": record.sender,
            "event": record.event,
            "data": _data(record.data),
            "id": str(record.id),
        }
    begin, end = (record.time, None) if isinstance(record, Mark) else (record.begin, record.end)
    return {
        "kind": GAP,
        "time": format_ms(begin),
        "sender": record.sender,
        "reason": record.reason,
        "to": None if end is None else format_ms(end),
    }


def _reading(record: Reading, *, whole: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": READING,
        "time": format_ms(record.time),
        "sender": record.sender,
        "value": float(record.value),
        "unit": record.unit,
        "quality": GOOD_WORD if record.quality == GOOD else SUSPECT_WORD,
    }
    if record.reason:
        found["reason"] = record.reason
    if whole:
        found |= {"id": str(record.id), "seq": record.seq}
    return found


def _data(text: str) -> Any:
    """What the JSON says; a text that is none, as a text."""
    try:
        return decode(text)
    except (ValueError, RecursionError):
        return text
