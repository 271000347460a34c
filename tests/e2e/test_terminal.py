"""`run` on a terminal: the live table."""

import contextlib
import fcntl
import os
import pty
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

    def __init__(self, arguments: list[str], folder: Path, environ: dict[str, str]) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        self.resize(100, 20)
        # The shell opens the terminal, which makes it the one whose Ctrl-C the program gets.
        shell = ["sh", "-c", f'exec "$@" <{os.ttyname(theirs)}', "sh"]
        command = [*shell, sys.executable, "-m", "gateway", *arguments]
        environ = {**environ, "TERM": "xterm-256color"}
        del environ["COLUMNS"]
        self.popen = subprocess.Popen(
            command,
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

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read_until(self, text: str) -> str:
        """What was shown since the last time, up to `text` and a little more."""
        shown = ""
        end = time.monotonic() + 15
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
        self.popen.wait(10)
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

        def start(*arguments: str, **more: str) -> Terminal:
            started = Terminal(list(arguments), tmp_path, environ | more)
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
    """Sensors with value and link above the log; Ctrl-C leaves the terminal as it was, with a last table."""
    running = terminal("run", "-c", config)
    running.read_until(ENTER_SCREEN)
    screen = running.read_until("\u00b0C")
    screen += running.read_until("board up")
    assert "listening on" in screen
    running.resize(40, 6)
    narrow = running.read_until("more;")
    assert "temp" in narrow
    running.type("\x03")
    after = running.rest().rpartition(LEAVE_SCREEN)[2]
    assert running.popen.returncode == 0
    assert after.count("temp ") == 1
    assert "Traceback" not in after
    assert "\x1b[3" not in after  # NO_COLOR


def test_colours(terminal: Any, config: str) -> None:
    """Without NO_COLOR, good is green."""
    running = terminal("run", "-c", config, NO_COLOR="")
    assert "\x1b[32mgood" in running.read_until("\x1b[32mup")
    running.popen.send_signal(signal.SIGTERM)
    assert SHOW_CURSOR in running.rest()


def test_a_terminal_that_goes(terminal: Any, config: str) -> None:
    """Ends the gateway as any other request to stop does."""
    running = terminal("run", "-c", config)
    running.read_until("board up")
    running.hang_up()
    assert running.popen.wait(10) == 0


def test_offer_of_a_config(terminal: Any, tmp_path: Path) -> None:
    """Without a config, `run` offers to write one; no is no, with exit status 2."""
    running = terminal("run")
    running.read_until("[Y/n]")
    running.type("n\n")
    assert "sig-gateway run --init" in running.rest()
    assert running.popen.returncode == 2
    assert not (tmp_path / "config.yaml").exists()
