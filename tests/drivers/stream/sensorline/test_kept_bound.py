"""How many readings more than were lost are told as lost, after a kill and an overflow (docs/kept.md)."""

import pytest

from tests.drivers.stream.sensorline.kept_house import CHANNELS, KeptHouse

KEPT = 100
EVERY_S = 0.05
A_SECOND = round(len(CHANNELS) / EVERY_S)
"""Readings: the gateway acknowledges once in it."""


def unacknowledged(house: KeptHouse) -> int:
    """How many readings have come, and are safe, and no line has said so to the board."""
    told = max(int(body.split()[2]) for _, body in house.said if body.startswith("K 7 "))
    return sum(seq > told for _, seq in house.heard)


@pytest.mark.parametrize("phase_s", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("away_s", [0.2, 1.0, 30.0])
def test_what_is_told_after_a_kill(phase_s: float, away_s: float) -> None:
    """What came in the last second, was safe, and was not acknowledged, counts as lost if the board has to
    overwrite it, as it cannot know; nothing beyond that, and nothing less than what was lost."""
    house = KeptHouse(KEPT, every_s=EVERY_S)
    house.run(30.0 + phase_s)
    more = unacknowledged(house)
    house.unplug()
    house.run(away_s)
    house.restart_gateway()
    house.plug()
    house.run(60.0)
    told = sum(missing.count or 0 for missing in house.missing)
    assert all(missing.count is not None for missing in house.missing)
    assert more <= A_SECOND + len(CHANNELS)
    assert 0 <= told - len(house.lost) <= more
    if away_s * A_SECOND > 2 * KEPT:  # all that had come is overwritten
        assert house.lost
        assert told - len(house.lost) == more
