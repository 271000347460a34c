"""Nothing is lost between an emulated board and history, whatever goes wrong between them."""

import os
from pathlib import Path

import pytest

from tests.firmware.emulator.faults import House, check

COUNT = int(os.environ.get("SIG_GATEWAY_FAULTS", "200"))
"""How many faults; each takes some 20 s."""


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(7200)
def test_seeded_faults(tmp_path: Path) -> None:
    """Each reading that the ring could hold is in history once, at its time, and at MQTT under one id."""
    with House(tmp_path, seed=1) as house:
        house.gateway.wait_for_error("board: up on ")
        house.run(COUNT)
        house.settle()
        wrong = check(house)
        assert wrong == [], "\n".join([*wrong, *map(str, house.faults), str(house.board.status())])
        assert len(house.readings()) > COUNT
