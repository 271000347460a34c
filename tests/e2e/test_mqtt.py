"""The gateway as a user runs it, beside a real Mosquitto and its own tools."""

import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import STOPPED_S
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.waiting import until

ODD = "Büro a/b+c"
TOPIC = "sig/test/Büro a%2Fb%2Bc"
CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "sim:?speed=1200"}}}}
sensors:
  temp: {{{{driver: temperature, link: board, hot: 20}}}}
  "Büro a/b+c": {{{{driver: humidity, link: board, channel: hum}}}}
  "Büro a b+c": {{{{driver: humidity, link: board, channel: hum}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{port}", home_assistant: true}}}}
"""


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that anybody may use."""
    with Mosquitto(tmp_path) as broker:
        yield broker


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; on Debian: apt-get install mosquitto-clients")
    return found


class Listening:
    """`mosquitto_sub`: the newest payload of each of `topics`, which may hold spaces."""

    def __init__(self, port: int, topics: set[str]) -> None:
        self.seen: dict[str, str] = {}
        self._topics = topics
        self._process = subprocess.Popen(
            [tool("mosquitto_sub"), "-p", str(port), "-v", "-t", "sig/#"], stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            for topic in self._topics:
                if line.startswith(f"{topic} "):
                    self.seen[topic] = line.removeprefix(f"{topic} ").strip()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._thread.join()
        self._process.communicate()


def test_what_a_user_sees(start: Callable[..., Any], mosquitto: Mosquitto) -> None:
    """Births, states and events in `mosquitto_sub`, an answer in `mosquitto_rr`, the will after kill -9."""
    wanted = {
        "sig/test/status",
        "sig/test/temp/availability",
        "sig/test/temp/state",
        "sig/test/temp/event/connect",
        "sig/test/temp/event/changed",
        "sig/test/temp/event/hot",
        f"{TOPIC}/state",
        f"{TOPIC}/event/changed",
    }
    listening = Listening(mosquitto.port, wanted)
    try:
        until(lambda: "SUBSCRIBE" in mosquitto.log)
        gateway = start(CONFIG.format(port=mosquitto.port))
        with suppress(AssertionError):  # the next line tells more
            until(lambda: listening.seen.keys() == wanted)
        assert listening.seen.keys() == wanted, gateway.errors
        state = json.loads(listening.seen["sig/test/temp/state"])
        assert state.keys() >= {"value", "unit", "time", "quality"}
        asked = subprocess.run(
            [
                *(tool("mosquitto_rr"), "-p", str(mosquitto.port), "-V", "5", "-W", "10"),
                *("-t", f"{TOPIC}/request/read", "-e", "answers/1", "-m", '{"transaction": 7}'),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        answer = json.loads(asked.stdout)
        assert (answer["status"], answer["transaction"], answer["response"]["unit"]) == ("ok", 7, "%")
        gateway.signal(signal.SIGKILL)
        until(lambda: listening.seen["sig/test/status"] == "offline")
    finally:
        listening.stop()


def test_home_assistant_ids_of_odd_names(start: Callable[..., Any], mosquitto: Mosquitto) -> None:
    """Two names that differ in one character only have ids of their own, of allowed characters."""
    start(CONFIG.format(port=mosquitto.port))
    with Subscriber(mosquitto.port, "homeassistant/#") as seen:
        board = json.loads(seen.on("homeassistant/device/sig_test_board/config").payload)
    sensors = {p["name"]: p for p in board["cmps"].values() if p["p"] == "sensor"}
    assert sensors.keys() == {"temp", ODD, "Büro a b+c"}
    assert sensors[ODD]["stat_t"] == f"{TOPIC}/state"
    ids = {p["uniq_id"] for p in sensors.values()}
    assert len(ids) == 3
    assert all(one.isascii() and one.replace("_", "").replace("-", "").isalnum() for one in ids)


def test_nobody_else_notices_that_there_is_no_broker(start: Callable[..., Any]) -> None:
    """The command line answers as ever, one line in the log, and it stops in time."""
    gateway = start(CONFIG.format(port=free_port()))
    gateway.wait_for_error("no connection to 127.0.0.1")
    gateway.wait_for_error("board: up")
    until(lambda: gateway.cli("read", "temp").returncode == 0)
    assert gateway.errors.count("mqtt:") == 1
    assert gateway.signal(signal.SIGTERM) < STOPPED_S
    assert gateway.popen.returncode == 0


def test_nobody_else_notices_a_broker_that_comes_and_goes(
    start: Callable[..., Any], mosquitto: Mosquitto
) -> None:
    """Readings arrive over TCP and are answered as ever; the log says it a few times, not each time."""
    gateway = start(CONFIG.format(port=mosquitto.port))
    gateway.wait_for_error("mqtt: connected")
    gateway.wait_for_error("board: up")
    readings: list[int] = []
    with gateway.client() as client:
        client.addRemoteListener(lambda _info, data: readings.append(data["seq"]), "temp", "#changed")
        for _ in range(4):
            mosquitto.stop(signal.SIGKILL)
            count = len(readings)
            until(lambda count=count: len(readings) > count + 2)  # type: ignore[misc]
            assert client.remoteRequest("temp", "read")["quality"] == "good"
            mosquitto.start()
            with Subscriber(mosquitto.port, "sig/test/status") as seen:
                seen.on("sig/test/status", b"online")
    assert readings == sorted(readings)
    assert gateway.errors.count("mqtt:") <= 5
    assert gateway.signal(signal.SIGTERM) < STOPPED_S


def test_the_password_is_never_printed(start: Callable[..., Any], mosquitto: Mosquitto) -> None:
    """Neither from the URL nor from the environment."""
    config = CONFIG.format(port=mosquitto.port).replace("mqtt://", "mqtt://someone@")
    config = config.replace("home_assistant: true", "password: !env SECRET_OF_TEST")
    gateway = start(config, SECRET_OF_TEST="hush hush")
    gateway.wait_for_error("mqtt: connected to 127.0.0.1")
    gateway.signal(signal.SIGTERM)
    assert "hush" not in gateway.errors
