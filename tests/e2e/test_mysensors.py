"""A MySensors gateway with two nodes on a pty: the senders that are found, and what is known later."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from tests.contract.mysensors_rig import SmallGateway
from tests.e2e.conftest import Gateway, poll
from tests.support.mosquitto import Mosquitto, Subscriber

pytestmark = pytest.mark.once

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  radio: {{{{protocol: mysensors, port: ./radio, discover: true}}}}
sensors:
  cellar: {{{{driver: humidity, link: radio, channel: 13/1}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{port}", home_assistant: true}}}}
"""
FOUND = "radio-12-0"


@pytest.fixture
def radio(tmp_path: Path) -> Iterator[SmallGateway]:
    """Plugged in where the config looks for it."""
    with SmallGateway(tmp_path / "radio") as gateway:
        yield gateway


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that anybody may use."""
    with Mosquitto(tmp_path) as broker:
        yield broker


def values(radio: SmallGateway, client: sig.ClientRouter, sender: str, *lines: str) -> Any:
    """Have lines said until `sender` has a value, and return that reading."""

    def reading() -> Any:
        radio.say(*lines)
        try:
            return client.remoteRequest(sender, "last")
        except (sig.NotConnected, sig.UnknownSender):
            return None

    return poll(reading, f"a value of {sender}")


def test_what_is_found_is_everywhere(
    start: Callable[..., Gateway], radio: SmallGateway, mosquitto: Mosquitto
) -> None:
    """In the list, in a read, in MQTT, in Home Assistant's discovery; a sensor of the config wins."""
    gateway = start(CONFIG.format(port=mosquitto.port))
    gateway.wait_for_error("radio: up")
    with gateway.client() as client:
        assert values(radio, client, FOUND, "12;0;1;0;0;20.5")["value"] == 20.5
        assert values(radio, client, "cellar", "13;1;1;0;1;61.2")["unit"] == "%"
        senders = gateway.senders()
        assert senders.keys() == {"cellar", FOUND}
        assert senders[FOUND]["events"] == ["#changed", "#stale", "cold", "hot"]
        asked = client.remoteRequest(FOUND, "info")
        assert (asked["kind"], asked["channel"]["name"], asked["link"]) == ("temperature", "12/0", "radio")
    with Subscriber(mosquitto.port, f"sig/test/{FOUND}/state") as seen:
        assert json.loads(seen.on(f"sig/test/{FOUND}/state").payload)["value"] == 20.5
    with Subscriber(mosquitto.port, "homeassistant/#") as seen:
        device = json.loads(seen.on("homeassistant/device/sig_test_radio/config").payload)
    parts = {part["name"]: part for part in device["cmps"].values()}
    assert parts[FOUND]["dev_cla"] == "temperature"
    assert "cellar" in parts


def test_what_was_found_is_there_after_kill_9(
    start: Callable[..., Gateway], radio: SmallGateway, mosquitto: Mosquitto
) -> None:
    """Listed before its node says anything, and no number is given twice."""
    gateway = start(CONFIG.format(port=mosquitto.port))
    gateway.wait_for_error("radio: up")
    with gateway.client() as client:
        values(radio, client, FOUND, "12;0;1;0;0;20.5")
    radio.say("255;255;3;0;3;")
    radio.wait_for("255;255;3;0;4;14")
    poll(lambda: (gateway.folder / "data" / "radio.discovered.json").exists(), "what was found on the disk")
    gateway.signal(signal.SIGKILL)
    radio.nodes.clear()
    again = start(CONFIG.format(port=mosquitto.port))
    again.wait_for_error("radio: up")
    assert again.senders()[FOUND]["connected"] is False
    again.wait_for_error("mqtt: connected")
    with Subscriber(mosquitto.port, f"sig/test/{FOUND}/availability") as seen:
        seen.on(f"sig/test/{FOUND}/availability", b"offline")
    with Subscriber(mosquitto.port, "homeassistant/#") as seen:
        device = json.loads(seen.on("homeassistant/device/sig_test_radio/config").payload)
    assert FOUND in {part["name"] for part in device["cmps"].values()}
    failed = again.cli("read", FOUND)
    assert failed.returncode == 1
    assert "12 is not there" in failed.stderr
    radio.say("255;255;3;0;3;")
    radio.wait_for("255;255;3;0;4;15")
