"""A gateway in a fleet: real processes, real routers, a board on a pty, a consumer that keeps its cursor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.fleet.keys import Gateway
from gateway.fleet.message import START
from tests.support.durable_consumer import Consumer
from tests.support.fleet_routers import Routers, routers
from tests.support.outages import SENDERS, Life, Talking
from tests.support.scripted_board import HUM, TEMP, ScriptedBoard
from tests.support.waiting import until

pytestmark = pytest.mark.once

GATEWAY = Gateway("north", "test")
CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "{device}"}}}}
sensors:
  temp: {{{{driver: temperature, link: board}}}}
  hum: {{{{driver: humidity, link: board}}}}
fleet: {{{{site: north, routers: {routers}, loss_window: 1s, {more}}}}}
"""


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


def config_of(board: ScriptedBoard, fleet: Routers, more: str = "keep: 7d") -> str:
    return CONFIG.format(device=board.device, routers=json.dumps(fleet.urls), more=more)


def numbers(consumer: Consumer) -> list[int]:
    """The sequence numbers of the readings that have come, in order."""
    return [json.loads(each.data)["seq"] for each in consumer.events if each.event == "#changed"]


def part(life: Life) -> dict[str, Any]:
    """What the gateway's health says of the fleet."""
    with life.gateway.client() as client:
        found: dict[str, Any] = client.remoteRequest("$gateway", "health")["parts"]["fleet"]
    return found


def test_nothing_is_lost(start: Callable[..., Any], board: ScriptedBoard, fleet: Routers) -> None:
    """Values arrive; a router dies: none is lost. Both are gone, and the gateway is killed and begins again:
    all that was accepted arrives, once and in order. What is confirmed empties the spool."""
    run = partial(start, config_of(board, fleet))
    with closing(Consumer(fleet.settings(1, 0), GATEWAY, confirms=False)) as consumer, Talking(board):
        life = Life(run)
        until(lambda: len(numbers(consumer)) > 50)
        until(
            lambda: (
                consumer.present == {"sig/1/north/test/up", *(f"sig/1/north/test/up/{s}" for s in SENDERS)}
            )
        )
        requests(consumer, life)
        fleet.kill(0)
        life.accept(len(life.accepted) + 200)
        fleet.kill(1)
        life.accept(len(life.accepted) + 200)
        must = life.kill()
        life = Life(run).accept(200)
        must |= life.kill()
        life = Life(run).accept(200)
        until(lambda: part(life)["status"] == "failing")
        assert part(life)["routers"] == []
        fleet.start(0)
        fleet.start(1)
        newest = max(life.accepted)
        until(lambda: numbers(consumer) and max(numbers(consumer)) >= newest)
        must |= {seq for seq in life.accepted if seq <= newest}
        arrived = numbers(consumer)
        assert must <= set(arrived)
        assert arrived == sorted(set(arrived))
        assert consumer.lost == []
        assert part(life)["waiting"] > 500
        consumer.confirms = True
        until(lambda: part(life)["waiting"] < 400)
        until(lambda: part(life)["status"] == "ok")
        assert part(life)["consumers"]["collector"]["confirmed"] is not None
        life.gateway.signal(15)


def requests(consumer: Consumer, life: Life) -> None:
    """Of a sensor, of the gateway itself, of what there is not; and who is there."""
    assert consumer.ask("temp", "last")["response"]["unit"] == "°C"
    assert consumer.ask("$gateway", "info")["response"]["name"] == "test"
    for names, error in ((("nobody", "last"), "unknown_sender"), (("temp", "sing"), "unknown_method")):
        assert consumer.ask(*names)["error"] == error
    assert consumer.ask("temp", "read", params={"max_age": "long"})["error"] == "bad_params"
    (answer,) = consumer.request("senders")
    said = json.loads(answer)
    assert said["gateway"].keys() >= {"name", "version", "uptime", "clock"}
    entries = {each["sender"]: each for each in said["senders"]}
    assert sorted(entries) == sorted(SENDERS)
    assert "#changed" in entries["temp"]["events"]
    assert {"read", "last", "info", "stats"} <= set(entries["temp"]["requests"])
    assert life.gateway.senders()["temp"].keys() <= entries["temp"].keys()


@pytest.mark.slow  # 6,000 events are to come; the same without processes: tests/gateway/member/test_spool.py
def test_a_full_spool_tells_its_loss(start: Callable[..., Any], board: ScriptedBoard, fleet: Routers) -> None:
    """Of what there was no room for, the consumer hears how much it was and whose; the newest are there."""
    with Talking(board, per_second=1000):
        life = Life(partial(start, config_of(board, fleet, "size: 1MB")))
        until(lambda: part(life).get("lost", 0) > 500)
        lost = part(life)["lost"]
    with closing(Consumer(fleet.settings(), GATEWAY, confirms=True)) as consumer:
        until(lambda: part(life)["waiting"] == 0)
        assert {each.sender for each in consumer.lost} <= {*SENDERS, ""}
        told = sum(each.events for each in consumer.lost)
        assert told >= lost
        assert len(consumer.events) + told == consumer.events[-1].position.seq
        assert consumer.events[-1].position > START
    life.gateway.signal(15)


def test_reloads(start: Callable[..., Any], board: ScriptedBoard, fleet: Routers) -> None:
    """While the board talks it comes to the fleet, goes to other routers, to one that is not there, leaves,
    and comes back: what was said as long as it belonged to the fleet arrives, once and in order."""
    with routers(1) as gone:
        pass
    without = config_of(board, fleet).partition("fleet:")[0]
    with closing(Consumer(fleet.settings(1, 0), GATEWAY, confirms=False)) as consumer, Talking(board):
        life = Life(partial(start, without)).accept(20)
        must: set[int] = set()
        for urls in (fleet.urls[:1], fleet.urls[1:], fleet.urls, gone.urls, [], gone.urls, fleet.urls):
            must |= said_within(life, "fleet:" in life.gateway.config.read_text())
            text = without.format(port=life.gateway.port)
            if urls:
                text += f"fleet: {{site: north, routers: {json.dumps(urls)}, loss_window: 1s}}\n"
            life.gateway.config.write_text(text)
            assert life.gateway.cli("reload").returncode == 0
        must |= said_within(life, True)
        until(lambda: must <= set(numbers(consumer)), what="all of them")
        arrived = numbers(consumer)
        assert arrived == sorted(set(arrived))
        assert consumer.lost == []
        consumer.confirms = True
        until(lambda: part(life)["status"] == "ok")
        assert life.gateway.signal(15) < 6.0


def said_within(life: Life, member: bool) -> set[int]:
    """The next fifty readings and more, none of which was under way when this began; none where it is no
    member."""
    life.accept(len(life.accepted) + 10)
    begin = max(life.accepted)
    life.accept(len(life.accepted) + 50)
    return {seq for seq in life.accepted if seq > begin} if member else set()


def test_without_any_router(start: Callable[..., Any], board: ScriptedBoard) -> None:
    """It starts, says so, and stops in time."""
    with routers(1) as gone:
        pass
    with Talking(board):
        life = Life(partial(start, config_of(board, gone))).accept(20)
        until(lambda: part(life)["status"] == "failing")
        assert "fleet-router" in part(life)["message"]
        assert life.gateway.signal(15) < 6.0
    assert life.gateway.popen.returncode == 0
