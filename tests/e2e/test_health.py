"""`sig-gateway health` beside a real gateway to which things happen: each rule, as a person plays it."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.once

HEAD = "gateway: {{data: ./data}}\nrouter: {{listen: 127.0.0.1:{port}}}\n"
BOARD = 'links: {{board: {{port: "sim:?speed=1200"}}}}\n'
TEMP = "sensors: {{temp: {{driver: temperature, link: board}}}}\n"


def asked(gateway: Any) -> tuple[int, dict[str, Any]]:
    """Exit status and report."""
    found = gateway.cli("health", "--json")
    assert found.stdout, found.stderr
    return found.returncode, json.loads(found.stdout)


def becomes(gateway: Any, part: str, status: str, poll: Callable[..., Any]) -> str:
    """Wait until a part has that status, as clients hear it; returns what is said of it then."""

    def there() -> str | None:
        with gateway.client() as client:
            found = client.remoteRequest("$gateway", "health")["parts"].get(part)
        return str(found["message"]) if found is not None and found["status"] == status else None

    message: str = poll(there, f"{part} is {status}: {gateway.errors}")
    return message


@pytest.fixture
def poll() -> Callable[..., Any]:
    from tests.e2e.conftest import poll

    return poll


def test_a_board_that_is_unplugged(gateway: Any, poll: Any) -> None:
    """Red with its last value and what to do; well again when it is back."""
    becomes(gateway, "devices.board", "ok", poll)
    assert asked(gateway)[0] == 0
    gateway.tell_board("unplug")
    becomes(gateway, "links.board", "failing", poll)
    status, report = asked(gateway)
    assert (status, report["status"]) == (1, "failing")
    temp = report["parts"]["devices.board"]["sensors"]["temp"]
    assert temp["message"].startswith("its link: the simulated board at ")
    assert temp["last"]["unit"] == "°C"
    shown = gateway.cli("health")
    assert shown.returncode == 1
    assert shown.stdout.startswith("failing  links.board")
    assert shown.stdout.splitlines()[-1].startswith("failing: links.board, devices.board; ")
    gateway.tell_board("replug")
    becomes(gateway, "devices.board", "ok", poll)
    assert asked(gateway)[0] == 0


def test_a_board_that_falls_silent(gateway: Any, poll: Any) -> None:
    """Its port is there, a value is not: red, with the last one and when the next was expected."""
    becomes(gateway, "devices.board", "ok", poll)
    gateway.tell_board("silent temp")
    message = becomes(gateway, "devices.board", "failing", poll)
    silent = (
        r"temp: nothing heard for \S+ s; its last value, \S+ °C, came \S+ s ago; one is expected within .*"
    )
    assert re.fullmatch(silent, message)
    status, report = asked(gateway)
    assert (status, report["parts"]["links.board"]["status"]) == (1, "ok")
    assert report["parts"]["devices.board"]["sensors"]["light"]["status"] == "ok"


def test_unknown_is_no_health(start: Any, poll: Any) -> None:
    """A clock that is not believed: nothing fails, and the exit status is 1."""
    gateway = start(HEAD + BOARD + TEMP, SIG_GATEWAY_CLOCK="unset")
    becomes_after_start(gateway, poll)
    status, report = asked(gateway)
    assert (status, report["status"]) == (1, "unknown")
    assert {name for name, part in report["parts"].items() if part["status"] != "ok"} == {"clock"}
    assert gateway.cli("health").stdout.startswith("unknown  clock          SIG_GATEWAY_CLOCK=unset\n")


def becomes_after_start(gateway: Any, poll: Any) -> None:
    """Wait for its values."""
    gateway.wait_for_error("board: up")
    becomes(gateway, "devices.board", "ok", poll)


def test_a_broken_part_of_the_config(start: Any, poll: Any) -> None:
    """Is named with its line, and the rest is well."""
    gateway = start(HEAD + BOARD + TEMP + "mqtt: {{url: 'http://x'}}\n")
    becomes_after_start(gateway, poll)
    status, report = asked(gateway)
    assert status == 1
    assert report["parts"]["mqtt"]["message"].startswith("left out: ")
    assert "config.yaml:5" in report["parts"]["mqtt"]["message"]
    assert {name for name, part in report["parts"].items() if part["status"] != "ok"} == {"mqtt"}


def test_a_broker_that_stops(start: Any, poll: Any, tmp_path: Path) -> None:
    """Red with what waits; well again when it is back."""
    with Mosquitto(tmp_path) as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        gateway = start(HEAD + BOARD + TEMP + f"mqtt: {{{{url: '{url}'}}}}\n")
        becomes_after_start(gateway, poll)
        becomes(gateway, "mqtt", "ok", poll)
        assert asked(gateway)[0] == 0
        broker.stop()
        message = becomes(gateway, "mqtt", "failing", poll)
        assert message.startswith(f"no connection to 127.0.0.1:{broker.port}: ")
        assert asked(gateway)[0] == 1
        broker.start()
        becomes(gateway, "mqtt", "ok", poll)
        assert asked(gateway)[0] == 0


def test_it_is_bounded_in_time(gateway: Any) -> None:
    """A gateway that is stopped accepts, and says nothing: exit status 1, and why."""
    gateway.popen.send_signal(signal.SIGSTOP)
    try:
        found = gateway.cli("health")
    finally:
        gateway.popen.send_signal(signal.SIGCONT)
    assert found.returncode == 1
    assert found.stdout == ""
    assert "no gateway answers at " in found.stderr
