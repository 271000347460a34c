"""A gateway of a fleet is given other configs while its board talks: real processes, and a real collector."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.fleet.router import FleetRouter
from tests.e2e.test_collect import collector, written
from tests.support.collected import kept
from tests.support.fleet_routers import Routers, routers
from tests.support.outages import SENDERS, Life, Talking
from tests.support.ports import free_port
from tests.support.scripted_board import HUM, TEMP, ScriptedBoard
from tests.support.waiting import until

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
pytestmark = pytest.mark.once

CONFIG = """\
gateway: {{name: test, data: ./data}}
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{port: "{device}"}}
sensors:
  temp: {{driver: temperature, link: board}}
  hum: {{driver: humidity, link: board}}
history: {{window: {window}}}
fleet: {{site: north, routers: {routers}, loss_window: 1s, keep: {keep}}}
{more}
"""
OFF = "the gateway was off"


class House:
    """A gateway, and a collector in another folder."""

    def __init__(self, folder: Path, start: Callable[..., Any], device: str, fleet: Routers) -> None:
        self.collector = folder / "collector"
        self.collector.mkdir()
        self._files = self.collector / "data" / "north", folder / "data"
        self._start = start
        self._parts: dict[str, Any] = {"device": device, "routers": json.dumps(fleet.urls)}
        self._parts |= {"port": free_port(), "window": "1s", "keep": "7d", "more": ""}

    def begin(self) -> Life:
        """The gateway is started."""
        text = self._config().replace("{", "{{").replace("}", "}}")  # a template, for who starts it
        return Life(lambda: self._start(text, self._parts["port"]))

    def reload(self, life: Life, **parts: Any) -> None:
        """With those that are others from now on."""
        self._parts |= parts
        life.gateway.config.write_text(self._config())
        assert life.gateway.cli("reload").returncode == 0

    def collected(self, newest: int) -> set[int]:
        """Once that reading, or a later one, is there: the numbers of all; each sender's are in order."""
        names = [f"north/test/{name}" for name in SENDERS]
        data = self.collector / "data"
        until(lambda: max((kept(data, name) or [0])[-1] for name in names) >= newest)
        found: set[int] = set()
        for name in names:
            numbers = kept(data, name)
            assert numbers == sorted(set(numbers))
            found.update(numbers)
        return found

    @property
    def gaps(self) -> set[tuple[str, str]]:
        """Senders and reasons, in the collector's history and in the gateway's own."""
        query = "SELECT name, reason FROM gaps JOIN sensors ON gaps.sensor = sensors.key"
        found: set[tuple[str, str]] = set()
        for folder in self._files:
            with closing(sqlite3.connect(f"file:{folder}/history.db?mode=ro", uri=True)) as db:
                found |= set(db.execute(query))
        return found

    def _config(self) -> str:
        return CONFIG.format(**self._parts)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    """A board with two sensors, which says nothing of itself."""
    with ScriptedBoard(tmp_path / "board", (TEMP, HUM)) as plugged:
        yield plugged


@pytest.fixture
def fleet() -> Iterator[Routers]:
    """Two routers."""
    with routers(2) as made:
        yield made


@pytest.fixture
def house(start: Callable[..., Any], board: ScriptedBoard, fleet: Routers, tmp_path: Path) -> Iterator[House]:
    """With a board that talks, and a collector that is at work."""
    made = House(tmp_path, start, board.device, fleet)
    with collector(written(made.collector, fleet)), Talking(board):
        yield made


def said(life: Life) -> int:
    """The number of the newest reading, after fifty more."""
    life.accept(len(life.accepted) + 50)
    return max(life.accepted)


def test_a_gateway_that_is_reloaded_was_never_off(house: House, fleet: Routers) -> None:
    """Whichever part is exchanged: each reading is collected, once and in order, and nobody tells a gap."""
    told: list[tuple[str, str]] = []
    with FleetRouter(fleet.settings()) as router:
        router.addListener(lambda info, _: told.append((info["sender"], info["event"])))
        reloaded(house, fleet)
    assert ("north/test/temp", "#changed") in told
    assert "#gap" not in {event for _, event in told}
    assert house.gaps == set()


def reloaded(house: House, fleet: Routers) -> None:
    """Again and again, until it ends."""
    life = house.begin()
    first = said(life)
    house.collected(first)
    for other in (
        {"keep": "6d"},
        {"routers": json.dumps(fleet.urls[::-1])},
        {"window": "2s"},
        {"more": 'mqtt: {url: "mqtt://127.0.0.1:1"}'},
        {"more": "", "keep": "5d", "window": "1s"},
    ):
        house.reload(life, **other)
        house.collected(said(life))
    newest = max(life.accepted)
    assert {seq for seq in life.accepted if first <= seq <= newest} <= house.collected(newest)
    house.reload(life, port=free_port())  # who hears them is cut off by that
    house.collected(max(life.accepted) + 50)
    life.gateway.signal(9)


@pytest.mark.parametrize("signal", [9, 15])
def test_one_that_has_ended_was_off(house: House, signal: int) -> None:
    """Killed or stopped, also where it was reloaded before."""
    life = house.begin()
    house.collected(said(life))
    house.reload(life, keep="6d")
    house.collected(said(life))
    life.gateway.signal(signal)
    life = house.begin()
    house.collected(said(life))
    told = "not connected" if signal == 15 else OFF  # what its sensors say as they go with it
    assert house.gaps == {(f"north/test/{name}", told) for name in SENDERS} | {
        (name, OFF) for name in SENDERS
    }
    life.gateway.signal(15)
