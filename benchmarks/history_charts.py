"""A year in the files of all contenders: how large it is, how fast it came in, how long a chart takes.

Contenders take turns, and of each the least time counts: others may be at work on the machine.
"""

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from benchmarks import report
from benchmarks.history_contenders import Contender, contenders
from benchmarks.history_house import House
from benchmarks.history_metrics_db import VictoriaMetrics, program
from benchmarks.history_ours import Ours, Size
from benchmarks.history_year import DAY_MS, History

TURNS = 25
DAY_POINTS, YEAR_POINTS = 300, 1000
MOST_BYTES_A_ROW, MOST_FILE_MB = 2.0, 15.0
MOST_DAY, MOST_YEAR = 1.5, 1 / 40
API_MS = {"a day": 10.0, "the last day": 10.0, "the year": 20.0}


class Chart(NamedTuple):
    """Of one sensor, in ms since 1970."""

    since: int
    until: int
    points: int


class Loaded(NamedTuple):
    """`charts`: by what they are of, the least time in ms."""

    name: str
    rows_a_second: float
    size: int
    charts: dict[str, float]


class Result(NamedTuple):
    """Of all; `api`: our charts over HTTP, in ms; None where the gateway answers none."""

    rows: int
    loaded: list[Loaded]
    ours: Size
    api: dict[str, float] | None


def charts(sensors: Sequence[History]) -> dict[str, Chart]:
    """The last day, of which a part is not sealed yet; a day of the year; the year."""
    until = sensors[0].rows.times[-1] // 60_000 * 60_000
    since = sensors[0].rows.times[0]
    middle = (since + (until - since) // 2) // DAY_MS * DAY_MS + DAY_MS // 3
    return {
        "a day": Chart(middle, middle + DAY_MS, DAY_POINTS),
        "the last day": Chart(until - DAY_MS, until, DAY_POINTS),
        "the year": Chart(since, until, YEAR_POINTS),
    }


def measure(sensors: Sequence[History]) -> Result:
    """Everything; takes some minutes."""
    rows = sum(len(sensor.rows) for sensor in sensors)
    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        folder = Path(text)
        data = folder / "data"
        data.mkdir()
        ours = Ours(data)
        there: list[Contender] = [*contenders(folder), ours]
        if (binary := program(folder / "debian")) is not None:
            there.insert(-1, VictoriaMetrics(binary, folder / "metrics"))
        rates = {}
        for one in there:
            stack.callback(one.close)
            began = time.perf_counter()
            one.load(sensors)
            rates[one.name] = rows / (time.perf_counter() - began)
            print(
                f"{one.name}: {rates[one.name]:,.0f} rows/s, {one.size() / rows:.2f} bytes a row", flush=True
            )
        times = taken(there, charts(sensors))
        loaded = [Loaded(one.name, rates[one.name], one.size(), times[one.name]) for one in there]
        return Result(rows, loaded, ours.sizes(folder), over_http(folder, charts(sensors)))


def taken(there: Sequence[Contender], wanted: Mapping[str, Chart]) -> dict[str, dict[str, float]]:
    """By contender and chart, in ms. Of other sensors each time, the same for all."""
    found: dict[str, dict[str, float]] = {one.name: {} for one in there}
    for what, chart in wanted.items():
        for turn in range(TURNS):
            for one in there:
                found[one.name][what] = min(
                    found[one.name].get(what, 1e9),
                    _ms(lambda one=one, chart=chart, turn=turn: one.chart(turn % 10, *chart)),  # type: ignore[misc]
                )
    return found


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def over_http(folder: Path, wanted: Mapping[str, Chart]) -> dict[str, float] | None:
    """Of a gateway that runs with that file, in ms; the least of each."""
    with House({"http": {}, "history": {}}, folder) as house:
        house.wait_until_up()
        time.sleep(3)
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
        found = {}
        for what, (since, until, points) in wanted.items():
            query = urlencode({"since": _utc(since), "until": _utc(until), "points": points})
            times = []
            for turn in range(TURNS):
                began = time.perf_counter()
                connection.request("GET", f"/api/v1/senders/sensor-{turn % 10}/history?{query}")
                answer = connection.getresponse()
                body = answer.read()
                times.append((time.perf_counter() - began) * 1000)
                if answer.status != 200:
                    print(f"the API: {answer.status} {body[:200]!r}", flush=True)
                    return None
                assert 0 < len(json.loads(body)["points"]) <= points
            found[what] = min(times)
        connection.close()
        return found


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def text_of(result: Result) -> str:
    """A table, and a line for each goal."""
    plain = result.loaded[0]
    whats = list(plain.charts)
    rows = [
        [
            one.name,
            f"{one.size / 1e6:.1f}",
            f"{one.size / result.rows:.2f}",
            f"{one.rows_a_second / 1000:,.0f}",
            *(f"{one.charts[what]:.2f}" for what in whats),
        ]
        for one in result.loaded
    ]
    head = ["", "MB", "bytes a row", "thousand rows/s in", *(f"{what}, ms" for what in whats)]
    ours = result.loaded[-1]
    goals = [
        report.goal(
            "bytes a row without roll-ups", result.ours.without_rollups / result.rows, MOST_BYTES_A_ROW
        ),
        report.goal("the file with them, MB", result.ours.file / 1e6, MOST_FILE_MB),
    ]
    for what in whats:
        most = MOST_YEAR if what == "the year" else MOST_DAY
        goals.append(report.goal(f"{what}, times plain SQLite", ours.charts[what] / plain.charts[what], most))
    for what, ms in (result.api or {}).items():
        goals.append(report.goal(f"{what} over HTTP, ms", ms, API_MS[what]))
    return "\n".join([report.table(head, rows), "", *goals])
