"""`gateway.collect.goings`: who comes and goes, for the log."""

from __future__ import annotations

import logging

from gateway.collect.goings import AGAIN_S, MOST_LINES, Goings


def test_what_is_seldom_is_told_at_once() -> None:
    """Who went first, and loudly; nothing where nothing happens."""
    goings = Goings("came:", "went:")
    assert goings.look(0.0, "1 of 2 are up") is None
    goings.note("b", there=True)
    goings.note("a", there=True)
    assert goings.look(1.0, "2 of 2 are up") == (logging.INFO, "fleet: came: a, b; 2 of 2 are up")
    goings.note("a", there=False)
    goings.note("a", there=True)
    assert goings.look(2.0) == (logging.WARNING, "fleet: went: a; came: a")
    assert goings.look(3.0) is None


def test_a_thousand() -> None:
    """Are one line."""
    goings = Goings("came:", "went:")
    for number in range(1234):
        goings.note(f"g{number:04}", there=False)
    assert goings.look(0.0) == (
        logging.WARNING,
        "fleet: went: g0000, g0001, g0002, g0003, g0004 and 1,229 more",
    )


def test_what_happens_all_the_time() -> None:
    """Is told together, when the minute is over."""
    goings = Goings("came:", "went:")
    told = []
    for second in range(round(AGAIN_S)):
        goings.note(f"g{second:02}", there=second % 2 == 0)
        told.append(goings.look(float(second)))
    assert [each is not None for each in told] == [second < MOST_LINES for second in range(round(AGAIN_S))]
    text = "fleet: went: g11, g13, g15, g17, g19 and 20 more; came: g10, g12, g14, g16, g18 and 20 more"
    assert goings.look(AGAIN_S) == (logging.WARNING, text)
