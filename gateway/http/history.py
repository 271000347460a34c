"""What a sensor has said, as few points that keep the spikes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from drivers.options import parse_duration
from gateway.encoding import to_json
from gateway.history.buckets import Bucket, Gap
from gateway.history.rows import Series
from gateway.http import schemas
from gateway.http.answers import json_answer
from gateway.http.calls import REQUEST_S, Calls
from gateway.http.context import Context
from gateway.http.errors import HttpError
from gateway.http.operations import Call, Operation, Parameter
from gateway.http.senders import NAME

MOST_POINTS = 5000
POINTS = 500
SINCE = "24h"
COLUMNS = ("time", "value", "min", "max", "mean", "count")
_WHEN = "RFC 3339 with an offset, or a span that reaches back from now, such as `24h`"
FIRST_MS, LAST_MS = 0, 253_402_300_799_999
"""1970 to the end of 9999: what RFC 3339 can say."""


class HistoryOf:
    """Endpoints, on the server's loop."""

    def __init__(self, context: Context, calls: Calls) -> None:
        self._context = context
        self._calls = calls

    def operations(self) -> tuple[Operation, ...]:
        """The one of them."""
        return (
            Operation(
                "GET",
                "/api/v1/senders/{name}/history",
                "What a sensor has said: each point is a reading, or the last, least, greatest and mean "
                "value of a time. Between two points the value holds, but for gaps",
                self.points,
                schemas.History,
                parameters=(
                    NAME,
                    Parameter("since", f"from when; {_WHEN}", default=SINCE, example="24h"),
                    Parameter(
                        "until", f"to when; {_WHEN}; now, if it is left out", example="2026-11-22T06:30:00Z"
                    ),
                    Parameter("points", "at most so many", least=1, most=MOST_POINTS, default=POINTS),
                    Parameter("format", "CSV has the points alone", one_of=("json", "csv"), default="json"),
                ),
                refuses=("unknown_sender", "not_found", "failed"),
            ),
        )

    async def points(self, call: Call) -> Response:
        """From history, on a thread that may wait for the disk."""
        name: str = call.given["name"]
        now = round(time.time() * 1000)
        until = _when("until", call.given["until"], now)
        since = _when("since", call.given["since"], now)
        if since >= until:
            text = f"since: expected a time before until ({_text(until)}), got {_text(since)}"
            raise HttpError("bad_params", text)
        history = self._context.history
        if history is None:
            raise HttpError("not_found", "this gateway keeps no history; write in its config: history: {}")
        count: int = call.given["points"]
        found = await self._calls.run(lambda: history.points(name, since, until, count), REQUEST_S, "it")
        if found is None:
            if self._context.router.getSender(name) is None:
                raise HttpError("unknown_sender", f"there is no sender '{name}', and there was none")
            found = Series(None, None, (), ())
        if call.given["format"] == "csv":
            return _csv(name, found)
        return json_answer(_data(name, since, until, found))


def _when(name: str, text: str | None, now_ms: int) -> int:
    """UTC in ms."""
    if text is None:
        return now_ms
    try:
        return min(max(_parsed(text.strip(), now_ms), FIRST_MS), LAST_MS)
    except (ValueError, OverflowError):
        expected = "a time such as 2026-11-22T06:30:00Z, or a span such as 24h"
        raise HttpError("bad_params", f"{name}: expected {expected}, got {text[:60]!r}") from None


def _parsed(text: str, now_ms: int) -> int:
    if "T" not in text.upper() or "-" not in text:
        return now_ms - round(parse_duration(text) * 1000)
    # in a query `+` is a space, and few think of that
    moment = datetime.fromisoformat(text.upper().replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _text(ms: int) -> str:
    second, rest = divmod(ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(second))}.{rest:03d}Z"


def _data(name: str, since: int, until: int, found: Series) -> dict[str, Any]:
    return {
        "sender": name,
        "unit": found.unit,
        "since": _text(since),
        "until": _text(until),
        "first": None if found.first is None else _text(found.first),
        "points": [_point(bucket) for bucket in found.buckets],
        "gaps": [_gap(gap) for gap in found.gaps],
    }


def _point(bucket: Bucket) -> dict[str, Any]:
    time_ms, value, least, most, mean, count, _ = bucket
    return dict(zip(COLUMNS, (_text(time_ms), value, least, most, mean, count), strict=True))


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "from": _text(gap.begin),
        "to": None if gap.end is None else _text(gap.end),
        "reason": gap.reason,
    }


def _csv(name: str, found: Series) -> Response:
    rows = [",".join(COLUMNS)]
    rows += [",".join(map(_cell, _point(bucket).values())) for bucket in found.buckets]
    # percent-encoded: whatever a sender is called, the header is one, and the name a name
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"
    headers = {"content-disposition": disposition}
    return Response("\r\n".join([*rows, ""]), 200, headers, "text/csv; charset=utf-8")


def _cell(value: object) -> str:
    return value if isinstance(value, str) else to_json(value)
