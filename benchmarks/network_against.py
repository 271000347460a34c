"""`sig` of this folder against that of another, in turns: what a change costs or gains over a network.

    git worktree add ../before v1.4.0
    python -m benchmarks.network_against ../before [--rounds 15] [--only callers]

What counts are the ratios within one round; raw JSON lines over TCP are beside them. It prints, and keeps
nothing.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.network import EVENTS, REQUESTS, Group
from benchmarks.report import ratio, table

NAMES = ("raw", "before", "now")
CALLERS = (4, 16)
LISTENERS = (1, 8, 10)


def p50(group: Group) -> float:
    """Of requests, microseconds."""
    return group.requests()[0]


def callers(count: int, group: Group) -> float:
    """Microseconds a request, of many at once."""
    return 1e6 / group.callers(count)


def event(group: Group) -> float:
    """Microseconds an event."""
    rate, lost = group.events()
    if lost:
        sys.exit(f"{lost} events were lost")
    return 1e6 / rate


Measure = tuple[str, tuple[str, str, int], Callable[[Group], float], int]


def measures() -> list[Measure]:
    """Name, the roles, what is measured, and how many requests or events that is."""
    EVENTS.setdefault(8, EVENTS[10])
    found: list[Measure] = [("request", ("request", "respond", 1), p50, REQUESTS)]
    found += [
        (f"callers {count}", ("callers", "respond", 1), partial(callers, count), 100 * count)
        for count in CALLERS
    ]
    found += [
        (f"events to {count}", ("publish", "listen", count), event, EVENTS[count]) for count in LISTENERS
    ]
    return found


def in_turns(measure: Measure, folders: dict[str, str], rounds: int) -> list[str]:
    """A line of the table."""
    title, roles, figure_of, count = measure
    figures: dict[str, list[float]] = {name: [] for name in folders}
    cpu: dict[str, list[float]] = {name: [] for name in folders}
    with ExitStack() as stack:
        groups = {
            name: Group(stack, "raw" if name == "raw" else "sig", *roles, folder=folder)
            for name, folder in folders.items()
        }
        for group in groups.values():
            if roles[1] == "listen":
                group.warm_up()
        for number in range(rounds + 1):
            order = list(folders) if number % 2 else list(reversed(folders))
            for name in order:
                before = groups[name].cpu_s
                figure = groups[name].measured(figure_of)
                if number:
                    figures[name].append(figure)
                    cpu[name].append((groups[name].cpu_s - before) * 1e6 / count)
    now, before_ = figures["now"], figures["before"]
    raw = f"{ratio(now, figures['raw']):.2f}" if "raw" in figures else ""
    return [
        title,
        f"{statistics.median(before_):,.0f}",
        f"{statistics.median(now):,.0f}",
        f"{ratio(now, before_):.3f}",
        f"{sum(cpu['now']) / sum(cpu['before']):.3f}",
        raw,
    ]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not (options.before / "sig").is_dir():
        sys.exit(f"{options.before}: expected a folder with `sig` in it")
    rows = []
    for measure in measures():
        if not measure[0].startswith(options.only):
            continue
        folders = {"raw": "", "before": str(options.before.resolve()), "now": ""}
        if measure[0].startswith("callers"):
            del folders["raw"]  # one caller a connection
        rows.append(in_turns(measure, folders, options.rounds))
        print("  ".join(rows[-1]), flush=True)
    print(table(["µs each", "before", "now", "now / before", "CPU now / before", "times raw"], rows))


if __name__ == "__main__":
    main()
