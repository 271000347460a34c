"""The gateway's own sender, in a gateway with a board on a pty, as clients see it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from gateway.app import App
from gateway.config import ConfigError, load
from gateway.senders import OWN_NAME
from sig.carrier.tcpclient import CarrierTCPClient
from tests.support.leaks import nothing_left
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    with nothing_left(), ScriptedBoard(tmp_path / "board") as plugged:
        yield plugged


@pytest.fixture
def app(tmp_path: Path, board: ScriptedBoard) -> Iterator[App]:
    """Two links: one is up, one has a secret port that is not there."""
    (tmp_path / "port").write_text("/nonexistent/SECRET")
    path = tmp_path / "config.yaml"
    path.write_text(
        f"gateway: {{name: greenhouse}}\nrouter: {{listen: 'unix:{tmp_path}/s'}}\n"
        f"links:\n  board: {{port: {board.link}}}\n  away: {{port: !file port}}\n"
        "sensors: {temp: {driver: temperature, link: board}}\n"
    )
    app = App(load(path))
    app.start()
    try:
        until(app.router.getSender("temp").isConnected)  # type: ignore[union-attr]
        yield app
    finally:
        assert app.stop()


@pytest.fixture
def client(app: App, tmp_path: Path) -> Iterator[sig.ClientRouter]:
    carrier = CarrierTCPClient()
    client = sig.ClientRouter(carrier)
    assert carrier.connect(f"unix:{tmp_path}/s", 0)
    yield client
    carrier.disconnect()


def test_info(client: sig.ClientRouter, board: ScriptedBoard) -> None:
    """Who this is, and how each link is."""
    info = client.remoteRequest(OWN_NAME, "info")
    assert (info["name"], info["version"].count("."), info["python"].count(".")) == ("greenhouse", 2, 2)
    assert info["uptime"] > 0
    link = info["links"]["board"]
    assert (link["state"], link["reason"], link["port"]) == ("up", None, str(board.link))
    assert link["counters"]["lines"] > 0
    assert link["devices"] == [
        {
            "name": "",
            "model": "test-board",
            "identity": board.identity,
            "firmware": "1.0",
            "channels": ["temp", "hum", "lux"],
            "keeps": 0,
        }
    ]


def test_a_secret_port_is_not_told(client: sig.ClientRouter) -> None:
    """Nor the reason, which has it."""
    info = client.remoteRequest(OWN_NAME, "info")
    assert info["links"]["away"]["state"] in ("opening", "absent")
    assert "SECRET" not in str(info)
    begun = client.remoteRequest(OWN_NAME, "capture", {"link": "away"})
    assert (begun["port"], begun["baud"]) == (None, 115200)


def test_health(client: sig.ClientRouter, board: ScriptedBoard) -> None:
    """Each part and the whole; red while nothing comes, and well again afterwards."""

    def part(name: str) -> dict[str, Any]:
        found: dict[str, Any] = client.remoteRequest(OWN_NAME, "health")["parts"][name]
        return found

    until(lambda: part("devices.board")["status"] == "ok")
    found = client.remoteRequest(OWN_NAME, "health")
    assert {name: one["status"] for name, one in found["parts"].items()} == {
        "data folder": "ok",
        "clock": "ok",
        "router": "ok",
        "dispatcher": "ok",
        "links.board": "ok",
        "links.away": "failing",
        "devices.board": "ok",
    }
    assert found["status"] == "failing"
    assert "SECRET" not in str(found)
    sensor = found["parts"]["devices.board"]["sensors"]["temp"]
    assert (sensor["last"]["value"], sensor["stale_after"], sensor["status"]) == (21.5, 4.0, "ok")
    board.unplug()
    until(lambda: part("links.board")["status"] == "failing")
    assert part("devices.board")["status"] == "failing"
    assert part("devices.board")["message"].startswith("temp: its link: ")
    assert part("devices.board")["sensors"]["temp"]["last"]["value"] == 21.5
    board.plug()
    until(lambda: part("devices.board")["status"] == "ok")


def test_clients_hear_that_sensors_go(client: sig.ClientRouter, app: App) -> None:
    """The links stop first, then who tells of it, then who listens to clients."""
    heard: list[tuple[str, str]] = []
    client.addRemoteListener(lambda info, _data: heard.append((info["sender"], info["event"])), "temp")
    assert app.stop()
    until(lambda: ("temp", "#disconnect") in heard)


def test_a_capture(client: sig.ClientRouter, board: ScriptedBoard) -> None:
    """What is asked and answered while it lasts, over an unplug too."""
    begun = client.remoteRequest(OWN_NAME, "capture", {"link": "board"})
    assert (begun["port"], begun["baud"], begun["protocol"]) == (str(board.link), 115200, "sensorline")
    pieces: list[Any] = []

    def fetched() -> str:
        pieces.extend(client.remoteRequest(OWN_NAME, "capture", {"capture": begun["capture"]})["pieces"])
        return "".join(what if way == "#" else bytes.fromhex(what).decode() for _, way, what in pieces)

    client.remoteRequest("temp", "read")
    until(lambda: "read temp" in fetched())
    board.unplug()
    until(lambda: "port closed" in fetched())
    board.plug()
    until(lambda: "port opened" in fetched() and "hello" in fetched())
    assert [way for _, way, _ in pieces[:2]] == [">", "<"]
    assert [at for at, _, _ in pieces] == sorted(at for at, _, _ in pieces)


def test_it_is_in_no_list(client: sig.ClientRouter, app: App) -> None:
    """Neither here nor there; other methods are unknown."""
    assert [sender.getName() for sender in app.router.listSenders()] == ["temp"]
    assert [sender["sender"] for sender in client.listRemoteSenders(list_events=True)] == ["temp"]
    with pytest.raises(sig.UnknownMethod, match="it has: capture, health, history, info, reload"):
        client.remoteRequest(OWN_NAME, "doctor")


def test_nobody_else_takes_its_name(client: sig.ClientRouter, tmp_path: Path) -> None:
    """No client, and no sensor."""
    with pytest.raises(NameError, match=r"'\$gateway' is the gateway itself"):
        client.addRemoteSender(OWN_NAME, ["#changed"])
    path = tmp_path / "other.yaml"
    path.write_text("links: {b: {port: /dev/x}}\nsensors: {$gateway: {driver: light, link: b, channel: l}}\n")
    with pytest.raises(ConfigError, match=r"nor is \$gateway"):
        load(path)
