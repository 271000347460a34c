"""`gateway.collect.twins`: whether two gateways speak under one name."""

from __future__ import annotations

import pytest

from gateway.collect.twins import APART_S, OVER_S, TURNS, Epochs


def heard(epochs: Epochs, *said: int, apart_s: float, begin: float = 1000.0) -> float:
    """Those epochs, one after the other; when that was over."""
    now = begin
    for epoch in said:
        epochs.heard(epoch, now)
        now += apart_s
    return now


def test_two_that_speak_in_turn() -> None:
    """Are two, once it cannot be what was left of one that ended."""
    epochs = Epochs()
    now = heard(epochs, 7, 9, *[7, 9] * (TURNS - 1), apart_s=APART_S)
    assert not epochs.are_two
    heard(epochs, 7, 9, apart_s=APART_S, begin=now)
    assert epochs.are_two


@pytest.mark.parametrize(
    ("said", "apart_s"),
    [
        ([7, 7, 8, 8, 9, 9, 10, 10, 11, 11], 10.0),  # it was started again and again
        ([7] * 5 + [9] * 5, 10.0),
        ([7, 9, *[7, 9] * 50], APART_S / 100),  # what a router had that hung
        ([7, 8, 7, 9, 8, 10, 9, 11, 10], 10.0),  # the same, at each start
        ([9, *[7] * 20], 10.0),  # its clock is behind what it was, and its disk is new
    ],
)
def test_one_alone(said: list[int], apart_s: float) -> None:
    """Whatever becomes of it."""
    epochs = Epochs()
    heard(epochs, *said, apart_s=apart_s)
    assert not epochs.are_two


def test_when_one_of_two_has_ended() -> None:
    """It is one again after a while, and that is told once."""
    epochs = Epochs()
    now = heard(epochs, *[7, 9] * (TURNS + 1), apart_s=APART_S) - APART_S
    assert epochs.are_two
    heard(epochs, *[9] * 10, apart_s=0.1, begin=now)
    assert [epochs.is_over(now), epochs.are_two, epochs.is_over(now + OVER_S), epochs.are_two] == [
        False,
        True,
        True,
        False,
    ]
    assert not epochs.is_over(now + OVER_S)
