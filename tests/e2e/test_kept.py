"""A board that keeps its readings: through kill -9 of the gateway, a broker that is away, a pulled cable."""

import contextlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import pytest

from gateway.history.events import told_seq
from tests.e2e.conftest import environment, run_cli
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

pytestmark = pytest.mark.once

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "{device}"}}}}
sensors:
  temp: {{{{driver: temperature, link: board, heartbeat: 10ms}}}}
  humidity: {{{{driver: humidity, link: board, channel: hum, heartbeat: 10ms}}}}
  light: {{{{driver: light, link: board, channel: lux, heartbeat: 10ms}}}}
{services}
"""
BOTH = "history: {{{{window: 20s}}}}\nmqtt: {{{{url: 'mqtt://127.0.0.1:{broker}', backlog_rate: 2000}}}}\n"


class Board:
    """The simulator as a program of its own, that outlives the gateway: with power of its own, or with the
    cable's."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self.device = folder / "board"
        command = [sys.executable, "-m", "firmware_sim", "--link", str(self.device)]
        command += ["--speed", "300", *options]
        self._popen = subprocess.Popen(command, env=environment(), cwd=folder, stdout=subprocess.PIPE)
        assert self._popen.stdout is not None
        for _ in range(2):
            self._popen.stdout.readline()

    def tell(self, command: str) -> str:
        """Have it do something."""
        told = run_cli(self._folder, "simulate", "--link", str(self.device), "--tell", command)
        assert told.stdout.startswith("ok"), told
        return told.stdout.removeprefix("ok ")

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        found: dict[str, Any] = json.loads(self.tell("status"))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(AssertionError):
            self.tell("quit")
        self._popen.kill()
        self._popen.wait()
        assert self._popen.stdout is not None
        self._popen.stdout.close()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """With room for everything, and with a supply of its own."""
    with Board(tmp_path, "--kept", "5000", "--supply", "own") as made:
        yield made


def written(folder: Path) -> dict[tuple[str, int], list[int]]:
    """The times of what history has in its hot table, by sender and the board's number."""
    found: dict[tuple[str, int], list[int]] = {}
    with closing(sqlite3.connect(f"file:{folder}/data/history.db?mode=ro", uri=True)) as db:
        query = "SELECT name, seq, time FROM readings, sensors WHERE sensors.key = readings.sensor"
        for name, seq, time in db.execute(query):
            found.setdefault((name, told_seq(seq)), []).append(time)
    return found


def check_once(folder: Path, newest: int, first: int = 1) -> None:
    """Every reading of the board up to that one is in history, once, at its own time."""
    found = written(folder)
    assert {key: times for key, times in found.items() if len(times) > 1} == {}
    numbers = Counter(seq for _, seq in found if first <= seq <= newest)
    assert sorted(set(range(first, newest + 1)) - numbers.keys()) == []
    assert {seq: count for seq, count in numbers.items() if count > 1} == {}
    times = sorted((seq, times[0]) for (_, seq), times in found.items())
    # of three channels each 0.2 s; a board is heard a moment after it has measured
    assert [seq for (seq, one), (_, next_one) in zip(times, times[3:], strict=False) if next_one < one] == []


def published(seen: Subscriber) -> dict[int, set[tuple[str, float]]]:
    """By the board's number, what came of it: value and unit of all readings of that id."""
    found: dict[int, set[tuple[str, float]]] = {}
    for message in list(seen.messages):
        if message.topic.endswith(("/event/changed", "/event/late")):
            data = json.loads(message.payload)
            found.setdefault(int(data["id"].split("-")[-1]), set()).add(
                (message.topic.split("/")[2], data["value"])
            )
    return found


def test_killed_again_and_again(tmp_path: Path, start: Callable[..., Any], board: Board) -> None:
    """With a window of 20 s, of which a kill loses all: the board has it still, and sends it again. History
    has each once; a subscriber has each, under one id, be it twice."""
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port, "sig/#", client_id="s", session=True) as seen:
        config = CONFIG.format(device=board.device, services=BOTH.format(broker=broker.port))
        for number in range(3):
            gateway = start(config)
            before = board.status()["seq"]
            until(lambda: max(published(seen), default=0) > before + 15)  # noqa: B023 - at once
            if number == 1:
                broker.stop()
                board.tell("unplug")
                until(lambda: board.status()["seq"] > before + 40)  # noqa: B023 - at once
                board.tell("replug")
                broker.start()
                until(lambda: max(published(seen)) > before + 60)  # noqa: B023 - at once
            gateway.signal(signal.SIGKILL)
        gateway = start(config)
        newest = board.status()["seq"]
        must = set(range(1, newest + 1))
        try:
            until(lambda: published(seen).keys() >= must)
        except AssertionError:
            pytest.fail(f"not published: {sorted(must - published(seen).keys())}; {board.status()}")
        gateway.cli("request", "$gateway", "history", '{"write": true}')
        until(lambda: board.status()["kept"] < 100, what="the board is told that they are safe")
        gateway.signal(signal.SIGTERM)
        check_once(tmp_path, newest)
        assert {seq: what for seq, what in published(seen).items() if len(what) > 1} == {}
        late = [message for message in seen.messages if message.topic.endswith("/event/late")]
        assert len(late) > 20
        states = [json.loads(m.payload) for m in seen.messages if m.topic == "sig/test/temp/state"]
        times = [state["time"] for state in states if state["quality"] == "good"]
        assert times == sorted(times)


@pytest.mark.slow
def test_a_reload(tmp_path: Path, start: Callable[..., Any], board: Board) -> None:
    """History begins anew twice, in the middle of readings that it has not written: it has each once."""
    gateway = start(CONFIG.format(device=board.device, services=BOTH.format(broker=1))).wait_until_up()
    with gateway.client() as client:
        for window in ("21s", "22s"):
            before = board.status()["seq"]
            until(lambda: client.remoteRequest("temp", "last")["seq"] > before + 20)  # noqa: B023 - at once
            gateway.config.write_text(
                re.sub("window: [0-9]+s", f"window: {window}", gateway.config.read_text())
            )
            client.remoteRequest("$gateway", "reload")
        newest = board.status()["seq"]
        until(lambda: client.remoteRequest("temp", "last")["seq"] > newest)
    gateway.signal(signal.SIGTERM)
    check_once(tmp_path, newest)


@pytest.mark.slow
def test_what_is_lost(tmp_path: Path, start: Callable[..., Any]) -> None:
    """By a board with little room, while its cable is pulled: it is told as a gap, and nothing else is
    missing."""
    with Board(tmp_path, "--kept", "30", "--supply", "own") as board, Mosquitto(tmp_path) as broker:
        with Subscriber(broker.port, "sig/#") as seen:
            config = CONFIG.format(device=board.device, services=BOTH.format(broker=broker.port))
            gateway = start(config)
            until(lambda: max(published(seen), default=0) > 20)
            board.tell("unplug")
            before = board.status()["seq"]
            until(lambda: board.status()["seq"] > before + 60)
            board.tell("replug")
            newest = board.status()["seq"]
            until(lambda: max(published(seen)) > newest + 20)
            gateway.signal(signal.SIGTERM)
            gaps = [json.loads(m.payload) for m in seen.messages if m.topic.endswith("/event/gap")]
        missing = set(range(1, newest + 1)) - {seq for _, seq in written(tmp_path)}
        assert missing == set(range(1, newest + 1)) - published(seen).keys()
        assert len(missing) == sum(gap["count"] for gap in gaps) > 20
