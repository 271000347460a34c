"""`run` on a terminal: the live table."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ENTER_SCREEN, LEAVE_SCREEN, SHOW_CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"


class Terminal:
    """A program on a pseudo-terminal of 100 columns and 20 lines."""

    def __init__(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        self.resize(100, 20)
        # The shell opens the terminal, which makes it the one whose Ctrl-C the program gets.
        shell = ["sh", "-c", f'exec "$@" <{os.ttyname(theirs)}', "sh"]
        environ = {name: value for name, value in environ.items() if name != "COLUMNS"}
        self.popen = subprocess.Popen(
            [*shell, *command],
            cwd=folder,
            env=environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def modes(self) -> list[Any]:
        """The terminal's, such as whether it shows what is typed."""
        return termios.tcgetattr(self._ours)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read_until(self, text: str) -> str:
        """What was shown since the last time, up to `text` and a little more."""
        shown = ""
        end = time.monotonic() + 60
        while text not in shown:
            ready, _, _ = select.select([self._ours], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {text!r} in {shown[-500:]!r}"
            shown += os.read(self._ours, 65536).decode(errors="replace")
        return shown

    def rest(self) -> str:
        """What is shown until the program ends."""
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the last program has left the terminal
            while select.select([self._ours], [], [], 10)[0]:
                shown += os.read(self._ours, 65536)
        self.popen.wait(60)
        return shown.decode()

    def hang_up(self) -> None:
        """The window is closed, the connection is lost."""
        os.close(self._ours)
        self._ours = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(tmp_path: Path, environ: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    """Starts a program on a terminal."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str, command: list[str] | None = None, **more: str) -> Terminal:
            """`command`: instead of ours with the arguments."""
            command = command or [sys.executable, "-m", "gateway", *arguments]
            started = Terminal(command, tmp_path, {**environ, "TERM": "xterm-256color", **more})
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture
def config(tmp_path: Path, config_text: str) -> str:
    """A config file with a free port."""
    path = tmp_path / "config.yaml"
    path.write_text(config_text)
    return str(path)


def test_live_table(terminal: Any, config: str) -> None:
    """Sensors with value and link above the log; after Ctrl-C the terminal is as it was, and the last table,
    the last lines of the log and a summary stay on it."""
    running = terminal("run", "-c", config)
    running.read_until(ENTER_SCREEN)
    screen = running.read_until("\u00b0C")
    screen += running.read_until("board up")
    assert "router 127.0.0.1" in screen
    running.resize(40, 6)
    narrow = running.read_until("more, all well")
    assert "temp" in narrow
    running.type("\x03")
    after = running.rest().rpartition(LEAVE_SCREEN)[2]
    assert running.popen.returncode == 0
    assert after.count("temp\x1b[0m ") == 1
    assert "Traceback" not in after
    assert "\x1b[3" not in after  # NO_COLOR
    *_, ran, stopped = after.replace("\r\n", "\n").splitlines()
    assert "INFO board: up on" in " ".join(re.sub(r"\x1b\[\d*m", "", after).split())
    assert re.search(r"INFO ran for \d+ s; \d+ readings from 3 sensors; none lost$", ran)
    assert stopped.endswith("INFO stopped")


def test_a_new_size_is_drawn_at_once(terminal: Any, config: str) -> None:
    """By the signal, not by the next second: from then on each drawing is of that size."""
    running = terminal("run", "-c", config)
    running.read_until("board up")
    for columns in (120, 60, 110, 50, 90):
        running.resize(columns, 20)
        running.read_until("\x1b[2J")


def test_the_terminal_s_modes_come_back(terminal: Any, config: str) -> None:
    """However it is ended; Ctrl-Z and Ctrl-S do nothing meanwhile."""
    running = terminal("run", "-c", config)
    before = running.modes()
    running.read_until("board up")
    assert running.modes() != before
    running.type("\x1a\x13")
    running.read_until("good")
    running.popen.send_signal(signal.SIGTERM)
    rest = running.rest()
    assert SHOW_CURSOR in rest
    assert running.modes() == before
    assert running.popen.returncode == 0


def test_a_dumb_terminal_gets_log_lines(terminal: Any, config: str) -> None:
    """No word that moves a cursor."""
    running = terminal("run", "-c", config, TERM="dumb")
    shown = running.read_until("board: up on")
    running.type("\x03")
    shown += running.rest()
    assert "\x1b" not in shown
    assert "INFO ran for " in shown
    assert running.popen.returncode == 0


def test_in_the_background_there_are_log_lines(terminal: Any, config: str, tmp_path: Path) -> None:
    """A shell's `&` has given the terminal to somebody else: it is not drawn on, and the gateway runs."""
    script = tmp_path / "job.sh"
    job = f"{sys.executable} -m gateway run -c {config} & job=$!"
    script.write_text(f"set -m\n{job}\ntrap 'kill $job; wait $job; exit' INT\nwait\n")
    running = terminal("run", command=["bash", str(script)])
    shown = running.read_until("board: up on")
    running.type("\x03")
    shown += running.rest()
    assert "\x1b" not in shown
    assert "INFO stopped" in shown


def test_a_table_that_fails_does_not_end_the_gateway(terminal: Any, config: str, tmp_path: Path) -> None:
    """The terminal comes back, the log says why, and goes on there."""
    script = tmp_path / "broken.py"
    script.write_text(
        "import sys\nfrom gateway.live import screen\n"
        "def fail(*_): raise ValueError('broken')\n"
        "screen.layout = fail\n"
        "from gateway.cli import main\n"
        f"sys.exit(main(['run', '-c', {config!r}]))\n"
    )
    running = terminal("run", command=[sys.executable, str(script)])
    shown = running.read_until("board: up on")
    assert LEAVE_SCREEN in shown
    assert "ValueError: broken" in shown
    running.type("\x03")
    assert "INFO stopped" in running.rest()
    assert running.popen.returncode == 0


def test_colours(terminal: Any, config: str) -> None:
    """Without NO_COLOR, good is green."""
    running = terminal("run", "-c", config, NO_COLOR="")
    assert "\x1b[32mgood" in running.read_until("\x1b[32mboard up")
    running.popen.send_signal(signal.SIGTERM)
    assert SHOW_CURSOR in running.rest()


def test_a_terminal_that_goes(terminal: Any, config: str) -> None:
    """Ends the gateway as any other request to stop does."""
    running = terminal("run", "-c", config)
    running.read_until("board up")
    running.hang_up()
    assert running.popen.wait(60) == 0


def test_offer_of_a_config(terminal: Any, tmp_path: Path) -> None:
    """Without a config, `run` offers to write one; no is no, with exit status 2."""
    running = terminal("run")
    running.read_until("[Y/n]")
    running.type("n\n")
    assert "sig-gateway run --init" in running.rest()
    assert running.popen.returncode == 2
    assert not (tmp_path / "config.yaml").exists()
