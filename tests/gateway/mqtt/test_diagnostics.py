"""How the gateway does, as it says so itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.mqtt.broker.target import Target
from gateway.mqtt.diagnostics import Diagnostics
from gateway.mqtt.settings import Settings
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import StagedClock

DAY_S = 86400.0
Said = Callable[[], dict[str, Any]]


class Counts:
    """Of the delivery and of the states."""

    waiting, published, lost, left_out = 3, 1000, 2, 1


@pytest.fixture
def clock() -> StagedClock:
    """Goes when told to."""
    return StagedClock()


@pytest.fixture
def said(tmp_path: Path, clock: StagedClock) -> Said:
    """What is said now, of a gateway that has just been started."""
    links = {"board": "up", "roof": "absent"}
    target = Target("127.0.0.1", 1883, "sig-test")
    settings = Settings("test", target, tmp_path / "mqtt.db", version="1.2.3", links=lambda: links)
    counts: Any = Counts()
    diagnostics = Diagnostics(settings, counts, counts, "abc", clock)

    def now() -> dict[str, Any]:
        made: dict[str, Any] = json.loads(diagnostics.message())
        return made

    return now


def test_all_there_is(said: Said, clock: StagedClock) -> None:
    """Who, since when, which links are up, and how many events wait, went out, and were lost."""
    clock.advance(90.7)
    assert said() == {
        "time": "2026-11-22T06:31:30.700Z",
        "instance": "abc",
        "version": "1.2.3",
        "started": "2026-11-22T06:30:00.000Z",
        "uptime": 90,
        "links": {"board": "up", "roof": "absent"},
        "links_up": 1,
        "outbox": 3,
        "published": 1000,
        "lost": 2,
        "left_out": 1,
    }


def test_the_start_stays(said: Said, clock: StagedClock) -> None:
    """However the two clocks drift between two looks, so that it is one row in a database."""
    starts = set()
    for number in range(1000):
        clock.advance(60.0)
        clock.set_wall(START_UTC + 60.0 * (number + 1) + (number % 7 - 3) / 300)
        starts.add(said()["started"])
    assert len(starts) == 1


@pytest.mark.parametrize("step_s", [8 * DAY_S, -8 * DAY_S, 0.15, -0.15])
def test_the_start_when_the_clock_is_set(said: Said, clock: StagedClock, step_s: float) -> None:
    """It is corrected, to the millisecond, once."""
    clock.set_wall(START_UTC - step_s)
    before = said()["started"]
    clock.advance(3600.0)
    assert said()["started"] == before
    clock.set_wall(START_UTC + 3600.0)
    assert said()["started"] == "2026-11-22T06:30:00.000Z"
    clock.advance(60.0)
    assert said()["started"] == "2026-11-22T06:30:00.000Z"
