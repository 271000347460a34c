"""The commands, on a simulator whose loop does not run: each changes what it says, or says what is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.commands import answer
from firmware_sim.pty_port import PtyPort
from firmware_sim.recording import Recording
from firmware_sim.sensorline import sensorline_board
from firmware_sim.simulator import Settings, Simulator


@pytest.fixture
def simulator(tmp_path: Path, recording: Recording) -> Iterator[Simulator]:
    """A simulator that is plugged in."""
    settings = Settings(tmp_path / "board", tmp_path / "board.control", speed=1.0)
    simulator = Simulator(settings, recording, sensorline_board())
    simulator.open()
    yield simulator
    simulator.close()
    assert list(tmp_path.iterdir()) == []


def ok(simulator: Simulator, command: str) -> str:
    """The rest of an answer that says ok."""
    said = answer(simulator, command)
    assert said.startswith("ok "), said
    return said.removeprefix("ok ")


def test_unplug_and_replug(simulator: Simulator, tmp_path: Path) -> None:
    """The link goes and comes with the board, which counts the boot."""
    boot = simulator.status()["boot"]
    assert ok(simulator, "unplug") == "unplugged"
    assert simulator.status()["plugged"] is False
    assert simulator.status()["device"] is None
    assert not simulator.link.is_symlink()
    assert answer(simulator, "unplug") == (
        "error unplug: expected a board that is plugged in; it is unplugged already; `replug` first"
    )
    assert ok(simulator, "unplug 5") == "unplugged"
    assert ok(simulator, "replug") == f"{tmp_path}/board -> {simulator.device}"
    assert str(simulator.link.readlink()) == simulator.device
    assert simulator.status()["boot"] == boot + 1


def test_the_link_goes_before_the_port(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of a closed pty goes to the next program that asks: whoever follows the link must not find
    that one's."""
    found = []
    unplug = PtyPort.unplug

    def look(port: PtyPort) -> None:
        found.append((port.device != "", simulator.link.is_symlink()))
        unplug(port)

    monkeypatch.setattr(PtyPort, "unplug", look)
    ok(simulator, "unplug")
    ok(simulator, "replug other")
    ok(simulator, "replug")
    assert (True, False) in found
    assert (True, True) not in found


def test_replug_under_other_names(simulator: Simulator, tmp_path: Path) -> None:
    """Another device, another link; the old link is free again."""
    device = simulator.device
    assert ok(simulator, "replug other").endswith(f"board -> {simulator.device}")
    assert simulator.device != device
    assert ok(simulator, f"replug as {tmp_path}/second") == f"{tmp_path}/second -> {simulator.device}"
    assert not (tmp_path / "board").is_symlink()
    assert simulator.status()["link"] == f"{tmp_path}/second"
    ok(simulator, f"replug as {tmp_path}/second")
    ok(simulator, f"replug as {tmp_path}/board")


def test_a_link_that_cannot_be_made_changes_nothing(simulator: Simulator, tmp_path: Path) -> None:
    """A bad new link is refused while the board stays plugged in."""
    device = simulator.device
    assert answer(simulator, f"replug as {tmp_path}/nowhere/board").startswith("error ")
    assert simulator.device == device


def test_reset(simulator: Simulator) -> None:
    """The board starts anew; the port stays."""
    device, boot = simulator.device, simulator.status()["boot"]
    assert ok(simulator, "reset") == "reset"
    assert (simulator.device, simulator.status()["boot"]) == (device, boot + 1)
    assert ok(simulator, "reset in-line") == "reset"
    assert (simulator.device, simulator.status()["boot"]) == (device, boot + 2)


def test_a_brown_out_ends_with_the_cable(simulator: Simulator) -> None:
    """The restarts that are still to come are in the status; pulling the cable ends them."""
    assert ok(simulator, "brownout 60 0.02") == "60 restarts"
    assert simulator.status()["restarts"] == 60
    ok(simulator, "unplug")
    assert simulator.status()["restarts"] == 0


def test_what_the_sensors_say(simulator: Simulator) -> None:
    """Held values, spikes, faults and silences come and go."""

    def temp() -> str | None:
        return simulator.sensors.measure("temp", simulator.now_ns())

    ok(simulator, "value temp -3.5")
    ok(simulator, "spike temp 999")
    assert (temp(), temp()) == ("999", "-3.5")
    assert ok(simulator, "fault temp checksum") == "temp is !checksum"
    assert temp() == "!checksum"
    assert ok(simulator, "fault temp none") == "temp is well"
    assert ok(simulator, "value temp auto") == "temp is as recorded"
    assert temp() in ("20", "20.5", "21")
    ok(simulator, "silent temp")
    ok(simulator, "silent hum 100")
    assert simulator.status()["silent"] == ["hum", "temp"]
    ok(simulator, "loud temp")
    assert simulator.status()["silent"] == ["hum"]


def test_stall_faults_speed(simulator: Simulator) -> None:
    """What holds until the next word is in the status."""
    ok(simulator, "stall 10")
    assert ok(simulator, "faults flip=0.001, drop=0.5") == "flip=0.001,drop=0.5"
    assert ok(simulator, "speed 120") == "120"
    status = simulator.status()
    assert (status["stalled"], status["faults"], status["speed"]) == (True, "flip=0.001,drop=0.5", 120.0)
    assert ok(simulator, "faults none") == "none"
    assert simulator.status()["faults"] == "none"


def test_say(simulator: Simulator) -> None:
    """Raw bytes, written in hexadecimal; nobody listens, so they are lost and counted."""
    before = simulator.status()["counters"]["bytes_dropped"]
    assert ok(simulator, "say 24 2a0A") == "3 bytes"
    assert simulator.status()["counters"]["bytes_dropped"] == before + 3


def test_status_is_one_line_of_json(simulator: Simulator) -> None:
    """The status names everything that others rely on."""
    status = json.loads(ok(simulator, "status"))
    assert {"link", "device", "boot", "seq", "plugged", "listening", "faults", "speed", "counters"} <= set(
        status
    )
    assert {"lines_sent", "lines_damaged", "requests", "bytes_dropped"} <= set(status["counters"])


def test_help_names_every_command(simulator: Simulator) -> None:
    """Help has one line with every command's form, and an unknown command lists the names."""
    assert "unplug [SECONDS]; replug [other | as PATH]; " in ok(simulator, "help")
    said = answer(simulator, "dance")
    assert said.startswith("error 'dance': expected one of unplug, replug, ")
    assert answer(simulator, "").startswith("error '': expected one of")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("unplug now", "expected unplug [SECONDS]: seconds from 0 to 3600; got 'now'"),
        ("unplug 1 2", "expected unplug [SECONDS]: got 2 arguments"),
        ("replug there", "expected replug [other | as PATH]: got 'there'"),
        ("reset hard", "expected reset [in-line]: got 'hard'"),
        ("brownout 60", "expected brownout N SECONDS: got 1 arguments"),
        ("brownout 0 1", "a number of restarts from 1 to 10000; got '0'"),
        ("brownout often 1", "a number of restarts from 1 to 10000; got 'often'"),
        ("brownout 3 -1", "seconds from 0 to 3600; got '-1'"),
        ("stall", "expected stall SECONDS: got 0 arguments"),
        ("silent tmp", "a channel (temp, hum, lux); got 'tmp'"),
        ("value temp warm", "a decimal number of at most 15 digits"),
        ("fault temp a$b", "a word of at most 23 bytes"),
        ("fault temp aaaaaaaaaaaaaaaaaaaaaaaa", "a word of at most 23 bytes"),
        ("say 2g", "expected say BYTES_HEX"),
        ("faults flpi=1", "(perhaps flip)"),
        ("speed 0", "a speed from 0.001 to 1000000"),
        ("speed fast", "got 'fast'"),
    ],
)
def test_mistakes(simulator: Simulator, command: str, said: str) -> None:
    """A wrong argument gets one line that says what was expected and what was given."""
    reply = answer(simulator, command)
    assert reply.startswith("error ")
    assert said in reply
    assert "\n" not in reply


def test_quit(simulator: Simulator) -> None:
    """Quit ends the loop, which then does not even start."""
    assert ok(simulator, "quit") == "bye"
    simulator.run()
