"""`sig-gateway reload` and SIGHUP, as a user and as systemd have them."""

import json
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CONFIG, STOPPED_S, Gateway
from tests.support.waiting import DEADLINE_S


def lines(result: Any) -> dict[str, str]:
    """By part, what became of it."""
    return {line.split()[0]: " ".join(line.split()[1:]) for line in result.stdout.splitlines()}


def edit(gateway: Any, old: str, new: str) -> None:
    """Change the config file."""
    text = gateway.config.read_text()
    assert old in text
    gateway.config.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for all tests that do not end it."""
    with Gateway(tmp_path_factory.mktemp("house")) as started:
        yield started.wait_until_up()


@pytest.fixture
def gateway(house: Gateway) -> Gateway:
    """With the config that it was started with."""
    house.config.write_text(CONFIG.format(port=house.port))
    with house.client() as client:
        client.remoteRequest("$gateway", "reload")
    return house


def test_reload(gateway: Any) -> None:
    """A line for each part, what changed first; `--json` the same; all see the new sensor at once."""
    nothing = gateway.cli("reload")
    assert (nothing.returncode, set(lines(nothing).values())) == (0, {"kept"})
    edit(gateway, "sensors:\n", "sensors:\n  new: {driver: light, link: board, channel: lux, bright: 1}\n")
    result = gateway.cli("reload")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0].split() == ["sensors.new", "added"]
    assert lines(result)["links.board"] == "kept"
    assert gateway.cli("read", "new").returncode == 0
    assert list(gateway.senders()) == ["temp", "humidity", "light", "new"]
    edit(gateway, "bright: 1}", "bright: 2}")
    found = json.loads(gateway.cli("reload", "--json").stdout)
    assert found["parts"][0] == {
        "part": "sensors.new",
        "result": "changed in place",
        "message": "bright 1 → 2",
    }
    edit(gateway, "  new: {driver: light, link: board, channel: lux, bright: 2}\n", "")
    assert lines(gateway.cli("reload"))["sensors.new"] == "removed"
    assert list(gateway.senders()) == ["temp", "humidity", "light"]


def test_a_config_that_is_refused(gateway: Any) -> None:
    """With its errors as `check` gives them, and nothing else; the one before goes on, also after a start of
    nothing."""
    edit(gateway, "driver: temperature", "driver: temperatur")
    checked = gateway.run("check", "-c", str(gateway.config))
    result = gateway.cli("reload")
    assert (result.returncode, result.stdout) == (1, "")
    *problems, last = result.stderr.splitlines()
    assert problems == checked.stderr.splitlines()[:-1]
    assert problems[0].startswith(f"{gateway.config}:")
    assert last == "1 error: the config is refused, and the one before goes on"
    assert json.loads(gateway.cli("reload", "--json").stdout) == {"refused": problems}
    assert gateway.cli("read", "temp").returncode == 0
    assert gateway.cli("reload", "soon").returncode == 2


def test_what_needs_a_restart(gateway: Any) -> None:
    """Is named, with its line."""
    edit(gateway, "name: test", "name: other")
    result = gateway.cli("reload")
    assert result.returncode == 1
    assert "gateway.name: cannot be changed while the gateway runs: restart it" in result.stderr


def test_the_last_good_config(gateway: Any) -> None:
    """It is kept, for our user alone; a start with one that cannot be used names it, and does not use it."""
    good = gateway.config.read_text()
    assert gateway.cli("reload").returncode == 0
    copy = gateway.folder / "data" / "last-good-config.yaml"
    assert (copy.read_text(), stat.S_IMODE(copy.stat().st_mode)) == (good, 0o600)
    gateway.config.write_text(good + "sensors: [\n")
    assert gateway.cli("reload").returncode == 1
    assert copy.read_text() == good
    again = gateway.run("run", "-c", str(gateway.config))
    assert again.returncode == 2
    command = again.stderr.splitlines()[-1].partition("to go back to it: ")[2]
    assert command == f"cp {copy} {gateway.config}"


def test_hangup_of_a_service(start: Any, tmp_path: Path) -> None:
    """It reloads, and says so in the log; one that is refused too. Then the router's own address changes."""
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(tmp_path / "notify"))
    notified.settimeout(DEADLINE_S)
    gateway = start(CONFIG, INVOCATION_ID="1", NOTIFY_SOCKET=str(tmp_path / "notify"))
    gateway.wait_until_up()
    edit(gateway, "driver: light", "offset: 1, driver: light")
    gateway.popen.send_signal(signal.SIGHUP)
    gateway.wait_for_error("reload: sensors.light: changed in place: offset none → 1")
    with notified:
        while not (told := notified.recv(4096)).startswith(b"RELOADING=1\nMONOTONIC_USEC="):
            assert not told.startswith(b"STOPPING")
        assert notified.recv(4096) == b"READY=1\nSTATUS=reloaded\n"
    good = gateway.config.read_text()
    edit(gateway, "offset: 1", "offset: x")
    gateway.popen.send_signal(signal.SIGHUP)
    gateway.wait_for_error("reload: the config is refused, and the one before goes on")
    gateway.config.write_text(good)
    edit(gateway, f"127.0.0.1:{gateway.port}", f"unix:{gateway.folder}/socket")
    result = gateway.cli("reload")  # is told before its connection ends
    assert (result.returncode, lines(result)["router"].split()[0]) == (0, "restarted"), result.stderr
    gateway.wait_for_error(f"listening on unix:{gateway.folder}/socket now")
    assert gateway.run("senders", "--connect", f"unix:{gateway.folder}/socket").returncode == 0
    assert gateway.signal(signal.SIGTERM) < STOPPED_S
    assert gateway.popen.returncode == 0


def test_no_gateway(cli: Any, tmp_path: Path) -> None:
    """As for every command."""
    result = cli("reload", "--connect", f"unix:{tmp_path}/none")
    assert result.returncode == 1
    assert "no gateway answers" in result.stderr


pytestmark = pytest.mark.once
