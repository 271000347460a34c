"""What is done to a fleet, and what its consumer then has."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.fleet.contenders import Contender, Fleet, fleet
from tests.support.fleet_parts import Got, read_log

GATEWAYS, RATE = 20, 10.0
BEFORE_S = 2.0
QUIET_S = 10.0
"""Not everything is there, and nothing comes for so long: all that will come has come."""
PATIENCE_S = 60.0
REQUESTS = 100


class Broken(NamedTuple):
    """`gap_s`: the longest silence of any gateway; counts of events."""

    gap_s: float
    said: int
    lost: int
    repeated: int
    disordered: int


class Outage(NamedTuple):
    """Seconds after the first router is back: the first missed event, and the last. `live_s`: what those took
    that were said after it, the median and the 99th in a hundred."""

    first_s: float
    all_s: float
    live_s: tuple[float, float]
    counted: Broken


def broken(contender: Contender, folder: Path, how: str, victim: int, after_s: float) -> Broken:
    """One of three routers is killed or hung under 20 gateways that say 10 events a second each."""
    with fleet(contender, folder) as made:
        part = made.gateways(0, GATEWAYS, RATE)
        heard_by(made, GATEWAYS)
        time.sleep(BEFORE_S)
        began = time.monotonic()
        (made.routers.kill if how == "kill" else made.routers.hang)(victim)
        time.sleep(after_s)
        if how == "hang":
            made.routers.go_on(victim)
        part.tell("rate 0")
        said = int(part.figures()["said"])
        return counted(drained(made, said), said, began - BEFORE_S / 2)


def outage(contender: Contender, folder: Path, seconds: float, rate: float) -> Outage:
    """No router for so long, and one of the gateways is killed in the middle of it and begins again."""
    most = int(seconds * rate * 2) + 1000
    with fleet(contender, folder) as made:
        part = made.gateways(0, GATEWAYS - 1, rate, most)
        mortal = made.gateways(GATEWAYS - 1, 1, rate, most)
        heard_by(made, GATEWAYS)
        time.sleep(BEFORE_S)
        died = time.monotonic()
        for index in range(3):
            made.routers.kill(index)
        time.sleep(seconds / 2)
        before = int(mortal.figures()["said"])
        mortal.kill()
        mortal = made.begin(GATEWAYS - 1, 1, rate, most)
        time.sleep(seconds / 2)
        made.routers.start(0)
        back = time.monotonic()
        for index in (1, 2):
            made.routers.start(index)
        mortal.hear()
        time.sleep(min(30.0, max(10.0, seconds / 10)))
        for each in (part, mortal):
            each.tell("rate 0")
        said = sum(int(each.figures()["said"]) for each in (part, mortal))
        if not contender.on_disk:
            said += before  # the one that begins again counts from 1
        return _outage(drained(made, said), said, died, back)


def _outage(got: list[Got], said: int, died: float, back: float) -> Outage:
    missed = [each.got - back for each in got if died < each.said < back and each.got > back]
    live = sorted(each.got - each.said for each in got if each.said > back + 5.0) or [float("inf")]
    return Outage(
        min(missed, default=float("inf")),
        max(missed, default=float("inf")),
        (statistics.median(live), live[int(0.99 * len(live))]),
        counted(got, said, died - 0.75 * BEFORE_S),  # something of each came in between
    )


def requests(contenders: list[Contender], folder: Path, rounds: int) -> dict[str, list[float]]:
    """The medians of requests to one of 20 gateways, in seconds, of each contender in each round. All of them
    are there, and take turns."""
    figures: dict[str, list[float]] = {each.name: [] for each in contenders}
    with ExitStack() as stack:
        fleets = [
            stack.enter_context(fleet(each, folder / str(number))) for number, each in enumerate(contenders)
        ]
        for made in fleets:
            made.gateways(0, GATEWAYS, 1.0)
            heard_by(made, GATEWAYS)
        for number in range(rounds + 1):
            turn = number % len(fleets)
            for made in fleets[turn:] + fleets[:turn]:
                made.consumer.tell(f"request {REQUESTS}")
                took = float(made.consumer.hear())
                if number:  # the first is to warm up
                    figures[made.name].append(took)
    return figures


def heard_by(made: Fleet, gateways: int) -> None:
    """Wait until the consumer has heard each."""
    deadline = time.monotonic() + PATIENCE_S
    while len({each.gateway for each in read_log(made.log)}) < gateways:
        if time.monotonic() > deadline:
            raise SystemExit(f"{made.name}: not every gateway is heard")
        time.sleep(0.1)


def drained(made: Fleet, said: int) -> list[Got]:
    """All that came, when it is as much as was said, or nothing comes any more."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_S:
        now = made.log.stat().st_size
        if now != size:
            size, since = now, time.monotonic()
            if len(read_log(made.log)) >= said:
                break
        time.sleep(0.2)
    return read_log(made.log)


def counted(got: list[Got], said: int, since: float) -> Broken:
    """Of what was said from then on: before it, who has no memory may have spoken to nobody."""
    gap, disordered = 0.0, 0
    arrived: dict[str, float] = {}
    newest: dict[str, tuple[float, int]] = {}
    first: dict[str, int] = {}
    for each in got:
        if each.got > since:
            gap = max(gap, each.got - max(since, arrived.get(each.gateway, since)))
        if each.said > since:
            first[each.gateway] = min(each.number, first.get(each.gateway, each.number))
        arrived[each.gateway] = each.got
        if (each.said, each.number) < newest.get(each.gateway, (0.0, 0)):
            disordered += 1
        else:
            newest[each.gateway] = (each.said, each.number)
    distinct = {(each.gateway, each.number, each.said) for each in got}
    begun = sum(number - 1 for number in first.values())
    begun_heard = sum(number < first.get(gateway, 0) for gateway, number, _ in distinct)
    lost = said - len(distinct) - (begun - begun_heard)
    return Broken(gap, said, lost, len(got) - len(distinct), disordered)
