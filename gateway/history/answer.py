"""What is answered to who asks for a sensor's history: fields and columns, the same over HTTP and on the
command line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from drivers.reading import format_ms
from gateway.encoding import to_json
from gateway.history.buckets import Bucket, Gap
from gateway.history.rows import Series

POINTS, MOST_POINTS = 500, 5000
COLUMNS = ("time", "value", "min", "max", "mean", "count")
NO_HISTORY = Series(None, None, (), ())
"""Of a sender that there is, and that has said nothing yet."""


def as_json(name: str, since: int, until: int, found: Series) -> str:
    """The series of that time (UTC in ms). Points are put together as text: a year has a thousand of them,
    and a mapping for each takes longer."""
    head = {
        "sender": name,
        "unit": found.unit,
        "since": format_ms(since),
        "until": format_ms(until),
        "first": None if found.first is None else format_ms(found.first),
    }
    points = ",".join(map(_POINT.__mod__, map(_fields, found.buckets)))
    gaps = to_json([_gap(gap) for gap in found.gaps])
    return f'{to_json(head)[:-1]},"points":[{points}],"gaps":{gaps}}}'


def series_of(answer: Mapping[str, Any]) -> Series:
    """What `as_json` was made of, but for how much of its time each point covers. Raises ValueError for
    anything else."""
    try:
        first = answer["first"]
        buckets = [
            Bucket(_ms(each["time"]), each["value"], each["min"], each["max"], each["mean"], each["count"], 0)
            for each in answer["points"]
        ]
        gaps = [
            Gap(_ms(each["from"]), None if each["to"] is None else _ms(each["to"]), str(each["reason"]))
            for each in answer["gaps"]
        ]
        return Series(answer["unit"], None if first is None else _ms(first), buckets, gaps)
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected a sensor's history, got {answer!r:.60} ({error!r})") from None


def _ms(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)


_POINT = '{"time":"%s","value":%r,"min":%r,"max":%r,"mean":%r,"count":%r}'
"""Values are finite floats, which JSON writes as Python does."""


def _fields(bucket: Bucket) -> tuple[str, float, float, float, float, int]:
    """In the order of COLUMNS."""
    time_ms, value, least, most, mean, count, _ = bucket
    return format_ms(time_ms), value, least, most, mean, count


def csv_lines(found: Series) -> Iterator[str]:
    """The points alone, a line each, below one with the names of the columns; without line ends."""
    yield ",".join(COLUMNS)
    for bucket in found.buckets:
        yield ",".join(map(_cell, _fields(bucket)))


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "from": format_ms(gap.begin),
        "to": None if gap.end is None else format_ms(gap.end),
        "reason": gap.reason,
    }


def _cell(value: object) -> str:
    return value if isinstance(value, str) else to_json(value)
