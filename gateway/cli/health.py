"""`health`: whether data flows, part by part, and what to do where it does not."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import sig
from gateway.cli.client import complain, connection, to_json
from gateway.cli.over_fleet import is_fleet
from gateway.cli.whole_fleet import health_of_fleet
from gateway.live.lines import Line, has_colours, painted, wrapped
from gateway.plain import plain
from gateway.senders import OWN_NAME

WITHIN_S = 5.0
"""For the answer; the connection has as much for each of its steps."""
LEAST_COLUMNS = 20
"""Of a message: below that it is not wrapped to what the terminal has left."""
STYLES = {"failing": "red", "unknown": "yellow", "ok": "green"}
WORST_FIRST = tuple(STYLES)


def health(url: str, token: str | None, *, as_json: bool) -> int:
    """Print what the gateway says of itself; 0 only if all of it is well."""
    try:
        report = health_of_fleet(url, WITHIN_S) if is_fleet(url) else _of_gateway(url, token)
    except sig.RequestError as error:
        return complain(error)
    if as_json:
        print(to_json(report))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in lines(report, width):
            print(painted(line, colours=has_colours(sys.stdout)))
    return 0 if report["status"] == "ok" else 1


def _of_gateway(url: str, token: str | None) -> Mapping[str, Any]:
    with connection(url, token) as client:
        found: Mapping[str, Any] = client.remoteRequest(OWN_NAME, "health", timeout=WITHIN_S)
        return found


def lines(report: Mapping[str, Any], width: int | None) -> Iterator[Line]:
    """A line for each part, the worst first, and for each sensor below its device; the whole at the end,
    where it is seen. A message takes several lines where `width` columns are too few (None: they never are).
    """
    rows = [row for name, part in _worst_first(report["parts"]) for row in _rows(name, part)]
    names = max((len(name) for name, _, _ in rows), default=0)
    for name, status, message in rows:
        begin = f"{status:7}  {name:{names}}  "
        room = None if width is None else max(LEAST_COLUMNS, width - len(begin))
        first, *more = wrapped(message, room) if room is not None else [message]
        yield [(f"{status:7}", STYLES.get(status, "")), (begin[7:], ""), (first, "")]
        for line in more:
            yield [(" " * len(begin) + line, "")]
    yield from _whole(report, width)


def _whole(report: Mapping[str, Any], width: int | None) -> Iterator[Line]:
    """`failing: links.board, devices.board; 7 others are well`."""
    parts, status = report["parts"], report["status"]
    ill = [name for name, part in _worst_first(parts) if part["status"] != "ok"]
    well = len(parts) - len(ill)
    said = f"all {well} parts are well"
    if ill:
        said = f"{plain(', '.join(ill))}{f'; {well} others are well' if well else ''}"
    text = f"{status}: {said}"
    first, *more = wrapped(text, max(LEAST_COLUMNS, width)) if width is not None else [text]
    yield [("", "")]
    yield [(status, STYLES.get(status, "")), (first[len(status) :], "")]
    for line in more:
        yield [(line, "")]


def _worst_first(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    def rank(item: tuple[str, Any]) -> int:
        status = item[1]["status"]
        return WORST_FIRST.index(status) if status in WORST_FIRST else 0

    return sorted(parts.items(), key=rank)


def _rows(name: str, part: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, status, message; a device that has one sensor is one row with it."""
    sensors = _worst_first(part.get("sensors", {}))
    if len(sensors) < 2:
        yield plain(name), part["status"], plain(part["message"])
        return
    heard = part.get("heard")
    words = "no value yet" if heard is None else f"heard {heard:.3g} s ago"
    yield plain(name), part["status"], f"{len(sensors)} sensors, {words}"
    for sensor, each in sensors:
        yield f"  {plain(sensor)}", each["status"], plain(each["message"])
