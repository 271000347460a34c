"""`ports --probe` as it is typed: what is shown, asked, written; real ports are ptys."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers.stream import ports as driver_ports
from firmware_sim.line import encode
from gateway.cli import main, probing
from gateway.config import load
from gateway.probe import prober
from tests.support.programs import running
from tests.support.scripted_board import ScriptedBoard
from tests.support.talker import Talker
from tests.support.waiting import until

pytestmark = pytest.mark.once

QUICK = ("--probe", "--seconds", "0.2")
BOARD_LINES = """\
links:
  board:
    protocol: sensorline
    port: "{port}"
sensors:
  temp:
    driver: temperature
    link: board
  hum:
    driver: humidity
    link: board
  lux:
    driver: light
    link: board
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No boot loader is waited for; nobody is at the terminal; a folder of its own."""
    monkeypatch.setattr(prober, "STARTING_S", 0.0)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    monkeypatch.chdir(tmp_path)


Pace = Callable[[Talker], Path]


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Have time go as a talker gets its turns; returns its port."""

    def by(talker: Talker) -> Path:
        monkeypatch.setattr(probing, "Prober", partial(prober.Prober, clock=talker))
        return talker.link

    return by


def test_a_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is sent is told first; the lines can be pasted into a config."""
    with ScriptedBoard(tmp_path / "port") as board:
        assert main(["ports", *QUICK, "--yes", str(board.link)]) == 0
    shown = capsys.readouterr()
    told = shown.err.splitlines()
    assert told[0].startswith(f"{board.link}: listening at 9600, 115200, 57600, 38400, 19200, 4800 baud")
    assert told[1:] == [
        f"{board.link}: will send sensorline's `$Q 1 hello*83DCD986` at 115200, 9600 baud; then MySensors' "
        "question for the version, `0;255;3;0;2;` at 115200, 38400 baud; then Modbus reads of the ids 1 to 4 "
        "(input registers 1 and 2, then holding registers 0 and 1; nothing is written) at 9600, 4800, 9600 "
        "(even parity) baud; until one is answered"
    ]
    assert shown.out == (
        f"{board.link}\n"
        f'    port: "{board.link}"\n'
        f"    sensorline at 115200 baud: test-board {board.identity}, firmware 1.0\n"
        "      temp  temperature\n"
        "      hum   humidity\n"
        "      lux   light\n"
        "\n# For the config:\n"
        + BOARD_LINES.format(port=board.link).replace(f'"{board.link}"', str(board.link))
    )
    (tmp_path / "config.yaml").write_text(shown.out.partition("config:\n")[2])
    assert load(tmp_path / "config.yaml").sensors.keys() == {"temp", "hum", "lux"}


def test_nobody_to_ask(tmp_path: Path, pace: Pace, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and without --yes nothing is sent."""
    with Talker(tmp_path / "port") as talker:
        assert main(["ports", *QUICK, str(pace(talker))]) == 0
        assert talker.heard == []
    shown = capsys.readouterr()
    assert "that needs --yes here, as nobody can be asked" in shown.err
    assert shown.out.splitlines()[-1] == "    nothing came"


def test_what_came_is_shown(tmp_path: Path, pace: Pace, capsys: pytest.CaptureFixture[str]) -> None:
    """Escaped: it may be anything."""
    with Talker(tmp_path / "port", {9600: b"\x1b[31m!\n"}) as talker:
        assert main(["ports", *QUICK, str(pace(talker))]) == 0
    assert r"nobody was understood; what came: '\x1b[31m!\n" in capsys.readouterr().out


def test_a_port_in_use(tmp_path: Path, pace: Pace, capsys: pytest.CaptureFixture[str]) -> None:
    """Named, with who has it."""
    with (
        Talker(tmp_path / "port") as talker,
        talker.link.open("rb", buffering=0) as held,
        running(["sleep", "60"], held) as pid,
    ):
        until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
        assert main(["ports", *QUICK, "--json", str(pace(talker))]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["ports"][0]["holders"] == [f"sleep (pid {pid})"]
    assert shown["ports"][0]["found"] is None
    assert shown["config"] == {"links": {}, "sensors": {}}


def test_json(tmp_path: Path, pace: Pace, capsys: pytest.CaptureFixture[str]) -> None:
    """What was found, and the sections to write."""
    with Talker(tmp_path / "port", {57600: encode("R temp 1 5 21.5")}) as talker:
        assert main(["ports", *QUICK, "--json", str(pace(talker))]) == 0
    shown = json.loads(capsys.readouterr().out)
    (port,) = shown["ports"]
    assert port["found"] == {
        "protocol": "sensorline",
        "baud": 57600,
        "parity": "none",
        "what": "a board that reports readings",
        "channels": [{"name": "temp", "kind": "", "unit": "", "value": 21.5}],
        "notes": [],
        "board": None,
    }
    assert shown["config"] == {
        "links": {"board": {"protocol": "sensorline", "port": str(talker.link), "baud": 57600}},
        "sensors": {"temp": {"driver": "temperature", "link": "board"}},
    }


def test_a_board_with_an_older_firmware(
    tmp_path: Path, pace: Pace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours: what is shipped is newer, which is said above its channels; to programs, too."""
    hello = encode("H 0 1 hall 24A16057F685 7 sensorline-0.0.1 1 153 115")
    channel = encode("C 0 0 temp temperature C 0.01 -40 85 1000")
    with Talker(tmp_path / "port", {115200: hello + channel + encode("R temp 1 5 21.5")}) as talker:
        assert main(["ports", *QUICK, str(pace(talker))]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert main(["ports", *QUICK, "--json", str(talker.link)]) == 0
        (port,) = json.loads(capsys.readouterr().out)["ports"]
    assert lines[2] == (
        "    sensorline at 115200 baud: hall 24A16057F685, firmware sensorline-0.0.1, keeps 115 readings"
    )
    (note,) = port["found"]["notes"]
    assert note.startswith("a newer firmware, sensorline-")
    assert lines[3:5] == [f"      {note}", "      temp  temperature  21.5 C"]
    assert port["found"]["board"] == {
        "model": "hall",
        "identity": "24A16057F685",
        "firmware": "sensorline-0.0.1",
        "keeps": 115,
    }


def test_no_such_port(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is none, and one of nothing: the others are probed all the same."""
    assert main(["ports", *QUICK, "nonsense", "/dev/nothing", "usb:0000:ffff"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "nonsense"
    assert lines[1].startswith("    port: expected a device")
    assert "/dev/nothing" in lines


@pytest.mark.parametrize("option", [["--write"], ["--yes"], ["--seconds", "1"], ["/dev/ttyUSB0"]])
def test_only_with_probe(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The other options are of no use alone."""
    assert main(["ports", *option]) == 2
    assert "go with --probe" in capsys.readouterr().err


def test_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into the config: names that are taken become new ones; the second time there is nothing to write."""
    config = tmp_path / "config.yaml"
    before = "links:\n  board: {port: 'sim:'}  # mine\nsensors:\n  temp: {driver: temperature, link: board}\n"
    config.write_text(before)
    with ScriptedBoard(tmp_path / "port") as board:
        assert main(["ports", *QUICK, "--yes", "--write", str(board.link)]) == 0
        assert "config.yaml: written; what was there before is config.yaml.bak" in capsys.readouterr().err
        written = load(config)
        assert written.links["board-2"].options == {"port": str(board.link)}
        assert {name: sensor.channel for name, sensor in written.sensors.items()} == {
            "temp": None,
            "board-2-temp": "temp",
            "hum": None,
            "lux": None,
        }
        text = config.read_text()
        assert main(["ports", *QUICK, "--yes", "--write", str(board.link)]) == 0
    assert "link board-2 of the config has it already" in capsys.readouterr().out
    assert config.read_text() == text
    assert (tmp_path / "config.yaml.bak").read_text() == before


def test_write_refuses(tmp_path: Path, pace: Pace, capsys: pytest.CaptureFixture[str]) -> None:
    """A config with errors, before anything is touched; one that nothing can be put into, afterwards."""
    config = tmp_path / "config.yaml"
    config.write_text("links: {a: {}}\n")
    with Talker(tmp_path / "port", {9600: encode("R temp 1 5 21.5")}) as talker:
        assert main(["ports", *QUICK, "--write", str(pace(talker))]) == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == (
            "",
            "error: config.yaml has errors; `sig-gateway check` shows them\n",
        )
        config.write_text("router: &r {}\nlinks: *r\n")
        assert main(["ports", *QUICK, "--write", str(pace(talker))]) == 1
        shown = capsys.readouterr()
    assert "# New in the config:\nlinks:\n  board:\n" in shown.out
    assert "nothing can safely be put into" in shown.err
    assert config.read_text() == "router: &r {}\nlinks: *r\n"


def test_all_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that the kernel has, under their best names; none at all is said."""
    monkeypatch.setattr(driver_ports, "serial_ports", list)
    assert main(["ports", *QUICK]) == 0
    assert capsys.readouterr().out.startswith("No serial ports found.")
    with Talker(tmp_path / "port", {9600: encode("R temp 1 5 21.5")}) as talker:
        device = os.path.realpath(talker.link)
        found = SimpleNamespace(device=device, vid=0x2341, pid=0x43, serial_number="A1", description="Uno")
        monkeypatch.setattr(driver_ports, "serial_ports", lambda: [found])
        assert main(["ports", *QUICK]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[:2] == [f"{device}  Uno", '    port: "usb:2341:0043:A1"']
        assert '    port: "usb:2341:0043:A1"' in lines[lines.index("# For the config:") :]
        # named by its path, it is called by its best name all the same
        assert main(["ports", *QUICK, device]) == 0
        assert capsys.readouterr().out.splitlines()[:2] == lines[:2]


@pytest.mark.parametrize(("answer", "sent"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_a_person_is_asked(tmp_path: Path, answer: str, sent: bool) -> None:
    """With what will be sent, in a process of its own on a terminal of its own; no is the default."""
    master, slave = pty.openpty()
    with Talker(tmp_path / "port") as talker:
        command = [sys.executable, "-m", "gateway", "ports", *QUICK, str(talker.link)]
        root = Path(__file__).parents[3]
        environ = os.environ | {"PYTHONPATH": f"{root}:{root / 'firmware-sim'}"}
        with subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        ) as process:
            os.close(slave)
            shown = b""

            def read() -> None:
                nonlocal shown
                try:
                    while data := os.read(master, 4096):
                        shown += data
                except OSError:  # the terminal has no user any more
                    pass

            reader = threading.Thread(target=read)
            reader.start()
            until(lambda: b"Do so? [y/N]" in shown)
            os.write(master, answer.encode())
            assert process.wait(90) == 0  # it listens and asks at six speeds, some 17 s on a quiet machine
            reader.join()
        assert (encode("Q 1 hello") in b"".join(data for _, data in talker.heard)) is sent
    os.close(master)
    assert b"will send sensorline's `$Q 1 hello*83DCD986`" in shown


def test_a_folder_is_no_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said so, and nothing is opened."""
    assert main(["ports", *QUICK, str(tmp_path)]) == 1
    assert f"{tmp_path} is a folder, no port" in capsys.readouterr().out
