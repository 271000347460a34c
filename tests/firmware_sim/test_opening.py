"""When a board starts, with a clock made of numbers."""

from typing import cast

import pytest

from firmware_sim.board import Board
from firmware_sim.opening import LOOK_NS, SETTLE_NS, Opening


class Kind:
    """Of a board, what counts here."""

    def __init__(self, waits: bool, each_time: bool) -> None:
        self.waits_for_listener = waits
        self.reset_by_opening = each_time


def opening(waits: bool = True, each_time: bool = False) -> Opening:
    """Of a board of that kind, which has its power."""
    opening = Opening(cast("Board", Kind(waits, each_time)))
    opening.begin()
    return opening


def test_most_boards_run_at_once() -> None:
    """And nobody has to look."""
    at_once = opening(waits=False)
    assert at_once.running
    assert not at_once.looks
    assert at_once.next_ns(0) is None
    assert at_once.begin()


@pytest.mark.parametrize("each_time", [False, True])
def test_one_that_waits_starts_a_while_after_the_opening(each_time: bool) -> None:
    """Once; not when the port was closed in between."""
    waits = opening(each_time=each_time)
    assert waits.next_ns(7) == 7 + LOOK_NS
    assert not waits.look(0, listening=False)
    assert not waits.look(10, listening=True)
    assert not waits.look(5 + SETTLE_NS, listening=True)
    assert not waits.look(6 + SETTLE_NS, listening=False)
    assert not waits.look(20 + SETTLE_NS, listening=True)
    assert not waits.look(19 + 2 * SETTLE_NS, listening=True)
    assert waits.look(20 + 2 * SETTLE_NS, listening=True)
    assert waits.running
    assert not waits.look(21 + 9 * SETTLE_NS, listening=True)
    assert waits.running


def test_one_that_waits_once_goes_on_alone() -> None:
    """Whether somebody listens or not; until it has its power anew."""
    waits = opening()
    waits.look(0, listening=True)
    assert waits.look(SETTLE_NS, listening=True)
    assert not waits.looks
    assert not waits.begin()
    assert waits.looks


def test_one_that_is_reset_by_an_opening() -> None:
    """Stops when nobody listens, and starts with the next who does."""
    reset = opening(each_time=True)
    reset.look(0, listening=True)
    assert reset.look(SETTLE_NS, listening=True)
    assert reset.looks
    assert not reset.look(2 * SETTLE_NS, listening=False)
    assert not reset.running
    assert not reset.look(3 * SETTLE_NS, listening=True)
    assert reset.look(4 * SETTLE_NS, listening=True)
