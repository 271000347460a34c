"""A fleet on a bed, to which a test does things.

site 0: router, north (3 gateways in a process) and single (1)     site 1: router, south (3)
site 2: router, a durable consumer that is killed too, and a watcher (`FleetRouter`)
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.support.fleet_bed import Bed, BedRouters, bed, bed_routers
from tests.support.fleet_gateways import LOSS_WINDOW_S, TRUTH
from tests.support.fleet_parts import Part, read_log
from tests.support.waiting import until

RATE = 5.0
SITES = 3
MOST = 100_000
SHORT_BYTES = 6000
"""That the spool of `single` has room for: some 40 events, so it loses some in an outage of ten seconds."""
MOST_LOST = 0.5
"""Of what `single` says, in a test that has as much quiet as outages."""
AMPLE_BYTES = 10_000_000
SLACK_S = 2.0
"""Until a machine that is busy has written what its loss window says."""
DURABLE, WATCHER = "durable", "watcher"
CONSUMERS = {DURABLE: "tests.support.fleet_consumer", WATCHER: "benchmarks.fleet.ours_role"}


class Group(NamedTuple):
    """A process of gateways: where it is, which it has, and what each of their spools has room for; None: the
    spool is a file that loses nothing."""

    site: int
    first: int
    gateways: int
    disk_bytes: int | None

    @property
    def window_s(self) -> float:
        """What was said so shortly before a kill -9 may be gone."""
        return 0.0 if self.disk_bytes is None else LOSS_WINDOW_S + SLACK_S

    @property
    def may_lose(self) -> float:
        """The share of what is said that there may be no room for."""
        return MOST_LOST if self.disk_bytes == SHORT_BYTES else 0.0


GROUPS = {
    "north": Group(0, 0, 3, AMPLE_BYTES),
    "single": Group(0, 3, 1, SHORT_BYTES),
    "south": Group(1, 4, 3, None),
}
GATEWAYS = sum(group.gateways for group in GROUPS.values())


class Stage:
    """The processes beside the routers; `begin` them, and `end` them."""

    def __init__(self, network: Bed, routers: BedRouters, folder: Path) -> None:
        self.network, self.routers = network, routers
        self.deaths: dict[str, list[float]] = {}
        """Of each process: when it was killed (monotonic)."""
        self._folder = folder
        self._parts: dict[str, Part] = {}
        for name, group in GROUPS.items():
            network.add(name, group.site)
        for name in CONSUMERS:
            network.add(name, SITES - 1)

    def begin(self) -> None:
        """Returns when each consumer has heard each gateway."""
        for name in (*CONSUMERS, *GROUPS):
            self.start(name)
        for name in CONSUMERS:
            until(partial(_has_heard_all, self.log(name)), what=name)

    def end(self) -> None:
        """As each ends by itself."""
        for part in self._parts.values():
            part.end()

    def silence(self) -> None:
        """Returns when no gateway says anything more."""
        for name in GROUPS:
            self._parts[name].tell("rate 0")
            self._parts[name].tell("figures")
        for name in GROUPS:
            while not self._parts[name].hear().startswith("{"):
                continue  # it has found routers before

    def start(self, name: str) -> None:
        """Who is at a site goes to its router first."""
        group = GROUPS.get(name)
        site = SITES - 1 if group is None else group.site
        endpoints = self.routers.endpoints
        options: dict[str, object] = {"routers": endpoints[site:] + endpoints[:site]}
        if group is None:
            options["log"] = str(self.log(name))
        else:
            options |= {"site": name, "first": group.first, "count": group.gateways, "rate": RATE}
            options |= {"folder": str(self._folder / name), "most": MOST, "disk_bytes": group.disk_bytes}
        module = CONSUMERS.get(name, "tests.support.fleet_gateways")
        self._parts[name] = Part(module, options, within=self.network.within(name))

    def kill(self, name: str) -> None:
        """As kill -9 does; `start` it again."""
        self._parts[name].kill()
        self.deaths.setdefault(name, []).append(time.monotonic())

    def hang(self, name: str) -> None:
        """It stands still until `go_on`."""
        self._parts[name].hang()

    def go_on(self, name: str) -> None:
        """After `hang`."""
        self._parts[name].go_on()

    def clock(self, name: str, off_s: float) -> None:
        """How wrong the clock of those gateways is."""
        self._parts[name].tell(f"clock {off_s:.0f}")

    def log(self, name: str) -> Path:
        """Of a consumer."""
        return self._folder / f"{name}.log"

    def truth(self, name: str) -> Path:
        """Of a process of gateways."""
        return self._folder / name / TRUTH


def _has_heard_all(log: Path) -> bool:
    return log.exists() and len({each.gateway for each in read_log(log)}) == GATEWAYS


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """For the length of a test."""
    with bed(SITES) as network, bed_routers(network, SITES) as routers:
        made = Stage(network, routers, folder)
        try:
            made.begin()
            yield made
        finally:
            made.end()
