"""A line to an emulated board that flips one bit in a thousand, both ways: one line in four is damaged."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gateway
from tests.support.bit_errors import cost
from tests.support.emulated_board import EmulatedBoard
from tests.support.kept_truth import compare, overwritten, stored, taken
from tests.support.waiting import until

CONFIG = """\
gateway: {{name: shed, data: ./data}}
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{protocol: sensorline, port: ./board}}
sensors:
  air: {{driver: temperature, link: board, channel: temp, heartbeat: 1ms, interval: 200ms}}
  damp: {{driver: humidity, link: board, channel: hum, heartbeat: 1ms, interval: 200ms}}
history: {{window: 1s}}
"""
SENSORS = {"temp": "air", "hum": "damp"}
RATE = 0.001
READINGS = 300
MOST = 1.4
"""Of the bytes of readings to those that are unavoidable: of so few readings, and on a machine that has other
things to do; the benchmark `bit_errors` measures it."""


@pytest.mark.once
def test_one_bit_in_a_thousand(
    start: Callable[..., Gateway], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost and nothing wrong: each reading is in history once, with its value and its time."""
    database = tmp_path / "data" / "history.db"
    with EmulatedBoard(tmp_path, "SHT31", ("--seed", "6")) as board:
        gateway = start(CONFIG)
        gateway.wait_for_error("board: up on ")
        until(lambda: len(board.said("R")) > 10, what="the first readings")
        first = len(board.said())
        board.tell(f"noise {RATE}")
        until(lambda: len(board.said("R")) > 10 + READINGS, what="readings")
        spent = cost([each.body for each in board.said()[first:]], RATE)
        board.tell("noise 0")
        _, truth = taken(board.said("HRAB"), SENSORS)
        until(lambda: all(_is_there(one.sensor, one.seq, database) for one in truth), what="all of them")
        ended, status = time.time(), board.status()
        behind_s = status["most_behind_s"] + status["slipped_s"]
        gateway.popen.terminate()
        gateway.popen.wait()
        said = board.said()
    verdict = compare(taken(said, SENSORS)[1], stored(database), [], behind_s, ended)
    with capsys.disabled():
        print(
            f"\n{spent.readings} readings under noise, {status['flipped']} bits flipped; "
            f"{spent.sent} bytes, {spent.unavoidable:.0f} unavoidable: {spent.ratio:.3f}; "
            f"the furthest time {verdict.furthest_s:.3f} s"
        )
    assert (verdict.wrong, verdict.unheard, overwritten(said)) == ([], [], set())
    assert "readings lost" not in gateway.errors
    assert status["flipped"] > 50
    assert spent.ratio < MOST


def _is_there(sensor: str, seq: int, database: Path) -> bool:
    return any((row.sensor, row.seq) == (sensor, seq) for row in stored(database))
