"""The board in MicroPython (firmware-sim/firmware/micropython), under its unix port, on a real pty."""

import os
import pty
import subprocess
import sys
import tty
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware-sim" / "firmware" / "micropython"
MICROPYTHON = (sys.executable, "-m", "micropython_unix")
NEEDED = pytest.mark.skipif(
    find_spec("micropython_unix") is None, reason="MicroPython's unix port has no wheel for this machine"
)


class MicroPythonBoard:
    """Its port is a symlink at `link`; what nobody reads is lost, as on a wire, once the kernel's buffer is
    full. `options` are those of `unix_main.py`. Identity and boot number are in `folder`, so
    they outlive it, and the values that it measures."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.link = folder / "board"
        self._files = folder / "files"
        self._files.mkdir()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._master = self._guard = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Give it its power and its port."""
        self._master, self._guard = pty.openpty()
        tty.setraw(self._guard)
        os.set_blocking(self._master, False)  # the board's standard output, too: it is the same open file
        self.link.symlink_to(os.ttyname(self._guard))
        self._start()

    def unplug(self) -> None:
        """Take both."""
        if self._process is None:
            return
        self.link.unlink()
        self._kill()
        os.close(self._master)
        os.close(self._guard)

    def reset(self) -> None:
        """It starts anew; the port stays."""
        self._kill()
        self._start()

    @property
    def full(self) -> bool:
        """Has the kernel no room for what it says?"""
        try:
            os.write(self._master, b"\n")
        except BlockingIOError:
            return True
        return False

    def measure(self, **values: str) -> None:
        """What it measures from now on: `temp="21.5"`, `hum="absent"`."""
        new = self._files / "values.new"
        new.write_text("".join(f"{name} {value}\n" for name, value in values.items()))
        new.replace(self._files / "values")

    def _start(self) -> None:
        values = self._files / "values"
        values.touch()
        self._process = subprocess.Popen(
            [*MICROPYTHON, str(FIRMWARE / "unix_main.py"), f"values={values}", *self._options],
            cwd=self._files,
            stdin=self._master,
            stdout=self._master,
            stderr=subprocess.DEVNULL,
        )

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None


def run(script: str, *arguments: str) -> str:
    """What a MicroPython program prints that can import the board's modules. Fails when it fails."""
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [*MICROPYTHON, "-X", "heapsize=16M", "-c", script, *arguments],
            cwd=folder,
            env={**os.environ, "MICROPYPATH": f"{FIRMWARE}:.frozen"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout  # its status is 0 all the same
    return done.stdout
