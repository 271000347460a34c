"""A thousand gateways, in network namespaces with real cuts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fleet_bed import Bed, BedRouters, bed, bed_routers, why_not
from tests.support.fleet_gateways import turned
from tests.support.fleet_parts import Got, Part, read_log
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

SITES = 3
A_PROCESS = 250
SMALL = 30
PATIENCE_S = 300.0
CUT_EVENTS = 10
"""Of each gateway beyond the cut, at one a second."""


class Crowd:
    """Processes with many gateways each, at all sites but the last, and a durable consumer there. They begin
    with one router after the other, so that two of three have theirs beyond a cut."""

    def __init__(self, network: Bed, routers: BedRouters, folder: Path, gateways: int) -> None:
        self.log = folder / "log"
        network.add("consumer", SITES - 1)
        options: dict[str, Any] = {"routers": turned(routers.endpoints, SITES - 1), "log": str(self.log)}
        self.parts = [Part("tests.support.fleet_consumer", options, within=network.within("consumer"))]
        self.parts[0].hear()
        size = min(A_PROCESS, gateways // (SITES - 1))
        for number in range(0, gateways, size):
            site = len(self.parts) % (SITES - 1)
            network.add(f"crowd{number}", site)
            options = {"routers": routers.endpoints, "site": f"site{site}", "first": number}
            options |= {"count": min(size, gateways - number), "rate": 1}
            within = network.within(f"crowd{number}")
            self.parts.append(Part("tests.support.fleet_gateways", options, within=within))
        for part in self.parts[1:]:
            part.hear(PATIENCE_S)

    def got(self) -> list[Got]:
        return read_log(self.log)

    def heard(self) -> dict[str, int]:
        """The newest of each gateway."""
        return {each.gateway: each.number for each in self.got()}

    def silence(self) -> int:
        """They say no more. How much they have said."""
        for part in self.parts[1:]:
            part.tell("rate 0")
        return sum(int(part.figures()["said"]) for part in self.parts[1:])

    def end(self) -> None:
        for part in self.parts:
            part.end()


@pytest.mark.once
def test_some_gateways(tmp_path: Path) -> None:
    """The same with a few."""
    _a_site_is_cut_off(tmp_path, SMALL)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_gateways(tmp_path: Path) -> None:
    """One site is cut off, with half of them, for ten seconds or more."""
    _a_site_is_cut_off(tmp_path, 1000)


def _a_site_is_cut_off(folder: Path, gateways: int) -> None:
    """Nothing of the others is missing meanwhile; in the end each has all, once and in order."""
    with bed(SITES) as network, bed_routers(network, SITES) as routers:
        crowd = Crowd(network, routers, folder, gateways)
        try:
            until(lambda: len(crowd.heard()) == gateways, PATIENCE_S, "all to be heard")
            network.cut_site(0)
            at = crowd.heard()
            until(lambda: _has_gone_on(at, crowd.heard(), "site1"), PATIENCE_S, "the others to go on")
            network.join_site(0)
            said = crowd.silence()
            until(lambda: len(crowd.got()) >= said, PATIENCE_S, "all to be there")
            got = crowd.got()
        finally:
            crowd.end()
    numbers: dict[str, list[int]] = {}
    for each in got:
        numbers.setdefault(each.gateway, []).append(each.number)
    assert {name: found for name, found in numbers.items() if found != list(range(1, len(found) + 1))} == {}
    assert (len(numbers), len(got)) == (gateways, said)


def _has_gone_on(before: dict[str, int], now: dict[str, int], site: str) -> bool:
    return all(
        now[name] >= number + CUT_EVENTS for name, number in before.items() if name.startswith(f"{site}/")
    )
