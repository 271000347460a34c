"""`capture` as it is typed: through a gateway, without one, and what it refuses."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gateway.app import App
from gateway.cli import capture as capturing
from gateway.cli import main
from gateway.config import load
from tests.support.leaks import nothing_left
from tests.support.modbus_link import xy
from tests.support.modbus_slaves import FakeBus, framed
from tests.support.scripted_board import ScriptedBoard
from tests.support.talker import Talker
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, in which nothing is left."""
    monkeypatch.chdir(tmp_path)
    with nothing_left():
        yield


def environment() -> dict[str, str]:
    """For a process of its own."""
    root = Path(__file__).parents[3]
    return os.environ | {"PYTHONPATH": f"{root}:{root / 'firmware-sim'}"}


def configure(folder: Path, port: Path, more: str = "") -> Path:
    """A config with a link to that port, and a socket for the gateway."""
    path = folder / "config.yaml"
    path.write_text(
        f"router: {{listen: 'unix:{folder}/s'}}\nlinks: {{board: {{port: {port}{more}}}}}\n"
        "sensors: {temp: {driver: temperature, link: board}}\n"
    )
    return path


def test_through_a_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the board says goes on to its listeners, and into the file."""
    with ScriptedBoard(tmp_path / "port") as board:
        app = App(load(configure(tmp_path, board.link)))
        app.start()
        try:
            until(app.router.getSender("temp").isConnected)  # type: ignore[union-attr]
            readings: list[object] = []

            def take(_info: object, data: object) -> None:
                readings.append(data)

            app.router.addListener(take, "temp", "#changed")
            connect = ["--connect", f"unix:{tmp_path}/s"]
            chatter = threading.Timer(0.3, lambda: board.report("temp", "33.5"))
            chatter.start()
            assert main(["capture", "board", "c.txt", "--seconds", "1", *connect]) == 0
            chatter.join()
            assert main(["capture", "bord", "d.txt"]) == 1  # found by the config
            assert main(["capture", "board", "c.txt"]) == 1
        finally:
            assert app.stop()
    text = (tmp_path / "c.txt").read_text()
    head, *lines = text.splitlines()
    assert head.startswith(
        f"sig-gateway capture 1 link=board port={board.link} baud=115200 protocol=sensorline start=20"
    )
    assert any(" < $R temp " in line and " 33.5*" in line for line in lines)
    assert readings
    errors = capsys.readouterr().err
    assert "no link 'bord'; links are: board" in errors
    assert "c.txt is there already" in errors
    assert not (tmp_path / "d.txt").exists()


def test_a_bus_while_it_is_polled(tmp_path: Path) -> None:
    """Each question of the gateway's to a Modbus device, and the answer, as they are on the line."""
    with FakeBus(tmp_path / "port", {1: xy()}) as bus:
        (tmp_path / "config.yaml").write_text(
            f"router: {{listen: 'unix:{tmp_path}/s'}}\n"
            f"links: {{bus: {{protocol: modbus, port: {bus.link}, every: 100ms, devices: "
            "{roof: {id: 1, profile: xy-md02}}}}\n"
            "sensors: {temp: {driver: temperature, link: bus, channel: roof/temperature}}\n"
        )
        app = App(load(tmp_path / "config.yaml"))
        app.start()
        try:
            until(app.router.getSender("temp").isConnected)  # type: ignore[union-attr]
            assert main(["capture", "bus", "c.txt", "--seconds", "1"]) == 0
        finally:
            assert app.stop()
    head, *lines = (tmp_path / "c.txt").read_text().splitlines()
    assert " baud=9600 protocol=modbus start=" in head
    said = [line.partition(" ")[2] for line in lines]
    question = framed(bytes.fromhex("01 04 0001 0002"))  # two input registers from 1
    answer = framed(bytes.fromhex("01 04 04 0131 0222"))  # 30.5 °C, 54.6 %
    at = said.index(f">x {question.hex(' ')}")
    assert said[at + 1] == f"<x {answer.hex(' ')}"


def test_a_bus_without_a_gateway(tmp_path: Path) -> None:
    """Is only listened to."""
    with FakeBus(tmp_path / "port", {1: xy()}) as bus:
        (tmp_path / "config.yaml").write_text(
            f"links: {{bus: {{protocol: modbus, port: {bus.link}, devices: "
            "{roof: {id: 1, profile: xy-md02}}}}\n"
        )
        said = threading.Timer(0.2, bus.say, [framed(bytes.fromhex("01 04 0001 0002"))])
        said.start()
        assert main(["capture", "bus", "c.txt", "--seconds", "1"]) == 0
        said.join()
        assert bus.asked == []
    assert "<x 01 04 00 01 00 02 20 0b" in (tmp_path / "c.txt").read_text()


def test_without_a_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The port is opened with the config's settings, and nothing is sent."""
    configure(tmp_path, tmp_path / "port", ", baud: 19200")
    with Talker(tmp_path / "port", {19200: b"21.5\r\n"}) as talker:
        assert main(["capture", "board", "c.txt", "--seconds", "0.5"]) == 0
        assert talker.heard == []
    head, opened, *lines = (tmp_path / "c.txt").read_text().splitlines()
    assert " baud=19200 " in head
    assert opened.endswith(" port opened")
    assert lines[-1].endswith(" port closed")
    assert all(line.endswith(r"21.5\r\n") for line in lines[:-1])
    assert len(lines) > 2
    assert capsys.readouterr().err.splitlines()[0].startswith("no gateway runs: listening to board alone")


def test_a_file_that_is_there_takes_no_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was begun at the gateway for it is ended at once: only four may be made at a time."""
    (tmp_path / "c.txt").write_text("mine")
    with ScriptedBoard(tmp_path / "port") as board:
        app = App(load(configure(tmp_path, board.link)))
        app.start()
        try:
            for _ in range(6):
                assert main(["capture", "board", "c.txt"]) == 1
                assert capsys.readouterr().err.endswith(
                    "c.txt is there already; choose another name, or remove it\n"
                )
        finally:
            assert app.stop()
    assert (tmp_path / "c.txt").read_text() == "mine"


def test_a_gateway_that_is_not_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As its config has changed since: it has the port still, and no byte is taken from it, even by root."""
    with ScriptedBoard(tmp_path / "port") as board:
        config = configure(tmp_path, board.link)
        command = [sys.executable, "-m", "gateway", "run", "-c", str(config)]
        with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            while b"board: up on" not in process.stderr.readline():
                assert process.poll() is None
            config.write_text(config.read_text().replace("/s'}", "/other'}"))
            try:
                assert main(["capture", "board", "c.txt"]) == 1
            finally:
                process.terminate()
                process.stderr.read()
    errors = capsys.readouterr().err
    assert f"(pid {process.pid}): not touched; no gateway answers at unix:{tmp_path}/other: " in errors
    assert not (tmp_path / "c.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["bord", "c.txt"], 2, "no link 'bord' in config.yaml"),
        (["board", "c.txt"], 1, "is not there"),
        (["board", "no/c.txt"], 1, "no/c.txt cannot be written: No such file"),
        (["board", "c.txt", "-c", "none.yaml"], 2, "no such file"),
        (["board", "c.txt", "--connect", "tcp://127.0.0.1:9"], 1, "no gateway answers"),
    ],
)
def test_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    """No link, no port, no folder, no config, no gateway where one was named."""
    configure(tmp_path, tmp_path / "nothing")
    assert main(["capture", *arguments]) == status
    assert words in capsys.readouterr().err


def test_a_port_that_comes_back(tmp_path: Path) -> None:
    """A capture goes on over an unplug; Ctrl-C ends it, and all that came is there."""
    configure(tmp_path, tmp_path / "port")
    file = tmp_path / "c.txt"
    with ScriptedBoard(tmp_path / "port") as board:
        command = [sys.executable, "-m", "gateway", "capture", "board", str(file)]
        with subprocess.Popen(command, env=environment(), cwd=tmp_path, stderr=subprocess.PIPE) as process:

            def reported(value: str) -> bool:
                board.report("temp", value)
                return file.exists() and f" {value}*" in file.read_text()

            until(lambda: reported("11.5"))
            board.unplug()
            until(lambda: "port closed" in file.read_text())
            board.plug()
            until(lambda: reported("12.5"))
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            errors = process.stderr.read().decode()
            assert process.wait(60) == 0
    assert "bytes in" in errors
    assert "unplugged?" in errors


def test_a_full_disk(tmp_path: Path) -> None:
    """Is said, and ends it; what is in the file is good. (A limit on files does what a disk would.)"""
    configure(tmp_path, tmp_path / "port")
    with Talker(tmp_path / "port", {115200: b"x" * 50 + b"\n"}):
        command = f"ulimit -f 1; exec {sys.executable} -m gateway capture board c.txt"
        # Without the measuring of coverage, whose file would be too large as well.
        bare = {name: value for name, value in environment().items() if not name.startswith("COVERAGE")}
        result = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=60
        )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: c.txt cannot be written: File too large"
    assert (tmp_path / "c.txt").read_text().startswith("sig-gateway capture 1 link=board ")


@pytest.mark.parametrize(
    ("router", "url"),
    [
        ("{listen: 127.0.0.1:7311}", "tcp://127.0.0.1:7311"),
        ("{listen: 0.0.0.0:7311, token: x}", "tcp://127.0.0.1:7311"),
        ("{listen: '[::]:7311', token: x}", "tcp://[::1]:7311"),
        ("{listen: 'unix:/run/s'}", "unix:/run/s"),
    ],
)
def test_where_the_gateway_of_a_config_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, router: str, url: str
) -> None:
    """Also with the token that it wants."""
    (tmp_path / "config.yaml").write_text(f"router: {router}\nlinks: {{board: {{port: /dev/nothing}}}}\n")
    asked: list[tuple[str, str | None]] = []

    def refuse(url: str, token: str | None) -> None:
        asked.append((url, token))
        raise click.ClickException("nobody")

    monkeypatch.setattr(capturing, "connection", refuse)
    assert main(["capture", "board", "c.txt"]) == 1
    assert asked == [(url, "x" if "token" in router else None)]
