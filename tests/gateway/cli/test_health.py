"""`health` for people: a line for each part, the worst first."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import App
from gateway.cli import main
from gateway.cli.health import lines
from gateway.config import load
from tests.support.leaks import nothing_left
from tests.support.ports import free_port
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until


def part(status: str, message: str, **facts: Any) -> dict[str, Any]:
    return {"status": status, "message": message, **facts}


PARTS = {
    "router": part("ok", "listening on 127.0.0.1:7300"),
    "clock": part("unknown", "it is not synchronised, and ntpd has had no answer yet"),
    "links.board": part("failing", "/dev/ttyACM0 is not there; plug the board in"),
    "devices.board": part("failing", "temp: its link: …", heard=None, sensors={"temp": part("failing", "x")}),
    "devices.bus": part(
        "unknown",
        "hum: no value yet",
        heard=2.0,
        sensors={"temp": part("ok", "23.5 °C, 2 s ago"), "hum": part("unknown", "no value yet")},
    ),
}


def shown(parts: dict[str, Any], width: int | None, status: str = "failing") -> list[str]:
    report = {"status": status, "parts": parts}
    return ["".join(text for text, _ in line).rstrip() for line in lines(report, width)]


def test_the_worst_first_and_the_whole_at_the_end() -> None:
    """Each sensor below its device, if that has several."""
    assert shown(PARTS, None) == [
        "failing  links.board    /dev/ttyACM0 is not there; plug the board in",
        "failing  devices.board  temp: its link: …",
        "unknown  clock          it is not synchronised, and ntpd has had no answer yet",
        "unknown  devices.bus    2 sensors, heard 2 s ago",
        "unknown    hum          no value yet",
        "ok         temp         23.5 °C, 2 s ago",
        "ok       router         listening on 127.0.0.1:7300",
        "",
        "failing: links.board, devices.board, clock, devices.bus; 1 others are well",
    ]
    never = PARTS["devices.bus"] | {"heard": None}
    assert shown({"devices.bus": never}, None)[0].endswith("2 sensors, no value yet")


def test_what_is_well() -> None:
    """Is said in a few words."""
    assert shown({"router": part("ok", "so")}, 80, "ok")[1:] == ["", "ok: all 1 parts are well"]
    assert shown({"a": part("failing", "so")}, 80)[-1] == "failing: a"


def test_messages_are_wrapped_on_a_terminal() -> None:
    """Whole, and beside their names; a pipe gets one line each."""
    found = shown(PARTS, 50)
    assert found[:4] == [
        "failing  links.board    /dev/ttyACM0 is not there;",
        "                        plug the board in",
        "failing  devices.board  temp: its link: …",
        "unknown  clock          it is not synchronised,",
    ]
    assert all(len(line) <= 50 for line in found)
    assert len(shown(PARTS, 10)) < 40, "there are 20 columns at least"


def test_colours_and_odd_words() -> None:
    """A status has its colour; what could steer the terminal is written out."""
    parts = {"a\x1b": part("failing", "b\x1b"), "c": part("odd", "d")}
    first, second, _, last = lines({"status": "failing", "parts": parts}, None)
    assert first[0] == ("failing", "red")
    assert second[0] == ("odd    ", "")
    assert last[0] == ("failing", "red")
    assert "\x1b" not in str([first, last])
    assert "\x1b" not in "".join(text for line in (first, last) for text, _ in line)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"unix:{tmp_path}/s"


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    with nothing_left(), ScriptedBoard(tmp_path / "board") as plugged:
        yield plugged


@pytest.fixture
def app(tmp_path: Path, url: str, board: ScriptedBoard) -> Iterator[App]:
    """A gateway whose board is there."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"router: {{listen: '{url}', token: !env TOKEN}}\nlinks: {{board: {{port: {board.link}}}}}\n"
        "sensors: {temp: {driver: temperature, link: board}}\n"
    )
    app = App(load(path, environ={"TOKEN": "a-long-secret"}))
    app.start()
    try:
        until(lambda: app.health()["status"] == "ok")
        yield app
    finally:
        assert app.stop()


@pytest.mark.usefixtures("app")
def test_a_gateway_that_is_well(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0; with --json, what it answers."""
    arguments = ["health", "--connect", url, "--token", "a-long-secret"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "ok       devices.board  temp: 21.5 °C, " in out
    assert (out.splitlines()[-1], err) == ("ok: all 6 parts are well", "")
    assert main([*arguments, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["status"] == "ok"
    assert found["parts"]["devices.board"]["sensors"]["temp"]["last"]["value"] == 21.5


def test_a_listener_that_holds_up_the_others(
    app: App,
    url: str,
    board: ScriptedBoard,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While it does, nobody's values flow; the answer comes all the same."""
    monkeypatch.setattr("gateway.health.HELD_S", 0.05)
    held, go_on = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        held.set()
        go_on.wait(20)

    listener = app.router.addListener(hold, "temp", "#changed")
    assert listener
    board.report("temp", "22.5")
    try:
        assert held.wait(10)
        until(lambda: app.health()["parts"]["dispatcher"]["status"] == "failing")
        assert main(["health", "--connect", url, "--token", "a-long-secret"]) == 1
        out = capsys.readouterr().out
    finally:
        go_on.set()
    assert re.match(r"failing  dispatcher +a listener has held it for \d+ s, ", out)
    until(lambda: app.health()["parts"]["dispatcher"]["status"] == "ok")


@pytest.mark.usefixtures("app")
def test_who_may_not_ask(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Is told so, with exit status 1."""
    assert main(["health", "--connect", url, "--token", "another-secret"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "token" in err


def test_no_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, and how to start one."""
    assert main(["health", "--connect", f"tcp://127.0.0.1:{free_port()}"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "no gateway answers at " in err
    assert "start it with: sig-gateway run" in err


@pytest.mark.parametrize("arguments", [["now"], ["--connect", "http://x"], ["--timeout", "1"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2."""
    assert main(["health", *arguments]) == 2
    assert capsys.readouterr().out == ""
