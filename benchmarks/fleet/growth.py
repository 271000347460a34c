"""What a router, a gateway's session and a consumer cost as there are more gateways; a start, and a death.

    python -m benchmarks.fleet.growth [--gateways 10 100 1000] [--seconds 30]

One event a second of each gateway, three routers on loopback, 250 gateways to a process. CPU is the kernel's
count of nanoseconds, of all three routers; the durable consumer and a `FleetRouter` listen to everything.
Results go to benchmarks/results/fleet_growth.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.history_house_figures import byte_compile, memory_mb
from benchmarks.report import about, goal, table, write
from tests.support.fleet_parts import Got, Part, cpu_s, read_log, rss_mb
from tests.support.fleet_routers import Routers

A_PROCESS = 250
SETTLE_S = 5.0
PATIENCE_S = 300.0
SECTION_ROUNDS = 3
CONSUMERS = {"durable": "tests.support.fleet_consumer", "FleetRouter": "benchmarks.fleet.ours_role"}


class Cost(NamedTuple):
    """With so many gateways. `router_us`: CPU of all routers an event; `others_us`: of each consumer;
    `speaker_us`: of a gateway. Memory in MB. `start_s`: until both consumers had heard everyone; `gap_s`: the
    longest silence of any gateway when one of the routers is killed; `lost`: of all that was said."""

    gateways: int
    start_s: float
    router_us: float
    router_mb: float
    speaker_us: float
    session_mb: float
    others_us: dict[str, float]
    others_mb: dict[str, float]
    gap_s: float
    lost: int


def cost(count: int, seconds: float, folder: Path) -> Cost:
    """Of a fleet of that size."""
    with ExitStack() as stack:
        routers = Routers(3)
        stack.callback(routers.close)
        logs = {name: folder / name for name in CONSUMERS}
        consumers = {
            name: Part(module, {"routers": routers.endpoints, "log": str(logs[name])})
            for name, module in CONSUMERS.items()
        }
        for part in consumers.values():
            stack.callback(part.end)
            part.hear()
        bare = _bare_mb(routers)
        began = time.monotonic()
        parts = []
        for first in range(0, count, A_PROCESS):
            here = min(A_PROCESS, count - first)
            options = {"site": "north", "first": first, "count": here, "rate": 1}
            parts.append(Part("tests.support.fleet_gateways", options | {"routers": routers.endpoints}))
            stack.callback(parts[-1].end)
        for part in parts:
            part.hear(PATIENCE_S)
        for log in logs.values():
            _until_heard(log, count)
        start_s = time.monotonic() - began
        time.sleep(SETTLE_S)
        groups = {
            "router": [routers.pid(at) or 0 for at in range(3)],
            "speaker": [part.pid for part in parts],
            **{name: [part.pid] for name, part in consumers.items()},
        }
        before = {name: sum(map(cpu_s, pids)) for name, pids in groups.items()}
        said = _said(parts)
        time.sleep(seconds)
        said = _said(parts) - said
        used = {name: 1e6 * (sum(map(cpu_s, pids)) - before[name]) / said for name, pids in groups.items()}
        router_mb = max(map(rss_mb, groups["router"]))
        session_mb = (sum(rss_mb(part.pid) for part in parts) - len(parts) * bare) / count
        others_mb = {name: rss_mb(part.pid) for name, part in consumers.items()}
        gap_s = _after_a_death(routers, logs["durable"], parts)
        return Cost(
            count,
            start_s,
            used["router"],
            router_mb,
            used["speaker"],
            session_mb,
            {name: used[name] for name in CONSUMERS},
            others_mb,
            gap_s,
            _said(parts) - len({(each.gateway, each.number) for each in read_log(logs["durable"])}),
        )


def _bare_mb(routers: Routers) -> float:
    """A process of none but one gateway that says nothing."""
    options = {"site": "south", "first": 0, "count": 1, "rate": 0, "routers": routers.endpoints}
    part = Part("tests.support.fleet_gateways", options)
    part.hear()
    try:
        return rss_mb(part.pid)
    finally:
        part.end()


def _after_a_death(routers: Routers, log: Path, parts: list[Part]) -> float:
    """The longest silence, beyond the second that there is between two events of a gateway."""
    began = time.monotonic()
    routers.kill(0)
    time.sleep(3 * SETTLE_S)
    for part in parts:
        part.tell("rate 0")
    time.sleep(SETTLE_S)
    late = [each.got - each.said for each in read_log(log) if each.said > began - 1.0]
    return max(late)


def _said(parts: list[Part]) -> int:
    return sum(int(part.figures()["said"]) for part in parts)


def _until_heard(log: Path, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    got: list[Got] = []
    while len({each.gateway for each in got}) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{log.name} has not heard all of {count}")
        time.sleep(0.2)
        got = read_log(log)


def section_mb(rounds: int) -> tuple[float, float]:
    """Of a gateway with ten sensors: without `fleet:`, and with it and a consumer that confirms."""
    byte_compile()
    without, beside = [], []
    routers = Routers(2)
    try:
        with tempfile.TemporaryDirectory() as folder:
            section = {"site": "north", "routers": routers.urls, "consumers": ["durable"]}
            log = str(Path(folder) / "log")
            consumer = Part(CONSUMERS["durable"], {"routers": routers.endpoints, "log": log})
            for _ in range(rounds):
                without.append(memory_mb({}))
                beside.append(memory_mb({"fleet": section}))
            consumer.end()
    finally:
        routers.close()
    return statistics.median(without), statistics.median(beside)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gateways", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    found = []
    for count in options.gateways:
        with tempfile.TemporaryDirectory() as folder:
            found.append(cost(count, options.seconds, Path(folder)))
            print(found[-1], flush=True)
    head = ["gateways", *(f"{each.gateways:,}" for each in found)]
    rows = [
        ["all heard after their start, s", *(f"{each.start_s:.1f}" for each in found)],
        ["three routers, CPU an event, µs", *(f"{each.router_us:,.0f}" for each in found)],
        ["a router, MB", *(f"{each.router_mb:.0f}" for each in found)],
        ["a gateway, CPU an event, µs", *(f"{each.speaker_us:,.0f}" for each in found)],
        ["a gateway's session at the simulator, MB", *(f"{each.session_mb:.2f}" for each in found)],
    ]
    for name in CONSUMERS:
        rows.append([f"{name}, CPU an event, µs", *(f"{each.others_us[name]:,.0f}" for each in found)])
        rows.append([f"{name}, MB", *(f"{each.others_mb[name]:.0f}" for each in found)])
    rows.append(["a router killed: the latest event, s", *(f"{each.gap_s:.2f}" for each in found)])
    rows.append(["lost", *(f"{each.lost}" for each in found)])
    growth = max(each.router_us for each in found) / found[0].router_us
    goals = [
        goal("a router's CPU an event, most to that of the fewest gateways", growth, 1.3),
        goal("MB a session", max(each.session_mb for each in found), 1.0),
    ]
    without, beside = section_mb(SECTION_ROUNDS)
    rows.append(["a gateway with ten sensors, MB", f"{without:.1f}", *[""] * (len(found) - 1)])
    rows.append(["the same with `fleet:`, MB", f"{beside:.1f}", *[""] * (len(found) - 1)])
    goals.append(goal("MB that `fleet:` adds to a gateway", beside - without, 12.0))
    how = f"`python -m benchmarks.fleet.growth --seconds {options.seconds:g}`; {about(('eclipse-zenoh',))}"
    write("fleet_growth", "More gateways", how, "\n\n".join([table(head, rows), "\n".join(goals)]))


if __name__ == "__main__":
    main()
