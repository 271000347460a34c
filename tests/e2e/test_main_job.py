"""The main job, in terminals: a live read, the list, events, an unplugged board and its return."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

import sig
from tests.e2e.conftest import AT_ONCE_S

FIELDS = {"value", "unit", "time", "quality", "seq"}


def test_read_is_live(shared: Any) -> None:
    """The reading is newer than the call, and whole."""
    called = datetime.now(UTC)
    result = shared.cli("read", "temp")
    reading = json.loads(result.stdout)
    assert result.returncode == 0
    assert datetime.fromisoformat(reading["time"]) > called
    assert reading.keys() >= FIELDS
    assert reading["unit"] == "°C"
    assert reading["quality"] == "good"
    assert json.loads(shared.cli("read", "temp", "--max-age", "60", "--timeout", "2").stdout)["value"]


def test_senders(shared: Any) -> None:
    """`--json` has each sender once with events and newest reading; the table says the same to people."""
    found = shared.senders()
    assert list(found) == ["temp", "humidity", "light"]
    assert found["temp"]["connected"] is True
    assert found["temp"]["events"] == ["#changed", "#stale", "cold", "hot", "#late", "#gap"]
    assert found["light"]["last"]["unit"] == "lx"
    table = shared.cli("senders").stdout.splitlines()
    assert table[0].split() == ["sender", "connected", "last", "time", "quality", "events"]
    assert [line.split()[:2] for line in table[1:4]] == [
        ["temp", "yes"],
        ["humidity", "yes"],
        ["light", "yes"],
    ]


def test_request(shared: Any) -> None:
    """`info`, `stats` and `last` answer; params are JSON."""
    info = json.loads(shared.cli("request", "humidity", "info").stdout)
    assert (info["kind"], info["unit"], info["link"]) == ("humidity", "%", "board")
    assert json.loads(shared.cli("request", "temp", "stats").stdout)["received"] > 0
    assert json.loads(shared.cli("request", "temp", "last").stdout)["quality"] == "good"
    assert json.loads(shared.cli("request", "temp", "read", '{"max_age": 60}').stdout)["unit"] == "°C"


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["read", "nobody"], 1, "error: unknown_sender: there is no sender 'nobody'; `sig-g"),
        (
            ["request", "temp", "sing"],
            1,
            "error: unknown_method: sender 'temp' has no method 'sing'",
        ),
        (["request", "temp", "read", '{"max_age": "x"}'], 1, "error: bad_params: "),
        (
            ["request", "temp", "read", "{max_age: 5}"],
            2,
            "not JSON: Expecting property name enclosed",
        ),
        (
            ["read", "temp", "--timeout", "soon"],
            2,
            "or a time span such as 5s or 2min, got 'soon'",
        ),
        (["watch", "temp", "cool"], 1, "temp does not have the event cool; did you mean 'cold'?"),
    ],
)
def test_failures(shared: Any, arguments: list[str], status: int, text: str) -> None:
    """The error's type and text on stderr, nothing on stdout, and the exit status of its kind."""
    result = shared.cli(*arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_watch_counts(shared: Any) -> None:
    """`--count 10` prints ten events as JSON lines with exactly the promised keys."""
    result = shared.cli("watch", "--json", "--count", "10")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0
    assert len(events) == 10
    assert all(list(event) == ["sender", "event", "data"] for event in events)
    assert {event["event"] for event in events} <= {"#changed", "cold", "hot", "dry", "wet", "dark", "bright"}
    assert events[0]["data"].keys() >= FIELDS


@pytest.mark.parametrize(
    ("arguments", "senders", "events"),
    [
        (["#changed"], {"temp", "humidity", "light"}, {"#changed"}),
        (["temp", "#changed"], {"temp"}, {"#changed"}),
        (["humidity"], {"humidity"}, {"#changed", "dry", "wet"}),
    ],
)
def test_watch_chooses(shared: Any, arguments: list[str], senders: set[str], events: set[str]) -> None:
    """A channel of all senders, one event of one, all of one."""
    result = shared.cli("watch", *arguments, "--json", "--count", "12")
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(printed) == 12
    assert {event["sender"] for event in printed} <= senders
    assert {event["event"] for event in printed} <= events


def test_watch_for_people(shared: Any) -> None:
    """A line has time, sender, event, value and unit."""
    line = shared.cli("watch", "temp", "--count", "1").stdout.split()
    assert line[1:3] == ["temp", "#changed"]
    assert line[4] == "°C"


@pytest.mark.parametrize("replug", ["replug", "replug other"])
def test_unplug_and_replug(gateway: Any, replug: str) -> None:
    """Senders disconnect at once, `read` fails at once, saying why; back at once, listeners and all."""
    with gateway.watch() as watch, gateway.watch("#changed") as channel:
        watch.json_until(lambda event: event["event"] == "#changed")
        channel.json_until(lambda event: event["sender"] == "temp")

        gateway.tell_board("unplug")
        told = time.monotonic()
        watch.json_until(lambda event: (event["sender"], event["event"]) == ("temp", "#disconnect"))
        assert time.monotonic() - told < AT_ONCE_S
        with gateway.client() as client:
            asked = time.monotonic()
            with pytest.raises(sig.NotConnected, match="link board: "):
                client.remoteRequest("temp", "read")
            assert time.monotonic() - asked < AT_ONCE_S
        result = gateway.cli("read", "temp")
        assert result.returncode == 1
        assert result.stderr.startswith("error: not_connected: sender 'temp' is not connected: link board: ")
        assert gateway.senders()["temp"]["connected"] is False

        gateway.tell_board(replug)
        told = time.monotonic()
        watch.json_until(lambda event: (event["sender"], event["event"]) == ("temp", "#connect"))
        assert time.monotonic() - told < AT_ONCE_S
        watch.json_until(lambda event: (event["sender"], event["event"]) == ("temp", "#changed"))
        reading = json.loads(gateway.cli("read", "temp").stdout)
        assert reading["quality"] == "good"
        channel.json_until(lambda event: event["data"]["time"] > reading["time"])
        channel.wait_for_error("temp disconnected")
        channel.wait_for_error("temp connected")


def test_a_link_that_never_comes_up(start: Any) -> None:
    """The others work; its sensors are listed and say why not connected, also after a watcher left."""
    config = """\
router: {{listen: 127.0.0.1:{port}}}
links:
  absent: {{port: /dev/serial/by-id/usb-nothing}}
  board: {{port: "sim:?speed=1200"}}
sensors:
  cellar: {{driver: temperature, link: absent, channel: temp}}
  temp: {{driver: temperature, link: board}}
  nochannel: {{driver: temperature, link: board}}
"""
    gateway = start(config)
    gateway.wait_for_error("board: up")
    assert json.loads(gateway.cli("read", "temp").stdout)["quality"] == "good"
    with gateway.watch("cellar") as watch:
        watch.wait_for_error("cellar is not connected now; waiting for it")
    result = gateway.cli("read", "cellar")
    assert result.returncode == 1
    assert "error: not_connected: sender 'cellar' is not connected: link absent: " in result.stderr
    away = {
        "sender": "cellar",
        "connected": False,
        "events": [],
        "last": None,
        "quality": None,
        "warning": None,
        "kind": None,
        "link": None,
        "thresholds": {},
        "decimals": None,
    }
    listed = gateway.senders()["cellar"]
    assert listed.pop("reason").startswith("sender 'cellar' is not connected: link absent: ")
    assert listed == away
    problem = "has no channel 'nochannel'; it has temp, hum, lux"
    assert re.search(f"link board: board SIM[0-9A-F]{{8}} {problem}", gateway.cli("read", "nochannel").stderr)
    assert gateway.errors.count(problem) == 1
