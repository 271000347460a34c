"""Chance: how often, and that only the seed and the count matter."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.chance import Chance


@pytest.mark.parametrize("probability", [0.001, 0.01, 0.3, 0.9])
def test_hits_as_often_as_asked(probability: float) -> None:
    """Of 200,000 things, the asked share is hit (within five standard deviations)."""
    count = 200_000
    hits = len(Chance(Random(1), probability).hits(count))
    assert abs(hits - count * probability) < 5 * (count * probability * (1 - probability)) ** 0.5


@pytest.mark.parametrize("probability", [0.0, 5e-324, 1e-300])
def test_next_to_never(probability: float) -> None:
    """Probabilities too small to matter never hit, and never overflow."""
    assert Chance(Random(1), probability).hits(1_000_000) == []


def test_always() -> None:
    """Probability 1 hits everything."""
    assert Chance(Random(1), 1.0).hits(5) == [0, 1, 2, 3, 4]


@given(st.floats(0, 1), st.integers(), st.lists(st.integers(0, 50), max_size=20))
def test_pieces_do_not_matter(probability: float, seed: int, sizes: list[int]) -> None:
    """The same things in other portions are hit the same."""
    whole = Chance(Random(seed), probability).hits(sum(sizes))
    pieces = Chance(Random(seed), probability)
    found, start = [], 0
    for size in sizes:
        found += [start + index for index in pieces.hits(size)]
        start += size
    assert found == whole
