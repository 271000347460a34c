"""Many gateways and three routers: a router that dies or hangs, an outage, requests, under each contender.

    python -m benchmarks.fleet [--rounds 5] [--outage 600] [--only kill hang outage request]

The contenders take turns within a round. With `--outage 60` the 20 gateways say their 12,000 events in a
tenth of the time. Results go to benchmarks/results/fleet.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fleet import contenders
from benchmarks.fleet.contenders import Contender
from benchmarks.fleet.measures import GATEWAYS, RATE, Broken, Outage, broken, outage, requests
from benchmarks.report import about, goal, table, write

MEASURES = ("kill", "hang", "outage", "request")
KILLED_S, HUNG_S = 5.0, 9.0
"""After it: longer than anybody takes to leave a hung router with the settings of `gateway.fleet.session`."""
EVENTS = 12_000
PACKAGES = ("eclipse-zenoh", "nats-py")


def in_turns(who: list[Contender], rounds: int, measure: Any) -> dict[str, list[Any]]:
    """What each measured in each round."""
    figures: dict[str, list[Any]] = {each.name: [] for each in who}
    for number in range(rounds):
        for each in who[number % len(who) :] + who[: number % len(who)]:
            with tempfile.TemporaryDirectory() as folder:
                figure = measure(each, Path(folder) / "fleet", number)
            figures[each.name].append(figure)
            print(each.name, figure, flush=True)
    return figures


def broken_text(figures: dict[str, list[Broken]], what: str, most_s: float) -> str:
    """A table and what it has to hold."""
    rows = []
    for name, rounds in figures.items():
        gaps = [each.gap_s for each in rounds]
        counts = [sum(each[place] for each in rounds) for place in range(1, 5)]
        row = [f"{statistics.median(gaps):.2f}", f"{max(gaps):.2f}", *(f"{each:,}" for each in counts)]
        rows.append([name, *row])
    ours = figures.get(contenders.OURS, [])
    goals = (
        [goal(f"{what}: the gap, s", statistics.median(each.gap_s for each in ours), most_s)] if ours else []
    )
    goals += [
        goal(
            f"{what}: {name}, lost and repeated", sum(each.lost + each.repeated for each in figures[name]), 0
        )
        for name in (contenders.OURS, contenders.DURABLE)
        if name in figures
    ]
    head = [f"{what}", "gap, s", "longest", "said", "lost", "repeated", "out of order"]
    return "\n\n".join([table(head, rows), "\n".join(goals)])


def outage_text(figures: dict[str, list[Outage]]) -> str:
    """A table and what it has to hold."""
    rows, goals = [], []
    for name, rounds in figures.items():
        for each in rounds:
            row = [each.first_s, each.all_s, *each.live_s]
            rows.append([name, *(f"{figure:.2f}" for figure in row), *(f"{n:,}" for n in each.counted[1:])])
        if name in (contenders.OURS, contenders.DURABLE):
            lost = sum(each.counted.lost + each.counted.repeated for each in rounds)
            goals += [
                goal(f"outage: {name}, lost and repeated", lost, 0),
                goal(f"outage: {name}, the first missed, s", max(each.first_s for each in rounds), 5.0),
                goal(f"outage: {name}, all missed, s", max(each.all_s for each in rounds), 20.0),
            ]
    head = ["no router, then", "first missed, s", "all, s", "live p50, s", "live p99, s"]
    return "\n\n".join([table([*head, "said", "lost", "repeated", "out of order"], rows), "\n".join(goals)])


def request_text(figures: dict[str, list[float]]) -> str:
    """A table and what it has to hold."""
    raw = figures[contenders.PLAIN]
    rows = []
    for name, rounds in figures.items():
        times = statistics.median(one / base for one, base in zip(rounds, raw, strict=True))
        rows.append([name, f"{1e6 * statistics.median(rounds):,.0f}", f"{times:.2f}"])
    ratio = statistics.median(one / base for one, base in zip(figures[contenders.OURS], raw, strict=True))
    return "\n\n".join(
        [table(["a request", "p50, µs", "times raw"], rows), goal("request p50, times raw", ratio, 1.2)]
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--outage", type=float, default=600.0)
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument("--contenders", nargs="+", default=[each.name for each in contenders.ALL])
    options = parser.parse_args()
    who = []
    for each in contenders.ALL:
        if missing := each.missing():
            print(f"{each.name} is skipped: it needs {missing}", flush=True)
        elif each.name in options.contenders:
            who.append(each)
    parts = [f"{GATEWAYS} gateways, three routers on loopback, one consumer at another router than most."]
    if "kill" in options.only:
        figures = in_turns(
            who, options.rounds, lambda each, folder, at: broken(each, folder, "kill", at % 3, KILLED_S)
        )
        parts.append(broken_text(figures, f"a router killed, {RATE:g} events/s of each", 0.3))
    if "hang" in options.only:
        figures = in_turns(
            who, options.rounds, lambda each, folder, at: broken(each, folder, "hang", at % 3, HUNG_S)
        )
        parts.append(broken_text(figures, f"a router hung, {RATE:g} events/s of each", 4.5))
    if "outage" in options.only:
        rate = EVENTS / GATEWAYS / options.outage
        parts.append(
            f"No router for {options.outage:g} s, in the middle of which one gateway is killed and begins "
            f"again; {rate:g} events/s of each. Seconds count from when the first router listens again."
        )
        parts.append(
            outage_text(in_turns(who, 1, lambda each, folder, _: outage(each, folder, options.outage, rate)))
        )
    if "request" in options.only:
        # Those that answer requests: a durable consumer asks nobody.
        able = [each for each in who if each.name not in (contenders.DURABLE, contenders.ADVANCED)]
        with tempfile.TemporaryDirectory() as folder:
            parts.append(request_text(requests(able, Path(folder), 3 * options.rounds)))
    command = f"python -m benchmarks.fleet --rounds {options.rounds} --outage {options.outage:g}"
    how = f"`{command}`; {about(PACKAGES)}"
    if set(options.only) == set(MEASURES):
        write("fleet", "Many gateways", how, "\n\n".join(parts))
    else:
        print("\n\n".join(parts))


if __name__ == "__main__":
    main()
