"""A board of ours on an emulated ATmega328P (`firmware-sim/firmware/emulator`)."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from tests.support.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]
EMULATOR = ROOT / "firmware-sim" / "firmware" / "emulator"
ARDUINO = ROOT / "firmware-sim" / "firmware" / "arduino"
PROBE = ROOT / "tests" / "firmware" / "emulator" / "probe.c"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sig-gateway-tests"
"""What was built stays here, by what it was built of: it is built once on a machine."""
AVR_GCC = (
    "avr-gcc",
    "-mmcu=atmega328p",
    "-DF_CPU=16000000UL",
    "-Os",
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
)
SENSORS = {"DHT22": ("--dht22", "2"), "SHT31": ("--sht31",), "DS18B20": ("--ds18b20", "3"), "Light": ()}
"""The library's examples, and what each has on its pins."""


class Said(NamedTuple):
    """A good line that the chip has sent: when (UTC seconds), and its body."""

    utc: float
    body: str


class EmulatedBoard:
    """`program`: an example of the library, or "probe", whose source says what that does. `folder`: for the
    port's link, the control socket, the EEPROM's file, and the file for what the board says. `options`: of
    the emulator."""

    def __init__(
        self, folder: Path, program: str = "DHT22", options: Sequence[str] = ("--seed", "1")
    ) -> None:
        required()
        self.folder = folder
        self.link = folder / "board"
        self.control = folder / "board.control"
        names = ("--port", "board", "--control", "board.control", "--eeprom", "eeprom", "--truth", "truth")
        elf = built("probe" if program == "probe" else "arduino") / f"{program}.elf"
        sensors: Sequence[str] = SENSORS.get(program, ("--dht22", "2", "--sht31"))
        self.command: list[str | Path] = [built("emulator") / "emulator", *names, *sensors, *options, elf]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Give it power. Its port is there when this returns."""
        self._process = subprocess.Popen(
            self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        # A chip does not wait for its turn on a machine that others keep busy. It takes a fifth of a core.
        with suppress(PermissionError):
            os.sched_setscheduler(self._process.pid, os.SCHED_RR, os.sched_param(1))
        said = self._process.stdout.readline()
        if said != "port: board\n":
            self.stop(signal.SIGKILL)
            raise AssertionError(f"the emulator said {said!r}, and ended")
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the program, as if by a power cut; its status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdout is not None
        process.send_signal(number)
        try:
            return process.wait(DEADLINE_S)
        finally:
            process.kill()
            process.stdout.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the program that runs."""
        assert self._process is not None
        return self._process.pid

    def ask(self, command: str) -> str:
        """Its answer to a command of the control socket."""
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY)  # its path may be too long for a socket
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(DEADLINE_S)
                connection.connect(f"/proc/self/fd/{folder}/{self.control.name}")
                connection.sendall(f"{command}\n".encode())
                with connection.makefile() as answers:
                    return answers.readline().rstrip("\n")
        finally:
            os.close(folder)

    def tell(self, command: str) -> str:
        """The same of a command that has to succeed: what follows `ok`."""
        answer = self.ask(command)
        assert answer.startswith("ok"), f"{command}: {answer}"
        return answer.removeprefix("ok").strip()

    def status(self) -> dict[str, Any]:
        """See the emulator's README."""
        status: dict[str, Any] = json.loads(self.tell("status"))
        return status

    def said(self, letters: str = "") -> list[Said]:
        """What its chip has sent since the folder is there; of lines with those first letters only."""
        lines = (self.folder / "truth").read_text().splitlines() if (self.folder / "truth").exists() else []
        pairs = (line.split(" ", 1) for line in lines)
        found = [Said(float(utc), line[1:].rpartition("*")[0]) for utc, line in pairs]
        return [each for each in found if not letters or each.body[0] in letters]


def missing() -> str:
    """What to install before a board can be emulated; empty if it can."""
    parts = {
        "gcc": shutil.which("cc"),
        "make": shutil.which("make"),
        "gcc-avr": shutil.which("avr-gcc"),
        "avr-libc": Path("/usr/lib/avr/include/avr/io.h").exists(),
        "arduino-core-avr": Path("/usr/share/arduino/hardware/arduino/avr/cores").exists(),
        "libsimavr-dev": Path("/usr/include/simavr/sim_avr.h").exists(),
    }
    return " ".join(name for name, there in parts.items() if not there)


def required() -> None:
    """Skips the test where something is missing."""
    if packages := missing():
        pytest.skip(f"no board can be emulated without Debian's {packages}: sudo apt install {packages}")


def built(what: str) -> Path:
    """The folder with the `emulator`, with the `probe.elf`, or with the `arduino` library's examples."""
    source = {"emulator": EMULATOR, "arduino": ARDUINO, "probe": PROBE}[what]
    folder = CACHE / f"{what}-{_digest(source)}"
    with _alone(CACHE / f"{what}.lock"):
        if not (folder / "built").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _build(what, folder)
            (folder / "built").touch()
    return folder


def _build(what: str, folder: Path) -> None:
    command: list[str | Path] = ["make", "-s", "-C", EMULATOR, f"OUT={folder}"]
    if what == "arduino":
        command = ["make", "-s", "-C", ARDUINO, f"BUILD={folder}", *SENSORS]
    elif what == "probe":
        command = [*AVR_GCC, "-o", folder / "probe.elf", PROBE]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


def _digest(source: Path) -> str:
    """Of all that it is made of."""
    files = [source] if source.is_file() else sorted(each for each in source.rglob("*") if _is_source(each))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(source.parent)}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _is_source(file: Path) -> bool:
    return file.is_file() and "build" not in file.parts and file.suffix not in (".md", ".elf", ".o")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Nobody else builds it meanwhile, in whatever process."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
