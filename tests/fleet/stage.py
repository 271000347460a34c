"""A fleet on a bed, to which a test does things.

site 0: router, north (3 gateways in a process) and single (1)
site 1: router, south (3) and whole (one that is `sig-gateway run`)
site 2: router, two durable consumers that are killed too, one of them `sig-gateway collect`, and a watcher
        (`FleetRouter`)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.support.fleet_bed import Bed, BedRouters, bed, bed_routers
from tests.support.fleet_gateways import LOSS_WINDOW_S, TRUTH
from tests.support.fleet_history import recorded
from tests.support.fleet_parts import Heard, Part
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
PORT = 7300
"""Of a gateway that scripts connect to; each machine has its own."""
PROGRAM = "tests.support.fleet_program"
DURABLE, COLLECTOR, WATCHER = "durable", "collector", "watcher"
KEEP = (DURABLE, COLLECTOR)
"""The consumers that are to have everything, in order."""
CONSUMERS = {
    DURABLE: "tests.support.fleet_consumer",
    COLLECTOR: PROGRAM,
    WATCHER: "benchmarks.fleet.ours_role",
}
GATEWAY = """\
gateway: {{name: {name}, data: ./data}}
router: {{listen: "127.0.0.1:{port}"}}
fleet: {{site: {site}, routers: {routers}, consumers: {consumers}, loss_window: {window}s, size: {size}}}
"""
COLLECT = """\
collect: {{name: collector, data: ./data}}
fleet: {{routers: {routers}}}
"""


class Group(NamedTuple):
    """A process of gateways: where it is, which it has, and what each of their spools has room for; None: the
    spool is a file that loses nothing. `whole`: it is `sig-gateway run`."""

    site: int
    first: int
    gateways: int
    disk_bytes: int | None
    whole: bool = False

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
    "whole": Group(1, 7, 1, AMPLE_BYTES, whole=True),
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
            until(partial(self._has_heard_all, name), what=name)

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
        routers = self.routers.endpoints[site:] + self.routers.endpoints[:site]
        options: dict[str, object] = {"routers": routers, "log": str(self._log(name))}
        if name == COLLECTOR:
            options = {"command": "collect", "config": self._config(name, COLLECT, routers)}
        elif group is not None and group.whole:
            options = {
                "command": "run",
                "config": self._config(name, GATEWAY, routers),
                "talks": self._talk(name),
            }
        elif group is not None:
            options = {"routers": routers, "site": name, "first": group.first, "count": group.gateways}
            options |= {"rate": RATE, "folder": str(self._folder / name), "most": MOST, "pressed": True}
            options |= {"disk_bytes": group.disk_bytes, "consumers": KEEP}
        whole = group is not None and group.whole
        module = CONSUMERS.get(name, PROGRAM if whole else "tests.support.fleet_gateways")
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

    def heard(self, name: str) -> Heard:
        """What a consumer has."""
        return recorded(self._folder / name / "data") if name == COLLECTOR else Heard.of(self._log(name))

    def truth(self, name: str) -> Path:
        """Of a process of gateways."""
        return self._folder / name / TRUTH

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _has_heard_all(self, name: str) -> bool:
        return len({each.gateway for each in self.heard(name).events}) == GATEWAYS

    def _config(self, name: str, text: str, routers: list[str]) -> str:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        urls = json.dumps([each.replace("/", "://") for each in routers])
        values = {"name": _gateway_of(name), "port": PORT, "site": name, "routers": urls}
        values |= {"consumers": json.dumps(KEEP), "window": LOSS_WINDOW_S, "size": AMPLE_BYTES}
        path = folder / "config.yaml"
        path.write_text(text.format_map(values))
        return str(path)

    def _talk(self, name: str) -> dict[str, object]:
        gateway = f"{name}/{_gateway_of(name)}"
        return {"port": PORT, "gateway": gateway, "rate": RATE, "truth": str(self.truth(name))}


def _gateway_of(name: str) -> str:
    """The first of a process."""
    return f"g{GROUPS[name].first}" if name in GROUPS else ""


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
