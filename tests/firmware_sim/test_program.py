"""The program's life: start, plug and unplug, end; what it leaves behind."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_sim.control import tell
from tests.firmware_sim.rig import DEADLINE_S, Program, Terminal, close, run, spawn, wait_readable

Start = Callable[..., Program]


def test_announces_its_port_and_control(tmp_path: Path) -> None:
    """The first two lines say where the port and the control socket are, and are true."""
    program = Program(tmp_path / "board")
    port, control = program.line(), program.line()
    assert port == f"port: {tmp_path}/board -> {(tmp_path / 'board').readlink()}"
    assert control == f"control: {tmp_path}/board.control"
    assert program.tell("status")
    assert program.stop() == 0
    assert list(tmp_path.iterdir()) == []


def test_without_a_link_it_makes_a_folder_of_its_own() -> None:
    """The folder is private, and goes with the program."""
    process = spawn("--until-eof")
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        wait_readable(process.stdout.fileno(), time.monotonic() + DEADLINE_S)
        link = Path(process.stdout.readline().decode().split()[1])
        assert link.is_symlink()
        assert link.parent.stat().st_mode & 0o077 == 0
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0
        assert not link.parent.exists()
    finally:
        close(process)


def test_unplug_and_replug(program: Start) -> None:
    """Pulled: the listener's port ends at once and the link goes. Back: another boot at the same link."""
    board = program("--speed", "6000")
    with Terminal(board.link) as terminal:
        terminal.starting("R temp")
        board.tell("unplug")
        terminal.wait_gone()
    assert not board.link.is_symlink()
    board.tell("replug")
    with Terminal(board.link) as terminal:
        assert terminal.starting("R temp")


def test_replug_under_another_device_name(program: Start) -> None:
    """The device's name changes, the link's does not; or the other way round."""
    board = program("--speed", "6000")
    for command in ("replug other", f"replug as {board.link}2", "replug other"):
        with Terminal(board.device) as terminal:
            before = board.device
            board.device = board.tell(command).split()[-1]
            terminal.wait_gone()
        assert (board.device != before) or "as" in command
    with Terminal(f"{board.link}2") as terminal:
        assert terminal.starting("R temp")
    assert not board.link.is_symlink()


def test_unplug_for_a_while(program: Start) -> None:
    """It comes back by itself."""
    board = program()
    board.tell("unplug 0.1")
    assert board.wait_status(lambda status: status["plugged"])["counters"]["boots"] == 2
    assert board.link.is_symlink()


def test_a_replug_that_fails_is_tried_again(program: Start) -> None:
    """Something is in the link's place when the board is to come back: that is said, and once it has gone the
    board is there."""
    board = program()
    board.tell("unplug 0.3")
    board.link.write_text("somebody's")
    assert board.process.stderr is not None
    wait_readable(board.process.stderr.fileno(), time.monotonic() + DEADLINE_S)
    assert b"expected no file there, or a symlink" in board.process.stderr.readline()
    assert not board.status()["plugged"]
    board.link.unlink()
    board.wait_status(lambda status: status["plugged"])
    assert board.link.is_symlink()


def test_unplug_fault_comes_back_too(program: Start) -> None:
    """With `unplug=P:S` the port goes in mid-line, and returns."""
    board = program("--speed", "6000", "--faults", "unplug=0.05:0.01", "--seed", "3")
    for _ in range(3):
        board.wait_status(lambda status: status["plugged"])
        try:
            terminal = Terminal(board.link)
        except OSError:  # it went again in between
            continue
        with terminal:
            terminal.wait_gone()
    board.wait_status(lambda status: status["counters"]["boots"] > 3)


def test_killed_and_started_again(program: Start) -> None:
    """kill -9 leaves a link and a socket behind; the next start takes them over."""
    first = program()
    first.process.kill()
    assert first.wait() == -signal.SIGKILL
    assert first.link.is_symlink()
    assert first.control.is_socket()
    second = program()
    assert str(second.link.readlink()) == second.device
    assert second.status()["plugged"]


def test_a_running_simulator_keeps_its_link(program: Start, tmp_path: Path) -> None:
    """A second start on the same link is refused, and the first goes on; plugged in or not."""
    board = program()
    for command in ("status", "unplug"):
        board.tell(command)
        status, _, error = run("--link", str(board.link))
        assert status == 2
        assert "a running simulator owns" in error
        assert "Traceback" not in error
    board.tell("replug")
    status, _, error = run("--link", str(tmp_path / "other"), "--control", str(board.control))
    assert status == 2
    assert "a running simulator listens here" in error
    assert not (tmp_path / "other").is_symlink()
    assert board.status()["plugged"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(number: int, tmp_path: Path) -> None:
    """Both signals end it at once, with status 0, and nothing is left; a closed input does not."""
    process = spawn("--link", str(tmp_path / "board"))
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        wait_readable(process.stdout.fileno(), time.monotonic() + DEADLINE_S)
        assert tell(tmp_path / "board.control", "status").startswith("ok")
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == 0
    finally:
        close(process)
    assert list(tmp_path.iterdir()) == []


def test_quit_ends_it(program: Start, tmp_path: Path) -> None:
    """The control channel can end it too."""
    board = program()
    assert board.tell("quit") == "bye"
    assert board.wait() == 0
    assert list(tmp_path.iterdir()) == []


def test_end_of_input_ends_it(program: Start, tmp_path: Path) -> None:
    """With `--until-eof` it ends with its parent, and not because something was written to it."""
    board = program()
    assert board.process.stdin is not None
    os.write(board.process.stdin.fileno(), b"anything\n")
    assert board.status()["plugged"]
    assert board.stop() == 0
    assert list(tmp_path.iterdir()) == []


def test_tell(program: Start) -> None:
    """`--tell` sends a command: 0 for ok, 1 for an error."""
    board = program()
    link = str(board.link)
    assert run("--link", link, "--tell", "spike temp 50") == (0, "ok temp is 50 once\n", "")
    status, out, _ = run("--link", link, "--tell", "dance")
    assert (status, out[:14]) == (1, "error 'dance':")


def test_starts_quickly(tmp_path: Path) -> None:
    """Of the processor it takes 0.15 s; a second is allowed. How long that is depends on who else works."""
    board = Program(tmp_path / "board").wait_started()
    try:
        fields = Path(f"/proc/{board.process.pid}/stat").read_text().rpartition(")")[2].split()
        user, system = map(int, fields[11:13])
        assert 0 < (user + system) / os.sysconf("SC_CLK_TCK") < 1.0
    finally:
        board.stop()
