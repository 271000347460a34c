"""The drivers against the simulator: two implementations of the protocol, a real pty, faults to order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers import LinkState
from tests.support.house import House
from tests.support.processes import child_with
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("simulator_path")
NAMES = ("temp", "hum", "lux")
AT_ONCE_S = 4.0
"""Hundredths of a second, on a machine that does nothing else. What waits for a silence or the longest
back-off waits for 5 s."""


class Simulator:
    """A simulator that the link starts, and orders to it."""

    def __init__(self, link: Path) -> None:
        self.link = link

    def port(self, options: str = "speed=600&seed=1") -> str:
        """What a config would say."""
        return f"sim:{self.link}?{options}"

    def tell(self, command: str) -> str:
        """Its answer, without the `ok`."""
        arguments = [sys.executable, "-m", "firmware_sim", "--link", str(self.link), "--tell", command]
        return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def simulator(tmp_path: Path) -> Simulator:
    """Not started."""
    return Simulator(tmp_path / "board")


@pytest.fixture
def house(simulator: Simulator, no_leaks: None) -> Iterator[House]:
    """Three sensors at work."""
    with House(simulator.port(), *NAMES) as made:
        for name in NAMES:
            made.wait_for("#changed", name)
        yield made


def test_three_sensors_are_alive(house: House) -> None:
    """Values, units and a live read that is newer than the call."""
    for name, unit in zip(NAMES, ("°C", "%", "lx"), strict=True):
        asked = time.time()
        data = house.read(name)
        assert (data["unit"], data["quality"]) == (unit, "good")
        assert data["time"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(asked))
    assert house.link.status().counters["damaged"] == 0


def test_unplugged_and_replugged_under_another_name(house: House, simulator: Simulator) -> None:
    """Disconnected at once, connected at the return, #changed again."""
    device = simulator.link.resolve()
    simulator.tell("unplug")
    gone = time.monotonic()
    house.wait_for("#disconnect")
    with pytest.raises(sig.NotConnected):
        house.read()
    assert time.monotonic() - gone < AT_ONCE_S
    house.forget()
    simulator.tell("replug other")
    back = time.monotonic()
    for name in NAMES:
        assert house.wait_for("#connect", name)[1] - back < AT_ONCE_S
        assert house.wait_for("#changed", name)[1] - back < AT_ONCE_S
    assert simulator.link.resolve() != device


def test_a_reset_in_mid_line_is_greeted(house: House, simulator: Simulator) -> None:
    """The senders stay connected, readings go on, with the new boot."""
    board = house.link.status().board
    assert board is not None
    simulator.tell("reset")
    until(lambda: (now := house.link.status().board) is not None and now.boot != board.boot)
    house.forget()
    simulator.tell("value temp 33.25")
    until(lambda: house.sensors["temp"].last()["value"] == 33.25)  # type: ignore[index]
    assert house.count("#disconnect") == 0


def test_a_fault_and_its_end(house: House, simulator: Simulator) -> None:
    """Stale at once, and good again."""
    simulator.tell("fault temp absent")
    assert house.wait_for("#stale")[0]["reason"] == "the board reports 'absent' instead of a value"
    with pytest.raises(sig.RequestError, match="absent"):
        house.read()
    before = house.count("#changed")
    simulator.tell("fault temp none")
    assert house.wait_for("#changed", count=before + 1)[0]["quality"] == "good"


def test_a_silent_channel_turns_stale(house: House, simulator: Simulator) -> None:
    """The others go on."""
    simulator.tell("silent hum")
    assert house.wait_for("#stale", "hum")[0]["quality"] == "stale"
    assert house.count("#stale", "temp") == 0


def test_a_bad_cable_delivers_no_wrong_value(simulator: Simulator) -> None:
    """Bits, bytes and bursts, both ways: what is published is what the recording has; reads get through."""
    faults = "flip=0.001,drop=0.0005,repeat=0.0005,garbage=0.05,merge=0.02"
    with House(simulator.port(f"speed=1200&seed=3&faults={faults}"), *NAMES, heartbeat=0.001) as house:
        for name in NAMES:
            house.wait_for("#changed", name, 20)
        answers: list[Any] = []

        def ask() -> None:
            answers.append([house.read(name, timeout=30) for name in NAMES])

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(100)
        assert len(answers) == 2
        counters = house.link.status().counters
        assert counters["damaged"] > 0
        assert counters["lost"] > 0
        bounds = {"temp": (15.0, 30.0), "hum": (10.0, 50.0), "lux": (0.0, 2000.0)}
        for sender, event, data, _ in list(house.events):
            if event == "#changed":
                low, high = bounds[sender]
                assert low <= data["value"] <= high


def test_a_simulator_that_is_killed_is_started_again(house: House) -> None:
    """As a board that was unplugged."""
    os.kill(child_with("firmware_sim"), signal.SIGKILL)
    house.wait_for("#disconnect")
    house.wait_for("#connect", count=2)
    assert house.link.status().state is LinkState.UP


@pytest.mark.usefixtures("simulator_path")
def test_each_simulated_board_has_an_identity_of_its_own(tmp_path: Path) -> None:
    """Made from its path, so that it is the same one at each start."""

    def identity(name: str) -> str:
        with House(f"sim:{tmp_path / name}") as house:
            house.wait_for("#connect")
            board = house.link.status().board
            assert board is not None
            return board.identity

    assert identity("board") == identity("board") != identity("other")
