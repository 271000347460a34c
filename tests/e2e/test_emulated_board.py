"""A board of the Arduino library on an emulated ATmega328P: what its sensor measures arrives everywhere."""

import http.client
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Gateway
from tests.support.emulated_board import EmulatedBoard
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, until

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links: {{{{board: {{{{port: ./board}}}}}}}}
sensors: {{{{it: {{{{driver: {driver}, link: board, channel: {channel}, heartbeat: 10ms}}}}}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{mqtt}"}}}}
http: {{{{listen: 127.0.0.1:{http}}}}}
history: {{{{window: 1s}}}}
"""


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that anybody may use."""
    with Mosquitto(tmp_path) as broker:
        yield broker


def chart(port: int) -> list[dict[str, Any]]:
    """What history has of the last hour, reading by reading."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    try:
        connection.request("GET", "/api/v1/senders/it/history?since=1h&points=5000")
        points: list[dict[str, Any]] = json.loads(connection.getresponse().read()).get("points", [])
        return points
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("sketch", "driver", "channel", "command", "value"),
    [
        ("DHT22", "temperature", "temp", "temperature -7.3", -7.3),
        ("SHT31", "humidity", "hum", "humidity 61.25", 61.25),
        ("DS18B20", "temperature", "temp", "temperature 31.5", 31.5),
        ("Light", "light", "lux", "millivolts A0 3750", 85.6),
    ],
)
def test_what_is_measured_arrives(
    start: Callable[..., Gateway],
    mosquitto: Mosquitto,
    tmp_path: Path,
    sketch: str,
    driver: str,
    channel: str,
    command: str,
    value: float,
) -> None:
    """A temperature, a humidity, a voltage: at a TCP client, at MQTT and in history, with its time."""
    page = free_port()
    config = CONFIG.format(driver=driver, channel=channel, mqtt=mosquitto.port, http=page)
    with EmulatedBoard(tmp_path, sketch) as board, Subscriber(mosquitto.port, "sig/test/it/#") as subscriber:
        gateway = start(config)
        gateway.wait_for_error("board: up on ")
        with gateway.watch("#changed") as watch:
            board.tell(command)
            event = watch.json_until(lambda event: event["data"]["value"] == pytest.approx(value, abs=0.1))
            assert event["sender"] == "it"
            taken = datetime.fromisoformat(event["data"]["time"]).timestamp()
            late = board.status()["most_behind_s"]  # a machine that does a lot else has a slow board
            said = board.said("AR")
            assert any(abs(each.utc - taken) < 0.5 + late for each in said), (taken, said, late)
        subscriber.wait_for(lambda message: close(message.payload, value), what="the value at MQTT")
        until(lambda: any(point["value"] == pytest.approx(value, abs=0.1) for point in chart(page)))
        assert board.status()["overruns"] == 0


def close(payload: bytes | bytearray, value: float) -> bool:
    """Whether it is an event, or a state, with that value."""
    try:
        found = json.loads(payload)
    except ValueError:
        return False
    data = found.get("data", found) if isinstance(found, dict) else {"value": found}
    return isinstance(data.get("value"), float | int) and abs(data["value"] - value) < 0.1


def test_it_comes_back(start: Callable[..., Gateway], mosquitto: Mosquitto, tmp_path: Path) -> None:
    """After an unplug, a power cut and resets, by a watchdog, too, the gateway has values again."""
    config = CONFIG.format(driver="temperature", channel="temp", mqtt=mosquitto.port, http=free_port())
    with EmulatedBoard(tmp_path, "SHT31") as board:
        gateway = start(config)
        gateway.wait_for_error("board: up on ")
        with gateway.watch("#changed") as watch:
            for number, command in enumerate(("unplug 300", "reset watchdog", "reset key", "off 300"), 30):
                board.tell(command)
                board.tell(f"temperature {number}")
                watch.json_until(lambda event, number=number: event["data"]["value"] == number)  # type: ignore[misc]
        assert "restarted, boot " in gateway.errors


def test_a_live_read_of_a_sensor_that_needs_its_time(
    start: Callable[..., Gateway], mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """One after the other a DHT22 is read: each time it is measured anew, two seconds later, and none is
    `busy`."""
    config = CONFIG.format(driver="temperature", channel="temp", mqtt=mosquitto.port, http=free_port())
    with EmulatedBoard(tmp_path, "DHT22") as board:
        gateway = start(config)
        gateway.wait_for_error("board: up on ")
        with gateway.client() as client:
            taken = [client.remoteRequest("it", "read", {"timeout": 5}) for _ in range(4)]
        asked = [each.body.split() for each in board.said("AE") if len(each.body.split()) > 4]
        times = {fields[3]: int(fields[4]) for fields in asked if fields[0] == "A"}
        measured = [times[str(each["seq"])] for each in taken]
        assert all(after - before >= 2000 for before, after in pairwise(measured)), measured
        assert any(fields[0] == "E" and fields[2] == "busy" for fields in asked), "it was never too soon"
