"""docs/build-a-board.md, on an emulated Uno with a DHT22: every box shows what is really seen."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.probe import prober
from tests.e2e.conftest import ROOT, Gateway, Process, has_reading, poll, run_cli
from tests.support.emulated_board import EmulatedBoard
from tests.support.mosquitto import Mosquitto, Subscriber

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs" / "build-a-board.md").read_text()
BOXES: dict[str, str] = dict(re.findall(r"<!-- tested: ([a-z-]+) -->\n *```\w*\n(.*?)```", PAGE, re.DOTALL))
PICO = """\
import sys

class Part:
    def __init__(self, pin): pass
    def measure(self): pass
    def temperature(self): return 21.5
    def humidity(self): return 40.0

class Module: pass

machine, dht = Module(), Module()
machine.Pin = lambda number: number
machine.unique_id = lambda: bytes.fromhex("e6614c311b7f3a2c")
dht.DHT22 = Part
sys.modules["machine"], sys.modules["dht"] = machine, dht
exec(open(sys.argv[1]).read())
"""
"""What MicroPython's unix port lacks of a Pico."""
PORT = "usb:2341:0043:85736323838351F0F1C1"
QUICK = "4s"
"""In place of the page's minute."""


def shape(text: str) -> str:
    """Text with its numbers, checksums and the board's identity left open, and white space as it comes."""
    text = re.sub(r"\*[0-9A-F]{8}\b", "*CRC", text)
    text = re.sub(r"(?<=dht22-board )[0-9A-F]{8}\b", "IDENTITY", text)
    return re.sub(r"\d+(\.\d+)?", "N", " ".join(text.split()))


def typed(box: str) -> tuple[list[str], str]:
    """The command of a box, and what it shows."""
    line, _, shown = BOXES[box].partition("\n")
    assert line.startswith("$ sig-gateway ")
    return line.split()[2:], shown


@pytest.fixture
def board(tmp_path: Path) -> Iterator[EmulatedBoard]:
    """As an Uno is: opening its port resets it, and its boot loader takes its time."""
    with EmulatedBoard(tmp_path, options=("--seed", "7", "--dtr", "--boot-loader", "1600")) as uno:
        yield uno


def test_every_box_is_looked_at() -> None:
    """By one of these tests."""
    assert BOXES.keys() == {
        *("export", "says", "probe", "config", "check", "senders", "read", "mqtt", "topics", "late", "pico"),
    }


def test_the_program_is_written_out(tmp_path: Path) -> None:
    """And what is told of it is on the page."""
    command, shown = typed("export")
    done = run_cli(tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(shown)
    assert (tmp_path / "boards" / "Sensorline" / "examples" / "DHT22" / "DHT22.ino").exists()


def test_what_the_board_says(board: EmulatedBoard) -> None:
    """In a serial monitor: a hello, then both channels every two seconds."""
    wanted = BOXES["says"].splitlines()
    with board.link.open("rb", buffering=0) as port:
        said: list[str] = []
        for line in port:
            said.append(line.decode())
            if len(said) == len(wanted):
                break
    assert shape("\n".join(said)) == shape("\n".join(wanted))


def test_the_gateway_finds_it(
    board: EmulatedBoard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The emulator's port has no rates, so it is only listened to at the board's."""
    monkeypatch.setattr(prober, "BAUDS", (115200,))
    monkeypatch.chdir(board.folder)
    command, shown = typed("probe")
    assert main([*command, str(board.link)]) == 0
    said = capsys.readouterr().out.replace(str(board.link), PORT)
    for line in ("/dev/ttyACM0: listening", "/dev/ttyACM0  Arduino Uno"):  # of what no emulator has
        assert line in shown
    begin = "    sensorline at"
    assert shape(said[said.index(begin) :].replace('"', "")) == shape(
        shown[shown.index(begin) :].replace('"', "")
    )


def test_what_a_pico_says(tmp_path: Path) -> None:
    """The example as it is, under MicroPython's unix port."""
    micropython = Path(sys.executable).with_name("micropython")
    if not micropython.exists():
        pytest.skip("there is no MicroPython for this machine in Python's registry")
    program, source = tmp_path / "pico.py", ROOT / "firmware-sim" / "firmware" / "micropython"
    program.write_text(PICO)
    wanted = BOXES["pico"].splitlines()
    wanted = [line for line in map(str.strip, wanted) if line]
    with subprocess.Popen(
        [micropython, program, source / "examples" / "dht22.py"],
        cwd=tmp_path,
        env=os.environ | {"MICROPYPATH": f"{source}:.frozen"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as board:
        assert board.stdout is not None
        said = [board.stdout.readline().decode() for _ in wanted]
        board.kill()
    assert shape("\n".join(said)) == shape("\n".join(wanted))


def test_to_home_assistant(board: EmulatedBoard, tmp_path: Path) -> None:
    """From the page's config to a value at the broker, live, as an entity, and late."""
    Mosquitto.required()
    with ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        heard = stack.enter_context(Subscriber(broker.port, "sig/greenhouse/+/state", "homeassistant/#"))
        config = _config(board, broker.port)
        gateway = stack.enter_context(Gateway(tmp_path, config))
        _check(gateway)
        gateway.wait_for_error("listening on")
        with gateway.client() as client:
            for name in ("temp", "hum"):
                poll(partial(has_reading, client, name), f"a reading of {name}: {gateway.errors}")
        for box in ("senders", "read"):
            poll(partial(_is_told, gateway, box), f"what the box {box} shows")
        _topics(heard)
        _late(gateway, board)
        entities = str(heard.payloads("homeassistant/device/sig_greenhouse_board/config")[-1])
        assert '"def_ent_id":"sensor.greenhouse temp"' in entities


def _config(board: EmulatedBoard, broker: int) -> str:
    """Of the page, for Gateway, with what is another here."""
    text: str = BOXES["config"] + BOXES["mqtt"].replace("1883", str(broker))
    text = text.replace(PORT, str(board.link)).replace("60s", QUICK).replace("{", "{{").replace("}", "}}")
    return text.replace("name: greenhouse", "name: greenhouse, data: ./data") + (
        "router: {{listen: 127.0.0.1:{port}}}\n"
    )


def _check(gateway: Gateway) -> None:
    """As the page shows it, but for the broker, which it names only later."""
    command, shown = typed("check")
    done = gateway.run(*command)
    assert done.returncode == 0, done.stderr
    said = done.stdout.replace(str(gateway.folder / "board"), PORT)
    assert shape(said).startswith(shape(shown))


def _is_told(gateway: Gateway, box: str) -> bool:
    """While a DHT22 takes its time, and while the machine has none for the chip, it is another."""
    command, shown = typed(box)
    return shape(gateway.cli(*command).stdout) == shape(shown)


def _topics(heard: Subscriber) -> None:
    """The states of the page, as MQTT has them."""
    _, *shown = BOXES["topics"].splitlines()
    for line in shown:
        topic, _, payload = line.partition(" ")
        poll(partial(_came, heard, topic, shape(payload)), line)


def _came(heard: Subscriber, topic: str, payload: str) -> bool:
    return payload in [shape(each.decode()) for each in heard.payloads(topic)]


def _late(gateway: Gateway, board: EmulatedBoard) -> None:
    """The gateway ends, and is back; the cable is out until somebody watches it."""
    gateway.signal(signal.SIGTERM)
    kept = len(board.said("R")) + 4
    poll(lambda: len(board.said("R")) >= kept, "readings that nobody hears")
    board.tell("unplug")
    with ExitStack() as stack:
        again = stack.enter_context(Process(["run"], gateway.folder))
        again.wait_for_error("listening on")
        watch = stack.enter_context(Process(["watch", "temp", "--connect", gateway.url], gateway.folder))
        watch.wait_for_error("waiting for it")
        board.tell("plug")
        line = next(line for line in iter(watch.line, "") if "#late" in line)
        assert shape(line) == shape(BOXES["late"].splitlines()[0].replace("3 min", "9 s"))
