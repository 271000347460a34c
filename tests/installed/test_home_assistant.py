"""Home Assistant itself, set up as docs/install.md says: what it shows of a gateway at the same broker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CONFIG, Gateway
from tests.support.machine import ROOT
from tests.support.mosquitto import PASSWORDS, Mosquitto
from tests.support.waiting import until

PYTHON = ROOT / ".venv-homeassistant" / "bin" / "python"
AT_WORK = Path(__file__).with_name("home_assistant_at_work.py")
MQTT = 'mqtt: {{{{url: "mqtt://127.0.0.1:{port}", user: gateway, password: hush, home_assistant: true}}}}\n'
LOOKS = 120
"""So often it tells what it shows, a second apart."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not PYTHON.with_name("hass").exists(),
        reason="there is no Home Assistant; `make home-assistant` fetches one",
    ),
]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """With the page's two users."""
    if (why := Mosquitto.missing()) or PASSWORDS is None:
        pytest.skip(why or "there is no mosquitto_passwd")
    kept = tmp_path / "passwd"
    kept.touch(mode=0o600)
    for user, password in (("gateway", "hush"), ("homeassistant", "quiet")):
        subprocess.run([PASSWORDS, "-b", str(kept), user, password], check=True)
    with Mosquitto(tmp_path, (f"password_file {kept}",)) as running:
        yield running


class HomeAssistant:
    """The real one, in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir()
        self._errors = folder / "stderr"
        with self._errors.open("wb") as errors:
            self.popen = subprocess.Popen(
                [str(PYTHON), str(AT_WORK), str(folder), str(port), "homeassistant", "quiet"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def says(self) -> dict[str, Any]:
        """Its next line."""
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        assert line, self._errors.read_text()[-3000:]
        told: dict[str, Any] = json.loads(line)
        return told

    def shows(self, entity: str, state: str | None) -> dict[str, Any]:
        """What it shows once an entity is there and has that state (None: a number)."""
        told: dict[str, Any] = {}
        for _ in range(LOOKS):
            told = self.says()
            found = told["entities"].get(entity, {"state": "none"})["state"]
            if found == state or (state is None and found.replace(".", "", 1).isdigit()):
                return told
        pytest.fail(f"{entity} is not {state or 'a number'}: {told}")

    def close(self) -> str:
        """End it; what it has logged."""
        self.popen.communicate()
        return self._errors.read_text()


def test_devices_and_entities(broker: Mosquitto, tmp_path: Path) -> None:
    """The dialog asks for what the page says; then both devices, and each sensor with its value, unit and
    class, are there, follow a cable that is pulled, and nothing is complained of."""
    with Gateway(tmp_path, CONFIG + MQTT.format(port=broker.port)) as gateway:
        until(lambda: "board: up" in gateway.errors, what=gateway.errors)
        gateway.wait_until_up()
        home = HomeAssistant(tmp_path / "home", broker.port)
        try:
            form, done = home.says(), home.says()
            assert form["step"] == "broker"
            assert form["asked"][:4] == ["broker", "port", "username", "password"]
            assert done == {"step": "create_entry", "errors": None}
            shown = home.shows("sensor.test_board_temp", None)
            assert {"Gateway test", "test board"} <= set(shown["devices"])
            check_sensors(shown["entities"])
            gateway.tell_board("unplug")
            home.shows("sensor.test_board_temp", "unavailable")
            gateway.tell_board("replug")
            home.shows("sensor.test_board_temp", None)
        finally:
            said = home.close()
        assert [line for line in said.splitlines() if "mqtt" in line.lower() and "ERROR" in line] == []


def check_sensors(entities: dict[str, dict[str, Any]]) -> None:
    """As docs/home-assistant.md says."""
    for name, kind, unit in (
        ("temp", "temperature", "°C"),
        ("humidity", "humidity", "%"),
        ("light", "illuminance", "lx"),
    ):
        entity = entities[f"sensor.test_board_{name}"]
        assert float(entity["state"]) >= 0  # it is dark at night
        assert entity["device_class"] == kind
        assert entity["unit_of_measurement"] == unit
        assert entity["state_class"] == "measurement"
        assert entity["quality"] == "good"
    link = next(entity for name, entity in entities.items() if name.endswith("board_link"))
    assert link["state"] == "on"
