"""What a sensor has said, as few points that keep the spikes."""

from __future__ import annotations

import time
from urllib.parse import quote

from starlette.responses import Response

from drivers.reading import format_ms
from gateway.history.answer import MOST_POINTS, NO_HISTORY, POINTS, as_json, csv_lines
from gateway.history.moments import SINCE, WHEN, moment
from gateway.history.rows import Series
from gateway.http import schemas
from gateway.http.answers import json_text
from gateway.http.calls import REQUEST_S, Calls
from gateway.http.context import Context
from gateway.http.errors import HttpError
from gateway.http.operations import Call, Operation, Parameter
from gateway.http.senders import NAME


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
                    Parameter("since", f"from when; {WHEN}", default=SINCE, example="24h"),
                    Parameter("until", f"to when; {WHEN}; now, if it is left out", example="1h"),
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
            text = f"since: expected a time before until ({format_ms(until)}), got {format_ms(since)}"
            raise HttpError("bad_params", text)
        history = self._context.history()
        if history is None:
            raise HttpError("not_found", "this gateway keeps no history; write in its config: history: {}")
        count: int = call.given["points"]
        found = await self._calls.run(lambda: history.points(name, since, until, count), REQUEST_S, "it")
        if found is None:
            if self._context.router.getSender(name) is None:
                raise HttpError("unknown_sender", f"there is no sender '{name}', and there was none")
            found = NO_HISTORY
        if call.given["format"] == "csv":
            return _csv(name, found)
        return json_text(as_json(name, since, until, found))


def _when(name: str, text: str | None, now_ms: int) -> int:
    try:
        return moment(name, text, now_ms)
    except ValueError as error:
        raise HttpError("bad_params", str(error)) from None


def _csv(name: str, found: Series) -> Response:
    # percent-encoded: whatever a sender is called, the header is one, and the name a name
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"
    headers = {"content-disposition": disposition}
    return Response("\r\n".join([*csv_lines(found), ""]), 200, headers, "text/csv; charset=utf-8")
