"""The emulator as a program: its options, its commands' errors, its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulated_board import built, required
from tests.support.waiting import until

PARENT = """
import subprocess, sys, time
board = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
print(board.pid, board.stdout.readline(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", "error nothing: there is no such command; see help"),
        ("dance", "error dance: there is no such command; see help"),
        ("temperature", "error temperature: expected degrees Celsius, a number from -55 to 125, got nothing"),
        (
            "temperature warm",
            "error temperature: expected degrees Celsius, a number from -55 to 125, got warm",
        ),
        ("temperature nan", "error temperature: expected degrees Celsius, a number from -55 to 125, got nan"),
        ("humidity 101", "error humidity: expected percent, a number from 0 to 100, got 101"),
        ("millivolts A6 1", "error millivolts: expected one of A0, A1, A2, A3, A4, A5, got A6"),
        ("millivolts A0 5001", "error millivolts: expected millivolts, a number from 0 to 5000, got 5001"),
        ("sensor broken", "error sensor: expected one of ok, absent, bad-checksum, got broken"),
        ("reset", "error reset: expected one of power, key, brown-out, watchdog, got nothing"),
        ("off", "error off: expected milliseconds, a number from 1 to 8.64e+07, got nothing"),
        ("unplug -1", "error unplug: expected milliseconds, a number from 1 to 8.64e+07, got -1"),
        ("noise 2", "error noise: expected the chance of a bit, a number from 0 to 1, got 2"),
        ("speed 0", "error speed: expected times real time, a number from 0.01 to 1000, got 0"),
        ("plug in", "error plug: expected nothing after it, got more"),
        ("off 1 2 3 4 5 6", "error off: expected MS, got more"),
    ],
)
def test_a_command_that_is_wrong(chip: Any, command: str, answer: str) -> None:
    """It says what was expected and what came; the chip goes on."""
    assert chip.ask(command) == answer
    assert chip.do(b"x") == "heard x"


def test_help(chip: Any) -> None:
    """Every command, with what it takes."""
    known = {each.strip().split(" ")[0] for each in chip.tell("help").split(",")}
    assert known >= {
        "temperature",
        "reset",
        "off",
        "unplug",
        "plug",
        "cut",
        "noise",
        "speed",
        "status",
        "quit",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: "),
        (["--port", "board", "--control", "control"], "usage: "),
        (["--dht22", "20", "none.elf"], "--dht22: expected a number from 0 to 19, got 20"),
        (["--speed", "x", "none.elf"], "--speed: expected a number from 0.01 to 1000, got x"),
        (
            ["--port", "board", "--control", "control", "none.elf"],
            "none.elf: expected a program for the ATmega328P",
        ),
        (
            ["--port", "board", "--control", "no/control", "{elf}"],
            "no/control: cannot make the control socket: No such",
        ),
        (
            ["--port", "no/board", "--control", "control", "{elf}"],
            "no/board: cannot make the port's link: No such",
        ),
        (
            ["--port", "file", "--control", "control", "{elf}"],
            "file: cannot make the port's link: File exists",
        ),
        (
            ["--eeprom", "file", "--port", "board", "--control", "control", "{elf}"],
            "file: expected an EEPROM's file of",
        ),
        (
            ["--truth", "no/truth", "--port", "board", "--control", "control", "{elf}"],
            "no/truth: cannot open the file",
        ),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], said: str) -> None:
    """Status 2, words on standard error, and nothing is left."""
    required()
    (tmp_path / "file").write_text("mine")
    elf = built("probe") / "probe.elf"
    command = [str(built("emulator") / "emulator"), *(each.format(elf=elf) for each in arguments)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(said) or said in ended.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_ends(probe: Callable[..., Any]) -> None:
    """With status 0, and without its link and its socket, when it gets a signal and when it is told to."""
    chip = probe()
    for end in (signal.SIGTERM, signal.SIGINT):
        assert chip.stop(end) == 0
        assert not chip.link.is_symlink()
        assert not chip.control.exists()
        chip.start()
    assert chip.tell("quit") == ""
    until(lambda: not chip.control.exists(), what="its end")


def test_ends_with_its_parent(probe: Callable[..., Any]) -> None:
    """One that was killed could end nothing."""
    chip = probe()
    command = list(chip.command)
    chip.stop()
    parent = [sys.executable, "-c", PARENT, *map(str, command)]
    with subprocess.Popen(parent, cwd=chip.folder, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline().split()[0].isdigit()
        assert chip.link.is_symlink()
        starter.kill()
    until(lambda: not chip.control.exists() and not chip.link.is_symlink(), what="its end")


def test_the_control_socket_is_the_users(chip: Any) -> None:
    """Nobody else may connect. Who hangs up in the middle of a command is nobody's trouble."""
    assert os.stat(chip.control).st_mode & 0o777 == 0o600  # noqa: PTH116 - the mode is what counts
    with suppress(ConnectionError):
        assert chip.ask("x" * 300) == ""
    assert chip.ask("status").startswith("ok {")


def test_two_at_one_place(probe: Callable[..., Any]) -> None:
    """The second is refused, and the first goes on."""
    chip = probe().open()
    second = subprocess.run(chip.command, cwd=chip.folder, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "Address already in use" in second.stderr
    assert chip.do(b"x") == "heard x"
