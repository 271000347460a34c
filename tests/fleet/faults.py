"""What can happen to a fleet, by chance of a seed."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.fleet.stage import CONSUMERS, GROUPS, KEEP, SITES, Stage

KILL_ROUTER, HANG_ROUTER, KILL_ALL_ROUTERS = "router killed", "router hung", "all routers killed"
KILL_GATEWAYS, HANG_GATEWAYS, STEP_CLOCK = "gateways killed", "gateways hung", "gateways' clock stepped"
KILL_CONSUMER, HANG_CONSUMER = "consumer killed", "consumer hung"
CUT_MACHINE, CUT_SITE, BAD_LINE = "machine cut off", "site cut off", "site's line bad"
KINDS = (
    KILL_ROUTER, HANG_ROUTER, KILL_ALL_ROUTERS, KILL_GATEWAYS, HANG_GATEWAYS, STEP_CLOCK, KILL_CONSUMER,
    HANG_CONSUMER, CUT_MACHINE, CUT_SITE, BAD_LINE,
)  # fmt: skip
CLOCK_S, DAY_S = 9 * 3600.0, 86400.0
"""Not back to yesterday: history seals that, and then no more tells in which order its readings came."""
SLOW_S, LOSSY = 0.05, 0.1
BESIDE = 0.4
"""How often the next begins while the last is not over."""


class Fault(NamedTuple):
    """What, and whom: a machine, a process or the number of a site."""

    kind: str
    target: str

    @property
    def touches(self) -> set[str]:
        """Two that touch the same cannot be at once."""
        if self.kind == KILL_ALL_ROUTERS:
            return {f"router{site}" for site in range(SITES)}
        if self.kind == CUT_MACHINE:
            return {f"link of {self.target}"}
        return {self.target}


def chosen(kind: str, chance: random.Random) -> Fault:
    """Whom it befalls."""
    site = str(chance.randrange(SITES))
    router, group = f"router{site}", chance.choice(list(GROUPS))
    machine = chance.choice([*GROUPS, *CONSUMERS, router])
    targets = {
        KILL_ROUTER: router,
        HANG_ROUTER: router,
        KILL_ALL_ROUTERS: "all",
        KILL_CONSUMER: chance.choice(KEEP),
        HANG_CONSUMER: chance.choice(list(CONSUMERS)),
        STEP_CLOCK: chance.choice([name for name, each in GROUPS.items() if not each.whole]),
        CUT_MACHINE: machine,
        CUT_SITE: site,
        BAD_LINE: site,
    }
    return Fault(kind, targets.get(kind, group))


def begin(stage: Stage, fault: Fault, chance: random.Random) -> None:
    """It happens."""
    target, number = fault.target, fault.target[-1]
    match fault.kind:
        case "router killed":
            stage.routers.kill(int(number))
        case "router hung":
            stage.routers.hang(int(number))
        case "all routers killed":
            for site in range(SITES):
                stage.routers.kill(site)
        case "gateways killed" | "consumer killed":
            stage.kill(target)
        case "gateways hung" | "consumer hung":
            stage.hang(target)
        case "gateways' clock stepped":
            stage.clock(target, max(chance.uniform(-CLOCK_S, CLOCK_S), -(time.time() % DAY_S)))
        case "machine cut off":
            stage.network.cut(target)
        case "site cut off":
            stage.network.cut_site(int(target))
        case "site's line bad":
            stage.network.worsen(int(target), chance.uniform(0, SLOW_S), chance.uniform(0, LOSSY))


def end(stage: Stage, fault: Fault) -> None:
    """It is over. A clock stays where it is."""
    target, number = fault.target, fault.target[-1]
    match fault.kind:
        case "router killed":
            stage.routers.start(int(number))
        case "router hung":
            stage.routers.go_on(int(number))
        case "all routers killed":
            for site in range(SITES):
                stage.routers.start(site)
        case "gateways killed" | "consumer killed":
            stage.start(target)
        case "gateways hung" | "consumer hung":
            stage.go_on(target)
        case "machine cut off":
            stage.network.join(target)
        case "site cut off":
            stage.network.join_site(int(target))
        case "site's line bad":
            stage.network.mend(int(target))


def one_after_the_other(
    stage: Stage, kinds: Sequence[str], chance: random.Random, longest_s: float
) -> list[str]:
    """Each for a while, some beside the last. Returns what was done, with monotonic seconds."""
    told: list[str] = []
    under_way: list[Fault] = []

    def settle() -> None:
        while under_way:
            over = under_way.pop(0)
            end(stage, over)
            told.append(f"{time.monotonic():.2f} over: {over.kind}, {over.target}")

    for kind in kinds:
        fault = chosen(kind, chance)
        if chance.random() > BESIDE or any(fault.touches & each.touches for each in under_way):
            settle()
            time.sleep(chance.uniform(0, longest_s / 2))
        begin(stage, fault, chance)
        under_way.append(fault)
        told.append(f"{time.monotonic():.2f} {fault.kind}: {fault.target}")
        time.sleep(chance.uniform(0.1, longest_s))
    settle()
    return told
