"""What is answered to who asks for a sensor's history: fields and columns, the same over HTTP and on the
command line. Pure."""

from __future__ import annotations

from collections.abc import Iterator
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
