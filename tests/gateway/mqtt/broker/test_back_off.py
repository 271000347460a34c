"""How long it takes to come back, on no clock at all."""

import pytest

from gateway.mqtt.broker.back_off import ABSENT_S, FIRST_S, FREE, HELD_S, REFUSED_S, BackOff

BACK_WITHIN_S = 2.0


@pytest.mark.parametrize("outages", [8, 1000])
def test_connections_that_hold_and_break(outages: int) -> None:
    """However many: the next is made at once."""
    back_off = BackOff()
    for _ in range(outages):
        back_off.accepted()
        assert FIRST_S / 2 <= back_off.broke(HELD_S, tested=False) <= FIRST_S
        assert back_off.failed(absent=True) <= 2 * FIRST_S


def test_a_broker_that_is_away_for_an_hour() -> None:
    """It is looked for all the time, so that all is well again soon after it is back; not all at one time."""
    back_off = BackOff()
    waits = [back_off.failed(absent=True) for _ in range(3600)]
    assert max(waits) <= ABSENT_S < BACK_WITHIN_S
    assert waits[0] <= 2 * FIRST_S
    assert len(set(waits[10:])) > 1000
    assert min(waits[10:]) >= ABSENT_S / 2
    before = back_off.away
    back_off.accepted()
    assert (before, back_off.away) == (True, False)
    assert back_off.failed(absent=True) <= 2 * FIRST_S


def test_a_broker_that_refuses() -> None:
    """It is there, and it is not asked all the time."""
    back_off = BackOff()
    waits = [back_off.failed(absent=False) for _ in range(100)]
    assert waits[0] <= 2 * FIRST_S
    assert REFUSED_S / 2 <= min(waits[10:]) <= max(waits) <= REFUSED_S
    assert not back_off.away


def test_a_storm() -> None:
    """Connections that end at once: more and more rarely; but not those that found something out."""
    back_off = BackOff()
    waits = [back_off.broke(0.0, tested=False) for _ in range(FREE + 20)]
    assert max(waits[:FREE]) <= FIRST_S
    assert min(waits[-5:]) >= REFUSED_S / 2
    back_off.broke(HELD_S, tested=False)
    assert max(back_off.broke(0.0, tested=True) for _ in range(100)) <= FIRST_S
    assert max(back_off.broke(0.0, tested=False) for _ in range(FREE)) <= FIRST_S
