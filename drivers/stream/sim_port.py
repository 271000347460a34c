"""`sim:` as a port: the simulated board, started as a program of its own on a pseudo-terminal."""

import math
import os
import re
import select
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl

from drivers.errors import OptionError, PortError, PortNotFoundError
from drivers.stream.presence import device_presence
from drivers.stream.sim_link import control_answers

# What may stand after `sim:?`, and further options of some protocols; the simulator has the same.
_OPTIONS = ("data", "speed", "seed", "faults", "baud", "replay")
_OWN_OPTIONS: dict[str, tuple[str, ...]] = {
    "sensorline": ("kept", "supply"),
    "text": ("shape", "degree"),
    "mysensors": (),
    "modbus": ("slaves",),
}
_SPEEDS = (0.001, 1e6)  # what the simulator takes
_WHOLE = {
    "shape": (1, 10, 2),
    "baud": (50, 4_000_000, 9600),
    "kept": (0, 65_535, 1000),
}  # least, most, an example
# The simulator starts in a third of a second; a loaded Pi Zero may take ten times that.
START_S = 10.0
STOP_S = 2.0
_COMPLAINT = "firmware_sim: error: "


class SimPort:
    """The simulator as a child process; its port is a symbolic link at `path`.

    The child's standard input is a pipe: when this process dies, however it dies, the child reads
    its end and goes too. `path` None: a folder of its own, removed by `close`.
    """

    def __init__(self, path: str | None, options: dict[str, str], protocol: str = "sensorline") -> None:
        self._path = path
        self._options = options
        self._protocol = protocol
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @classmethod
    def parse(cls, text: str, protocol: str | None = "sensorline") -> Self:
        """From `sim:`, `sim:PATH`, `sim:PATH?speed=60&seed=1&faults=flip=0.001&data=FILE`; `protocol` as in
        `ports.parse_port`. Raises `OptionError`."""
        path, _, query = text.removeprefix("sim:").partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        if protocol is not None and protocol not in _OWN_OPTIONS:
            known = ", ".join(_OWN_OPTIONS)
            raise OptionError(
                "port", f"expected a port of a device, got {text!r}: the simulator speaks {known}"
            )
        own = sum(_OWN_OPTIONS.values(), ()) if protocol is None else _OWN_OPTIONS[protocol]
        if unknown := sorted(set(options) - {*_OPTIONS, *own}):
            allowed = ", ".join((*_OPTIONS, *own))
            raise OptionError("port", f"expected {allowed} after 'sim:…?', got {unknown[0]!r}")
        _check_numbers(options)
        return cls(path or None, options, protocol or "sensorline")

    def resolve(self) -> str:
        if self._child is None or self._child.poll() is not None:
            self._start()
        self._drain()
        path = self._link()
        if device_presence(path) is None:
            raise PortNotFoundError(f"the simulated board at {path} is unplugged")
        if not control_answers(path):
            raise PortNotFoundError(f"the simulated board that made {path} is gone")
        return path

    def presence(self) -> object:
        gone = self._child is None or self._child.poll() is not None
        return None if gone else device_presence(self._link())

    def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            _end(child)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _link(self) -> str:
        if self._path is not None:
            return self._path
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="sig-gateway-sim-")
        return str(Path(self._folder.name) / "board")

    def _start(self) -> None:
        if self._child is not None:
            _end(self._child)
            self._child = None
        arguments = [f"--{name}={value}" for name, value in self._options.items()]
        # -P: the current folder is not a place to import from.
        command = [
            sys.executable,
            "-P",
            "-m",
            "firmware_sim",
            "--until-eof",
            f"--link={self._link()}",
            *self._spoken(),
            *arguments,
        ]
        # A session of its own: Ctrl-C on the terminal ends the gateway, and that ends the board, in this
        # order.
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise PortError(f"the simulator did not start: {error}") from error
        if not _says_something(child, START_S):
            child.kill()
            _, complaint = child.communicate()
            lines = complaint.decode(errors="replace").splitlines() or [
                f"it said nothing within {START_S:g} s"
            ]
            raise PortError(f"the simulator did not start: {lines[-1].removeprefix(_COMPLAINT)}")
        self._child = child

    def _spoken(self) -> list[str]:
        """What the simulator is to speak. A sensorline board says who it is: each path has one of its own,
        same one at each start; our own folder is never the same."""
        if "replay" in self._options:
            return []
        if self._protocol != "sensorline":
            return [f"--protocol={self._protocol}"]
        return [] if self._path is None else [f"--identity=SIM{zlib.crc32(os.fsencode(self._path)):08X}"]

    def _drain(self) -> None:
        """Forget what the child said since, so that it never finds its pipes full."""
        if self._child is None:
            return
        pipes = [pipe for pipe in (self._child.stdout, self._child.stderr) if pipe is not None]
        for pipe in select.select(pipes, [], [], 0)[0]:
            os.read(pipe.fileno(), 65536)


def _check_numbers(options: dict[str, str]) -> None:
    """What the simulator would refuse of them, said while the config is checked. Raises `OptionError`."""
    speed, seed = options.get("speed", "60"), options.get("seed", "1")
    least, most = _SPEEDS
    if not least <= _number(speed) <= most:
        problem = f"expected a speed from {least:g} to {most:.0f}, such as speed=60, got {speed!r}"
        raise OptionError("port", problem)
    if re.fullmatch(r"[-+]?[0-9]+", seed) is None:
        raise OptionError("port", f"expected a whole number as seed, such as seed=1, got {seed!r}")
    for name, (first, last, example) in _WHOLE.items():
        text = options.get(name, str(example))
        if not (re.fullmatch(r"[0-9]{1,9}", text) and first <= int(text) <= last):
            problem = f"expected a {name} from {first} to {last}, such as {name}={example}, got {text!r}"
            raise OptionError("port", problem)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _says_something(child: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Wait until the child announces its port; False if it ends or stays silent instead."""
    assert child.stdout is not None
    said = b""
    deadline = time.monotonic() + timeout_s
    while b"\n" not in said:
        wait = deadline - time.monotonic()
        if wait <= 0 or not select.select([child.stdout], [], [], wait)[0]:
            return False
        more = os.read(child.stdout.fileno(), 4096)
        if not more:
            return False
        said += more
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.close()
    child.stdout.close()
    child.stderr.close()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
