"""`gateway.collect.confirming`: who is told what is safe, and when."""

from __future__ import annotations

from gateway.collect.confirming import CONFIRM_S, Confirming
from gateway.fleet.keys import Gateway
from gateway.fleet.message import START, Position

SHED = Gateway("north", "shed")


def test_a_gateway_is_told_the_newest_once_in_a_while() -> None:
    """Not each; nor that nothing is."""
    told: list[tuple[Gateway, Position]] = []
    confirming = Confirming(lambda *each: told.append(each))
    confirming.safe(SHED, START)
    assert not confirming.look(50.0) or not told
    confirming.safe(SHED, Position(7, 1))
    assert confirming.waits
    assert confirming.look(100.0)
    confirming.safe(SHED, Position(7, 2))
    confirming.safe(SHED, Position(7, 3))
    assert not confirming.look(100.0 + CONFIRM_S / 2)
    assert confirming.look(100.0 + CONFIRM_S)
    assert told == [(SHED, Position(7, 1)), (SHED, Position(7, 3))]
