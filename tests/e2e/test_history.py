"""A gateway as a user runs it, which keeps what is said: through kills, stops, wrong clocks, full disks."""

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.event_id import EventId
from tests.e2e.conftest import STOPPED_S
from tests.gateway.http.conftest import Stream
from tests.support.ports import free_port
from tests.support.scripted_board import TEMP, ScriptedBoard
from tests.support.waiting import DEADLINE_S, until

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links: {{{{board: {{{{port: "{device}"}}}}}}}}
sensors: {{{{temp: {{{{driver: temperature, link: board, delta: 0}}}}}}}}
http: {{{{listen: 127.0.0.1:{http}}}}}
history: {{{{window: 1s}}}}
"""
WINDOW_S = 1.0


class House:
    """A board, and gateways on one folder, one after the other."""

    def __init__(self, start: Callable[..., Any], board: ScriptedBoard) -> None:
        self._start = start
        self.board = board
        self.port = free_port()
        self.gateway: Any = None
        self.said: dict[float, float] = {}
        self._next = 0

    def start(self, **environ: str) -> "House":
        """Until its page answers, and there is a value."""
        self.gateway = self._start(CONFIG.format(device=self.board.device, http=self.port), **environ)
        self.gateway.wait_for_error("board: up")
        self.gateway.wait_for_error("http: the dashboard is at ")
        until(lambda: self.health["parts"]["history"]["status"] != "unknown", what=self.gateway.errors)
        return self

    def say(self, count: int = 1) -> float:
        """New values; returns the last."""
        for _ in range(count):
            self._next += 1
            value = round(30 + self._next / 10, 1)
            self.said[value] = time.time()
            self.board.report("temp", f"{value}")
            until(partial(self._is_later, self.board.now_ms()))
        return value

    def _is_later(self, than_ms: int) -> bool:
        """Of two values of the same ms, history has the last."""
        return self.board.now_ms() > than_ms + 20

    def off(self) -> Any:
        """The gap in which there was no gateway. On a machine with much to do the board may be silent for so
        long that there are others."""
        (gap,) = [gap for gap in self.chart()["gaps"] if gap["reason"] == "the gateway was off"]
        return gap

    def ask(self, path: str, **query: object) -> Any:
        """What the API answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(query)}")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    @property
    def health(self) -> Any:
        """As the page has it."""
        return self.ask("gateway")["health"]

    def chart(self) -> Any:
        """The last hour, reading by reading."""
        return self.ask("senders/temp/history", since="1h", points=5000)

    def values(self) -> dict[float, float]:
        """Those of the board's that are in the chart, with their times, in order."""
        points = self.chart().get("points", [])
        return {each["value"]: utc(each["time"]) for each in points if each["value"] in self.said}

    def wait_for(self, value: float) -> None:
        """Until it is in the chart."""
        until(lambda: value in self.values(), what=f"{value}: {self.chart()}\n{self.gateway.errors}")

    def written(self) -> None:
        """Until all of that is on disk."""
        until(lambda: self.health["parts"]["history"]["waiting"] == 0)

    def follow(self, query: str = "") -> Stream:
        """The events."""
        return Stream(socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S), query)


def utc(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def house(tmp_path: Path, start: Callable[..., Any]) -> Iterator[House]:
    """A board with one sensor."""
    with ScriptedBoard(tmp_path / "board", (TEMP,)) as plugged:
        yield House(start, plugged)


def event_of(stream: Stream, wanted: Callable[[Any], bool]) -> tuple[EventId, Any]:
    """The first such event that comes."""
    while True:
        message = stream.next()
        assert message.kind in ("", "alive"), message
        if not message.kind and wanted(data := json.loads(message.data)):
            found = EventId.parse(message.id)
            assert found is not None
            return found, data


def is_value(value: float) -> Callable[[Any], bool]:
    return lambda event: event["event"] == "#changed" and event["data"]["value"] == value


def test_after_a_kill(house: House) -> None:
    """What was said a window before is there; since then the gateway was off; ids go on, and a stream that
    comes back gets what it missed, once."""
    house.start()
    stream = house.follow()
    kept = house.say(5)
    last, _ = event_of(stream, is_value(kept))
    stream.close()
    house.wait_for(kept)
    house.written()
    missed = house.say()
    house.wait_for(missed)
    house.written()
    house.gateway.signal(signal.SIGKILL)
    killed = time.time()
    house.start()
    after = house.say()
    house.wait_for(after)
    found = house.values()
    assert list(found) == list(house.said)
    assert list(found.values()) == sorted(found.values())
    gap = house.off()
    assert found[missed] <= utc(gap["from"]) <= killed
    again = house.follow(f"?last_event_id={last}")
    ids = [last]
    seen: list[float] = []
    while not seen or seen[-1] != after:
        event_id, event = event_of(again, lambda event: event["sender"] == "temp")
        ids.append(event_id)
        if event["event"] == "#changed" and event["data"]["value"] in house.said:
            seen.append(event["data"]["value"])
    assert seen == [missed, after]
    assert ids == sorted(set(ids))
    again.close()


def test_a_stop_loses_nothing(house: House) -> None:
    """However young it is; one gap, from the stop to the first value."""
    house.start()
    last = house.say(20)
    house.wait_for(last)
    assert house.gateway.signal(signal.SIGTERM) < STOPPED_S
    assert house.gateway.popen.returncode == 0
    house.start()
    house.wait_for(house.say())
    assert list(house.values()) == list(house.said)
    gap = house.off()
    assert gap["to"] is not None


def test_a_cable_that_is_pulled(house: House) -> None:
    """Is a gap while it lasts, and afterwards."""
    house.start()
    house.wait_for(house.say())
    house.board.unplug()
    until(lambda: [gap["to"] for gap in house.chart()["gaps"]] == [None])
    house.board.plug()
    until(lambda: house.health["parts"]["links.board"]["status"] == "ok")
    house.say()
    until(lambda: [gap["to"] is None for gap in house.chart()["gaps"]] == [False])
    assert house.chart()["gaps"][0]["reason"] == "not connected"


def test_the_newest_for_the_command_line(house: House) -> None:
    """What is not on disk yet is said by the gateway's own sender."""
    house.start()
    house.say()
    value = house.say()
    with house.gateway.client() as client:
        until(lambda: client.remoteRequest("temp", "last")["value"] == value)
        until(lambda: client.remoteRequest("$gateway", "history", {"sender": "temp"})["rows"] == [])
        value = house.say()
        until(
            lambda: (
                [row[1] for row in client.remoteRequest("$gateway", "history", {"sender": "temp"})["rows"]]
                == [value]
                or value in house.values()
            )
        )
        assert client.remoteRequest("$gateway", "history", {"sender": "temp"})["written_until"] is not None


def test_recent_events(house: House) -> None:
    """A log that is opened is not empty: the last ones come first."""
    house.start()
    last = house.say(5)
    house.wait_for(last)
    stream = house.follow("?recent=3&sender=temp&event=%23changed")
    found = [event_of(stream, lambda _: True)[1]["data"]["value"] for _ in range(3)]
    assert found == list(house.said)[-3:]
    live = house.say()
    assert event_of(stream, lambda _: True)[1]["data"]["value"] == live
    stream.close()


def test_a_clock_that_is_not_set(house: House) -> None:
    """What was said is in no chart; a later gateway of the same boot, whose clock is set, puts it there, at
    its right time."""
    house.start(SIG_GATEWAY_CLOCK="unset")
    last = house.say(3)
    stream = house.follow("?recent=10")
    _, event = event_of(stream, is_value(last))
    assert event["data"]["clock"] == "unset"
    stream.close()
    assert house.values() == {}
    house.gateway.signal(signal.SIGTERM)
    house.start(SIG_GATEWAY_CLOCK="set")
    house.wait_for(last)
    for value, said in house.said.items():
        assert abs(house.values()[value] - said) < 1, value


def test_a_folder_that_cannot_be_written(house: House, tmp_path: Path) -> None:
    """Sensors go on, the part is red and the log says it once; what waits is written when it can be."""
    if os.geteuid() == 0:
        (tmp_path / "data").write_text("no folder")
    else:
        (tmp_path / "data").mkdir(0o500)
    house.start()
    value = house.say()
    with house.gateway.client() as client:
        until(lambda: (client.remoteRequest("temp", "last") or {}).get("value") == value)
    until(lambda: house.health["parts"]["history"]["status"] == "failing")
    assert house.health["parts"]["history"]["waiting"] > 0
    if os.geteuid() == 0:
        (tmp_path / "data").unlink()
        (tmp_path / "data").mkdir()
    else:
        (tmp_path / "data").chmod(0o700)
    until(lambda: house.health["parts"]["history"]["status"] == "ok", timeout_s=60)
    house.wait_for(value)
    assert house.gateway.errors.count("history: ") == 2
