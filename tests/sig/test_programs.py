"""5,000 random programs: each comes to the same as in pysig, but for what the guide says is different."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sig
from tests.sig.programs import Run, agree, program
from tests.sig.pysig_local import DIFFERENCES, Router

PROGRAMS = 5000
ORDINARY = 500
"""Some 4 s; the others are run by `make test-slow`."""
GUIDE = Path(__file__).parents[2] / "docs" / "sig.md"


def as_modelled(seed: int, *, ours: bool) -> tuple[Run, set[str]]:
    """The program on the model, and the differences that it ran into."""
    router = Router(ours=ours)
    run = Run(router, Router(ours=ours), lambda router: list(router.senders), program(seed))
    return run, router.met


def names(router: sig.Router) -> list[str]:
    """Of its senders."""
    return [sender.getName() for sender in router.listSenders()]


def run(seed: int) -> None:
    """Run one program on all three. That pysig does the same holds where no difference is met."""
    steps = program(seed)
    found = Run(sig.Router(), sig.Router(), names, steps).said
    expected, met = as_modelled(seed, ours=True)
    pysig, met_there = as_modelled(seed, ours=False)
    met = met | met_there
    for of, said in (("what the guide says", expected.said), ("pysig", pysig.said)):
        if met and of == "pysig":
            continue
        for number, (want, got) in enumerate(zip(said, found, strict=True)):
            here = f"program {seed}, step {number} {steps[number]}"
            assert agree(want, got), f"{here}: by {of} {want}, found {got}"


@pytest.mark.parametrize("first", range(0, ORDINARY, 50))
def test_some(first: int) -> None:
    """Fifty at a time."""
    for seed in range(first, first + 50):
        run(seed)


@pytest.mark.slow
def test_the_others() -> None:
    """All that the ordinary run leaves out."""
    for seed in range(ORDINARY, PROGRAMS):
        run(seed)


def test_what_the_programs_do() -> None:
    """Each difference is met by some, and a third meets none."""
    met = [as_modelled(seed, ours=True)[1] | as_modelled(seed, ours=False)[1] for seed in range(200)]
    assert set().union(*met) == set(DIFFERENCES)
    assert sum(not each for each in met) > len(met) // 3


def test_every_difference_is_in_the_guide() -> None:
    """In its last section, by these words."""
    section = GUIDE.read_text(encoding="utf-8").split("\n## Differences from pysig\n")[1]
    flat = re.sub(r"\s+", " ", section)
    assert [phrase for phrase in DIFFERENCES.values() if phrase not in flat] == []
