"""Fixtures of the simulator's tests: a board without I/O, and the program on a real pty."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.recording import Recording
from firmware_sim.sensorline import Identity, SensorlineBoard
from firmware_sim.sensors import NS, Sensors
from tests.firmware_sim.rig import Program

VECTORS = Path(__file__).parents[1] / "vectors" / "sensorline.json"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """The golden bytes."""
    golden: dict[str, Any] = json.loads(VECTORS.read_text())
    return golden


def _descriptors() -> set[str]:
    # the folder's own descriptor, open while it is read, is in it as well: always the lowest free one
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test closes what it opened."""
    descriptors = _descriptors()
    threads = set(threading.enumerate())
    yield
    assert _descriptors() <= descriptors  # what another test left may be gone by now
    assert set(threading.enumerate()) == threads


@pytest.fixture
def recording() -> Recording:
    """Three rows, a second apart."""
    return Recording(
        NS, {"temp": ("20", "20.5", "21"), "hum": ("40", "41", "42"), "lux": ("0", "!range", "7.5")}
    )


@pytest.fixture
def sensors(recording: Recording) -> Sensors:
    """The recording from moment 0 on, as fast as recorded."""
    return Sensors(recording, 0, 1.0, "seed")


@pytest.fixture
def board(sensors: Sensors) -> SensorlineBoard:
    """The board of the golden bytes, boot 7, started at moment 0; its hello and first readings are out."""
    board = SensorlineBoard(sensors, Identity("greenhouse-uno", "24A16057F685", "1.2.0"), 7)
    board.start(0)
    board.run(0)
    return board


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start the program with these further arguments, its link in the test's folder, until the test ends."""
    started: list[Program] = []

    def start(*arguments: str, link: str = "board") -> Program:
        one = Program(tmp_path / link, *arguments)
        started.append(one)
        return one.wait_started()

    yield start
    for one in started:
        one.stop()
