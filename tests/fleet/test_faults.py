"""A fleet under faults: what a gateway has accepted is at each consumer, once, in order, or told as lost."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fleet.checker import Said, accepted, covered, judge, since_heard
from tests.fleet.faults import KINDS, one_after_the_other
from tests.fleet.stage import CONSUMERS, GROUPS, KEEP, Group, Stage, stage
from tests.support.fleet_bed import why_not
from tests.support.fleet_parts import Heard
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

SETTLED_S = 60.0


def _group(gateway: str) -> Group:
    return GROUPS[gateway.partition("/")[0]]


def _may_lose(gateway: str) -> float:
    return _group(gateway).may_lose


def _nothing_is_wrong(made: Stage, told: list[str]) -> None:
    made.silence()
    everything = accepted(made.truth(name) for name in GROUPS)
    deaths = {gateway: made.deaths.get(gateway.partition("/")[0], []) for gateway in everything}
    unsafe = {
        each
        for gateway, said in everything.items()
        for each in said
        if any(0 <= died - each[2] < _group(gateway).window_s for died in deaths[gateway])
    }
    for name in CONSUMERS:
        keeps = name in KEEP

        def truth(heard: Heard, *, keeps: bool = keeps) -> dict[str, set[Said]]:
            return everything if keeps else since_heard(everything, heard)

        def is_covered(name: str = name) -> bool:
            heard = made.heard(name)
            return covered(truth(heard), heard, unsafe)

        with suppress(AssertionError):  # what is wrong then says more
            until(is_covered, SETTLED_S)
        heard = made.heard(name)
        verdict = judge(
            truth(heard), heard, unsafe, deaths, lambda each: _group(each).may_lose, ordered=keeps
        )
        assert verdict.good, "\n".join([f"{name}: {verdict}", *told])


@pytest.mark.once
def test_each_fault_once(tmp_path: Path) -> None:
    """Short ones, in an order of chance."""
    chance = random.Random(7)
    with stage(tmp_path) as made:
        _nothing_is_wrong(made, one_after_the_other(made, chance.sample(KINDS, len(KINDS)), chance, 0.6))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_faults(tmp_path: Path, seed: int) -> None:
    """Twenty of each seed, up to 6 s long: longer than it takes to leave a router that hangs."""
    chance = random.Random(seed)
    with stage(tmp_path) as made:
        _nothing_is_wrong(made, one_after_the_other(made, chance.choices(KINDS, k=20), chance, 6.0))
