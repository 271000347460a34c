"""What history and the HTTP side cost, beside plain SQLite, DuckDB and VictoriaMetrics.

    python -m benchmarks.history [--days 365] [--rounds 5] [--only Start]

A year of ten sensors at a row a minute is made, and kept by all in one run. Then what reaches the device,
what commits take while somebody reads everything, and what a gateway needs more when it has these parts on.
Most figures are ratios within the run, or the least of many turns: others may be at work on the machine. It
takes twenty minutes. Results go to benchmarks/results/history.md, but for those of a part that was asked for
alone.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import history_charts, history_commits, history_export, report
from benchmarks import history_house_figures as house
from benchmarks.history_ours import FILE, Ours
from benchmarks.history_year import DAYS, History, year
from tests.support.mosquitto import Mosquitto

MOST_RECORDER_MB, MOST_HTTP_MB = 4.0, 25.0
MOST_START_CPU, MOST_START = 1.2, 1.1
MOST_LATE, MOST_CPU = 2.0, 0.03
MOST_FLOOD_MB = 8.0
EXPORT_DAYS = 60
"""Of the file that is read while another writes: more would only be read longer than the writing takes."""
ALL: dict[str, object] = {"http": {}, "history": {}}
NONE: dict[str, object] = {}


def started(rounds: int) -> str:
    """CPU and time until the first reading is with a subscriber."""
    if missing := Mosquitto.missing():
        return missing
    pairs = [(house.start(NONE), house.start(ALL)) for _ in range(rounds)]
    cpu = report.ratio([on.cpu_s for _, on in pairs], [off.cpu_s for off, _ in pairs])
    took = report.ratio([on.seconds for _, on in pairs], [off.seconds for off, _ in pairs])
    rows = [
        [name, *(f"{statistics.median(each) * 1000:,.0f}" for each in zip(*ones, strict=True))]
        for name, ones in (
            ("without history and HTTP", [off for off, _ in pairs]),
            ("with both", [on for _, on in pairs]),
        )
    ]
    return "\n".join(
        [
            report.table(["until the first reading", "CPU, ms", "time, ms"], rows),
            "",
            report.goal("CPU to the first reading, times without", cpu, MOST_START_CPU),
            report.goal("time to it, times without", took, MOST_START),
        ]
    )


def memory(rounds: int) -> str:
    """RSS of a gateway after some hundred readings."""
    bare, recorder, web = [], [], []
    for _ in range(rounds):
        bare.append(house.memory_mb(NONE))
        recorder.append(house.memory_mb({"history": {}}))
        web.append(house.memory_mb({"http": {}}, page=True))
    rows = [
        [name, f"{statistics.median(values):.1f}"]
        for name, values in (
            ("neither history nor HTTP", bare),
            ("history", recorder),
            ("HTTP, with one page open", web),
        )
    ]
    return "\n".join(
        [
            report.table(["a gateway with", "MB"], rows),
            "",
            report.goal(
                "added by the recorder, MB", house.median_difference(recorder, bare), MOST_RECORDER_MB
            ),
            report.goal("added by HTTP, MB", house.median_difference(web, bare), MOST_HTTP_MB),
        ]
    )


def followed(rounds: int) -> str:
    """Clients of the events."""
    runs = [house.followers() for _ in range(rounds)]
    late = statistics.median(statistics.median(run.others) / statistics.median(run.lone) for run in runs)
    rows = [
        [
            name,
            *(
                f"{statistics.median(figure(values) * 1000 for values in of):.2f}"
                for figure in (statistics.median, _p99)
            ),
        ]
        for name, of in (
            ("one client", [run.lone for run in runs]),
            ("49 of 50, one reads nothing", [run.others for run in runs]),
            ("the last of them", [run.last for run in runs]),
        )
    ]
    cpu = statistics.median(run.cpu for run in runs)
    alone = statistics.median(run.cpu_alone for run in runs)
    grown = max(run.memory_flooded - run.memory_before for run in runs)
    return "\n".join(
        [
            report.table(["an event's delay, 10 events/s", "p50, ms", "p99, ms"], rows),
            "",
            f"CPU of the whole gateway: {alone:.1%} of a core without clients, {cpu:.1%} with 50.",
            "",
            report.goal("an event's delay with 50 clients, times with one", late, MOST_LATE),
            report.goal("CPU of the gateway with 50 clients, of a core", cpu, MOST_CPU),
            report.goal(f"memory more after {house.FLOOD} events in a flood, MB", grown, MOST_FLOOD_MB),
        ]
    )


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


def exported(sensors: list[History]) -> str:
    """On a file of its own."""
    with tempfile.TemporaryDirectory() as text:
        ours = Ours(Path(text))
        since = sensors[0].rows.times[-1] - EXPORT_DAYS * 86_400_000
        ours.load([sensor.since(since) for sensor in sensors])
        ours.close()
        return history_export.text_of(history_export.measure(Path(text) / FILE))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", metavar="PART", help="print that part alone, such as Start")
    given = parser.parse_args()
    house.byte_compile()
    sensors: list[History] = []
    parts: dict[str, Callable[[], str]] = {
        f"{given.days} days of ten sensors, a row a minute": lambda: history_charts.text_of(
            history_charts.measure(sensors)
        ),
        "What reaches the device": lambda: history_commits.text_of(history_commits.measure()),
        "Writing beside an export": lambda: exported(sensors),
        "Memory": lambda: memory(given.rounds),
        "Start": lambda: started(given.rounds),
        "Followers of events": lambda: followed(given.rounds),
    }
    if given.only is not None:
        print(parts[given.only]())
        return
    sensors += year(round(time.time() * 1000), given.days)
    made = []
    for title, part in parts.items():
        made.append(f"**{title}**\n\n{part()}")
        print(made[-1], flush=True)
    how = f"`python -m benchmarks.history --days {given.days} --rounds {given.rounds}`; "
    body = "\n\n".join(made)
    report.write("history", "History and HTTP", how + report.about(["duckdb", "starlette", "uvicorn"]), body)


if __name__ == "__main__":
    main()
