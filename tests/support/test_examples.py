"""How many examples a run has."""

import os
import subprocess
import sys

import pytest

from tests.support import sharing
from tests.support.examples import VARIABLE, examples
from tests.support.sharing import ROOT
from tests.support.waiting import DEADLINE_S

SHOWS = """
import tests.conftest
from hypothesis import given, strategies

seen = []

@given(strategies.integers())
def test_it(number):
    seen.append(number)

test_it()
print(*seen)
"""


@pytest.mark.parametrize(
    ("full", "told", "number"),
    [(100, "", 40), (100, "1", 100), (30, "10", 300), (20, "", 10), (5, "", 5), (50, "0.5", 25)],
)
def test_numbers(full: int, told: str, number: int) -> None:
    """Two fifths, or as many times as was said; never next to none."""
    assert examples(full, {VARIABLE: told}) == number


def test_nothing_said() -> None:
    """As with an empty text."""
    assert examples(100, {}) == 40


def test_a_share() -> None:
    """A Python that has one of them runs fewer, but where it was said how many."""
    share = {sharing.VARIABLE: "1/2"}
    assert [examples(full, share) for full in (200, 100, 30)] == [20, 10, 10]
    assert examples(100, share | {VARIABLE: "1"}) == 100


def test_nonsense() -> None:
    """Runs nothing."""
    with pytest.raises(ValueError, match="many"):
        examples(100, {VARIABLE: "many"})


def seen(told: str) -> list[str]:
    """The numbers that Hypothesis makes up for a test."""
    command = [sys.executable, "-c", SHOWS]
    said = subprocess.check_output(
        command,
        cwd=ROOT,
        env=os.environ | {sharing.VARIABLE: "", VARIABLE: told},
        text=True,
        timeout=DEADLINE_S,
    )
    return said.split()


def test_the_same_at_each_run() -> None:
    """Where nothing is said; else new ones, and as many as was said."""
    usual, again, many, others = (seen(told) for told in ("", "", "2", "2"))
    assert usual == again
    assert 20 <= len(usual) <= 60
    assert len(many) >= 150
    assert many != others
