"""The board as a program on Linux, on a pty: its power, its reset, its memory and its EEPROM."""

import os
import pty
import re
import select
import subprocess
import tty
from pathlib import Path
from typing import Self

import pytest

from firmware_sim.line import decode, encode
from tests.firmware.arduino.rig import FOLDER, compiled
from tests.support.waiting import DEADLINE_S

MAIN = FOLDER / "Sensorline" / "extras" / "linux" / "main.c"


class Running:
    """The program at one end of a pty, killed when the block ends: that is the reset."""

    def __init__(self, *command: str | Path) -> None:
        self._command = command
        self._rest = b""

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self._program = subprocess.Popen(self._command, stdin=theirs, stdout=theirs)
        os.close(theirs)
        return self

    def __exit__(self, *_: object) -> None:
        self._program.kill()
        self._program.wait()
        os.close(self._ours)

    def line(self) -> str:
        """The next line's body."""
        while b"\n" not in self._rest:
            assert select.select([self._ours], [], [], DEADLINE_S)[0], "the board says nothing"
            self._rest += os.read(self._ours, 4096)
        line, self._rest = self._rest.split(b"\n", 1)
        body = decode(line)
        assert body is not None, line
        return body

    def until(self, start: str) -> str:
        """The next line that begins so."""
        while not (body := self.line()).startswith(start):
            pass
        return body

    def ask(self, body: str, answer: str) -> str:
        """Send that line; the next line that begins as `answer`."""
        os.write(self._ours, encode(body))
        return self.until(answer)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The board, compiled."""
    folder = tmp_path_factory.mktemp("program")
    compiled(folder / "never", "-DHAMMER")  # skips where there is no compiler
    command = ["make", "-s", "-C", str(FOLDER), "linux", f"BUILD={folder}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return folder / "board"


def test_a_reset_and_a_loss_of_power(program: Path, tmp_path: Path) -> None:
    """EEPROM has the identity and counts the starts; the memory outlives a reset, not the loss of power."""
    board: list[str | Path] = [program, "-e", tmp_path / "eeprom", "-m", tmp_path / "memory"]
    with Running(*board) as running:
        hello = running.until("H 0 1 example-board ")
        identity = re.fullmatch(r"H 0 1 example-board ([0-9A-F]{8}) 1 1\.0 2 \d+ 100", hello)
        assert identity
        kept = [running.until("R temp ").split()]
        running.until("R hum ")
    with Running(*board) as running:
        assert running.until("H 0 ").split()[4:6] == [identity[1], "2"]
        first, newest, *earlier = running.ask("Q 5 again", "A 5 2 ").split()[3:]
        assert first == "1"
        assert int(newest) < 5
        assert earlier[:2] == ["1", "1"]
        again = running.until("B 1 temp 1 ").split()
        assert again[2:6] == kept[0][1:]
        assert 0 <= int(again[6]) < 60000
        running.ask("K 1 2", "R ")
        assert running.ask("Q 6 again", "A 6 2 ").split()[5:] in ([], ["1", "3", earlier[2]])
    with Running(*board, "-p") as running:
        assert running.until("H 0 ").split()[4:6] == [identity[1], "3"]
        assert len(running.ask("Q 7 again", "A 7 3 ").split()) == 5


def test_golden_bytes(program: Path) -> None:
    """Those of the protocol's page that are this board's, byte by byte."""
    with Running(program, "-b7") as running:
        assert running.line().startswith("H 0 1 example-board 00000001 7 1.0 2 ")
        assert running.line() == "C 0 0 temp temperature C 0.01 -40 85 1000"
        assert running.line() == "C 0 1 hum humidity % 0.01 0 100 1000"
    sent = subprocess.run(
        [program, "-b7"], input=b"$Q 19 interval temp 5000*ED5447DB\n", capture_output=True, check=True
    )
    lines = sent.stdout.splitlines(keepends=True)
    assert lines[1] == b"$C 0 0 temp temperature C 0.01 -40 85 1000*A4B8E59A\n"
    assert b"$A 19 temp 5000*2242F02D\n" in lines


def test_two_boards_are_not_alike(program: Path, tmp_path: Path) -> None:
    """Each makes its identity at its first start."""
    identities = set()
    for number in range(3):
        with Running(program, "-e", tmp_path / f"eeprom{number}") as running:
            identities.add(running.until("H 0 ").split()[4])
    assert len(identities) == 3
