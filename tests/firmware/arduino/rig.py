"""A board of the Arduino library whose clock, port, sensors and memory a test turns by hand (rig.c)."""

import _ctypes
import ctypes
import shutil
import subprocess
import weakref
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.line import decode, encode
from tests.e2e.conftest import ROOT

HERE = Path(__file__).parent
FOLDER = ROOT / "firmware-sim" / "firmware" / "arduino"
SOURCES = FOLDER / "Sensorline" / "src" / "sensorline"
FAULTS = {"absent": 1, "range": 2, "checksum": 3, "busy": 4}


def compiled(target: Path, *options: str) -> Path:
    """The rig, compiled to `target`; skips where there is no compiler."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler; on Debian and Raspberry Pi OS: sudo apt install gcc")
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    command = [
        "cc",
        "-std=c11",
        "-O1",
        *warnings,
        f"-I{SOURCES}",
        *options,
        "-o",
        str(target),
        str(HERE / "rig.c"),
    ]
    result = subprocess.run([*command, *sources], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return target


class Board:
    """One start of the board. Each loads a copy of the library: a reset clears what C calls static."""

    _copies = count()

    def __init__(self, library: Path, kept: int = 8, value_bytes: int = 2) -> None:
        copy = library.with_name(f"{library.stem}-{next(self._copies)}.so")
        shutil.copy(library, copy)
        self._library, self._path = ctypes.CDLL(str(copy)), library
        copy.unlink()
        weakref.finalize(self, _ctypes.dlclose, self._library._handle)
        self.kept, self.value_bytes = kept, value_bytes
        self.memory = ctypes.create_string_buffer(self._library.rig_memory_bytes(kept, value_bytes))
        self._eeprom = (ctypes.c_uint8 * 102).in_dll(self._library, "rig_eeprom")
        self.boot = 0

    def start(self, boot: int = 7, *, lasted: bool = True) -> list[str]:
        """The lines of its hello."""
        self.boot = boot
        self._library.rig_start(self.memory, self.kept, self.value_bytes, boot, lasted)
        return self.lines()

    def sent_at_start(self) -> bytes:
        """As `start`, the bytes."""
        self._library.rig_start(self.memory, self.kept, self.value_bytes, 7, True)
        return self._sent()

    def reset(self, boot: int | None = None, *, lasted: bool = True, kept: int | None = None) -> "Board":
        """The same board after a reset: its memory is there, its clock begins at 0; it has said hello."""
        board = Board(self._path, kept or self.kept, self.value_bytes)
        ctypes.memmove(board.memory, self.memory, min(len(board.memory), len(self.memory)))
        board.start(self.boot + 1 if boot is None else boot, lasted=lasted)
        return board

    def set(self, name: str, value: int, index: int = 0) -> None:
        """Set one of the rig's variables: ms, room, values, faults, given, ready, takes_ms, power, …"""
        types: dict[str, Any] = {
            "values": ctypes.c_int32 * 3,
            "faults": ctypes.c_uint8 * 3,
            "given": ctypes.c_bool * 3,
            "room": ctypes.c_bool,
            "ready": ctypes.c_bool,
            "power": ctypes.c_int32,
        }
        variable = types.get(name, ctypes.c_uint32).in_dll(self._library, f"rig_{name}")
        if isinstance(variable, ctypes.Array):
            variable[index] = value
        else:
            variable.value = value

    @property
    def ms(self) -> int:
        """What its clock shows."""
        return ctypes.c_uint32.in_dll(self._library, "rig_ms").value

    def measured(self, measurement: int = 0) -> int:
        """How often that measurement was called."""
        return (ctypes.c_uint32 * 2).in_dll(self._library, "rig_measured")[measurement]

    def step(self, data: bytes = b"") -> list[str]:
        """One step, at which those bytes have come; the lines that it sends."""
        self._library.rig_step(data, len(data))
        return self.lines()

    def at(self, ms: int, *bodies: str) -> list[str]:
        """One step when the clock shows `ms` (modulo 2^32), at which those lines have come."""
        self.set("ms", ms % 2**32)
        return self.step(b"".join(map(encode, bodies)))

    def ask(self, *bodies: str) -> list[str]:
        """What it sends until it has no more to send, with the clock standing."""
        lines = self.step(b"".join(map(encode, bodies)))
        while more := self.step():
            lines += more
        return lines

    def take(self, readings: int, every_ms: int = 2000) -> list[str]:
        """So many measurements of temp and hum, one each `every_ms`; the lines."""
        return [line for _ in range(readings) for line in self.at(self.ms + every_ms)]

    def lines(self) -> list[str]:
        """The bodies of what it sent; each must be whole."""
        sent = self._sent()
        bodies = [decode(line) for line in sent.split(b"\n")[:-1]]
        assert None not in bodies, sent
        return [body for body in bodies if body is not None]

    def _sent(self) -> bytes:
        used = ctypes.c_uint32.in_dll(self._library, "rig_out_used")
        sent = (ctypes.c_char * 65536).in_dll(self._library, "rig_out").raw[: used.value]
        used.value = 0
        return sent

    @property
    def eeprom(self) -> "ctypes.Array[ctypes.c_uint8]":
        """Its bytes."""
        return self._eeprom

    def identity(self) -> int:
        """Of EEPROM, made if there is none."""
        number: int = self._library.rig_identity() % 2**32
        return number

    def next_boot(self) -> int:
        """The number of this start, written to EEPROM."""
        number: int = self._library.rig_next_boot() % 2**32
        return number

    def writes(self) -> list[int]:
        """Of each byte of EEPROM."""
        return list((ctypes.c_uint32 * 102).in_dll(self._library, "rig_writes"))
