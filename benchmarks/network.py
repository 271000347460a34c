"""Requests and events between processes on loopback: ours, raw JSON lines over TCP (the limit), and others.

    python -m benchmarks.network [--rounds 15]

Each client and each server is a process of its own. The contenders take turns; what counts are the ratios
within one round. Results go to benchmarks/results/network.md and .svg.
"""

import argparse
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

from benchmarks.peers import NAMES, kind
from benchmarks.report import about, bars, ratio, table, write

REQUESTS = 200
MANY = 10
# Events a round, to one and to ten: some tenths of a second to a few, at the pace of each.
EVENTS = {1: 10_000, MANY: 2_000}
PATIENCE_S = 15.0
PACKAGES = ("nats-py", "pyzmq", "paho-mqtt")

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

Figure = TypeVar("Figure")


class Role:
    """One process."""

    def __init__(self, stack: ExitStack, *arguments: str, folder: str = "") -> None:
        """`folder`: where `sig` is imported from, if it is not this one."""
        command = [sys.executable, "-m", "benchmarks.network_roles", *arguments]
        self._process = stack.enter_context(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=os.environ | {"SIG_FROM": folder},
            )
        )
        stack.callback(self._end)
        self.pid = self._process.pid
        self._lines: list[str] = []
        self._rest = b""

    def _end(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(3)
        self._process.kill()

    def tell(self, count: int) -> None:
        """A command."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"%d\n" % count)

    def hear(self, patience_s: float = PATIENCE_S) -> str | None:
        """A line; None if none comes in time."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + patience_s
        while not self._lines:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return None
            data = self._process.stdout.read(65536)
            if not data:
                raise SystemExit(f"{self._process.args!r} has ended")
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += [line.decode() for line in lines]
        return self._lines.pop(0)

    def must_hear(self) -> str:
        """A line."""
        line = self.hear()
        if line is None:
            raise SystemExit(f"{self._process.args!r} does not answer")
        return line


class Group:
    """The processes of one contender for one measurement."""

    def __init__(
        self, stack: ExitStack, name: str, source: str, target: str, targets: int, folder: str = ""
    ) -> None:
        port, server = Role(stack, name, "serve", folder=folder).must_hear().split()
        self.targets = [Role(stack, name, target, port, folder=folder) for _ in range(targets)]
        for each in self.targets:
            each.must_hear()
        self.source = Role(stack, name, source, port, folder=folder)
        self.source.must_hear()
        self._pids = [int(server), self.source.pid, *(each.pid for each in self.targets)]
        self.cpu_s = 0.0

    def measured(self, measure: Callable[["Group"], Figure]) -> Figure:
        """`measure(self)`, and add the CPU time of all the processes to `cpu_s`."""
        before = sum(map(cpu_of, self._pids))
        figure = measure(self)
        self.cpu_s += sum(map(cpu_of, self._pids)) - before
        return figure

    def warm_up(self) -> None:
        """Publish until each listener has heard something."""
        deaf = self.targets
        while deaf:
            self.source.tell(0)
            self.source.must_hear()
            deaf = [each for each in deaf if each.hear(0.1) is None]

    def requests(self) -> tuple[float, float]:
        """p50 and p99 in microseconds."""
        self.source.tell(REQUESTS)
        p50, p99 = map(float, self.source.must_hear().split())
        return p50 * 1e6, p99 * 1e6

    def callers(self, count: int) -> float:
        """Requests a second that so many threads make at once."""
        self.source.tell(count)
        return float(self.source.must_hear())

    def events(self) -> tuple[float, int]:
        """Events a second until the last listener had the last one, and how many of all did not arrive."""
        count = EVENTS[len(self.targets)]
        for each in self.targets:
            each.tell(count)
            assert each.must_hear() == "armed"
        self.source.tell(count)
        start = float(self.source.must_hear())
        lost, end = 0, start
        for each in self.targets:
            line = each.hear()
            if line is None:
                each.tell(0)
                line = each.must_hear()
            arrived, at = line.split()
            lost += count - int(arrived)
            end = max(end, float(at))
        return count / (end - start), lost


def cpu_of(pid: int) -> float:
    """Seconds of CPU, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def in_turns(
    names: list[str], roles: tuple[str, str, int], rounds: int, measure: Callable[[Group], Figure]
) -> tuple[dict[str, list[Figure]], dict[str, float]]:
    """What each contender measured in each round, the first one not counted; and CPU seconds of all."""
    figures: dict[str, list[Figure]] = {name: [] for name in names}
    with ExitStack() as stack:
        groups = {name: Group(stack, name, *roles) for name in names}
        for group in groups.values():
            if roles[1] == "listen":
                group.warm_up()
        for number in range(rounds + 1):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                figure = groups[name].measured(measure)
                if number:
                    figures[name].append(figure)
        return figures, {name: group.cpu_s / (rounds + 1) for name, group in groups.items()}


def installed() -> list[str]:
    """The contenders that can run here."""
    found = []
    for name in NAMES:
        missing = kind(name).missing()
        if missing:
            print(f"{name} is skipped: it needs {missing}", flush=True)
        else:
            found.append(name)
    return found


def request_table(
    figures: dict[str, list[tuple[float, float]]], cpu: dict[str, float]
) -> tuple[str, dict[str, float]]:
    """p50, p99, times raw, CPU; and the p50s."""
    p50 = {name: [each for each, _ in rounds] for name, rounds in figures.items()}
    medians = {name: statistics.median(each) for name, each in p50.items()}
    rows = [
        [
            name,
            f"{medians[name]:,.0f}",
            f"{ratio(p50[name], p50['raw']):.2f}",
            f"{statistics.median(p99 for _, p99 in figures[name]):,.0f}",
            f"{cpu[name] / REQUESTS * 1e6:,.0f}",
        ]
        for name in figures
    ]
    return table(["", "p50, µs", "times raw", "p99, µs", "CPU a request, µs"], rows), medians


def event_table(
    count: int, figures: dict[str, list[tuple[float, int]]], cpu: dict[str, float]
) -> tuple[str, dict[str, float]]:
    """Events a second, times raw, what was lost in all rounds, CPU; and the medians."""
    rates = {name: [rate for rate, _ in rounds] for name, rounds in figures.items()}
    medians = {name: statistics.median(each) for name, each in rates.items()}
    rows = [
        [
            name,
            f"{medians[name]:,.0f}",
            f"{ratio(rates[name], rates['raw']):.2f}",
            f"{sum(lost for _, lost in figures[name]):,}",
            f"{cpu[name] / count * 1e6:,.0f}",
        ]
        for name in figures
    ]
    return table(["", "events/s", "times raw", "lost", "CPU an event, µs"], rows), medians


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args()
    rounds: int = options.rounds
    names = [name for name in installed() if name in options.only]
    request_text, p50 = request_table(*in_turns(names, ("request", "respond", 1), rounds, Group.requests))
    parts = [f"A request relayed by the process in the middle, {REQUESTS} a round:", request_text]
    rates = []
    for listeners, count in EVENTS.items():
        text, medians = event_table(
            count, *in_turns(names, ("publish", "listen", listeners), rounds, Group.events)
        )
        rates.append(medians)
        parts += [
            f"Events of one publisher, through the process in the middle, to {listeners} listening "
            f"process{'es' if listeners > 1 else ''}, {count:,} a round, until the last has the last; lost: "
            "of all deliveries in all rounds:",
            text,
        ]
    parts.append("CPU: user and system, of all processes together.")
    body = "\n\n".join(parts)
    if set(options.only) != set(NAMES):
        print(body)
        return
    how = f"`python -m benchmarks.network --rounds {rounds}`, medians; {about(PACKAGES)}"
    write("network", "Between processes on loopback", how, body)
    titles = ("request p50, µs (less is better)", "events/s to one", f"events/s to {MANY}")
    bars("network", list(zip(titles, (p50, *rates), strict=True)))


if __name__ == "__main__":
    main()
