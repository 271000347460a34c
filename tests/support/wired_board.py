"""The board in MicroPython behind a wire that fails on command, as `EmulatedBoard` is: for runs of faults."""

import os
import pty
import random
import select
import subprocess
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.support.emulated_board import Said
from tests.support.micropython_board import FIRMWARE, MICROPYTHON


class WiredBoard:
    """`folder`: for its port, `board`, its identity, its values, and the memory that outlives a reset. One
    thread carries the bytes, until the end of the `with` block; commands are for one other."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._link = folder / "board"
        self._files = folder / "files"
        self._files.mkdir()
        self._values, self._memory = self._files / "values", self._files / "memory"
        self._celsius, self._percent = "21.5", "40.0"
        self._random = random.Random(seed)
        self._lock = threading.Lock()  # guards all below
        self._noise, self._cut_until = 0.0, 0.0
        self._port: tuple[int, int] | None = None
        self._said: list[Said] = []
        self._rest = b""
        self._board = pty.openpty()
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="wired-board", daemon=True)
        self._commands: dict[str, Callable[..., None]] = {
            "temperature": lambda celsius: self._measure(celsius=celsius),
            "humidity": lambda percent: self._measure(percent=percent),
            "cut": lambda ms: self._set(cut_until=time.monotonic() + int(ms) / 1000),
            "noise": lambda rate: self._set(noise=float(rate)),
            "unplug": self._unplug,
            "reset": lambda _cause: self._restart(),
            "off": self._off,
        }

    def __enter__(self) -> Self:
        tty.setraw(self._board[1])
        self._measure()
        self._plug()
        self._thread.start()
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        os.write(self._stop[1], b"x")
        self._thread.join()
        self._take_port_away()
        for descriptor in (*self._board, *self._stop):
            os.close(descriptor)

    def tell(self, command: str) -> None:
        """As `EmulatedBoard.tell`; `unplug` and `off` come back when their time is over."""
        name, *arguments = command.split()
        self._commands[name](*arguments)

    def status(self) -> dict[str, Any]:
        """It runs on this machine's clock, so it is never behind it."""
        return {"behind_s": 0.0, "slipped_s": 0.0}

    def said(self, letters: str = "") -> list[Said]:
        """See `EmulatedBoard.said`: before the wire."""
        with self._lock:
            return [each for each in self._said if not letters or each.body[0] in letters]

    def _set(self, noise: float | None = None, cut_until: float | None = None) -> None:
        with self._lock:
            self._noise = self._noise if noise is None else noise
            self._cut_until = self._cut_until if cut_until is None else cut_until

    def _measure(self, celsius: str | None = None, percent: str | None = None) -> None:
        self._celsius, self._percent = celsius or self._celsius, percent or self._percent
        new = self._files / "values.new"
        new.write_text(f"temp {self._celsius}\nhum {self._percent}\n")
        new.replace(self._values)

    def _begin(self) -> None:
        options = (f"values={self._values}", f"memory={self._memory}", "interval=500", "keeps=100")
        self._process = subprocess.Popen(
            [*MICROPYTHON, str(FIRMWARE / "unix_main.py"), *options],
            cwd=self._files,
            stdin=self._board[1],
            stdout=self._board[1],
            stderr=subprocess.DEVNULL,
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _restart(self) -> None:
        self._end()
        self._begin()

    def _off(self, ms: str) -> None:
        self._end()
        self._memory.unlink(missing_ok=True)
        time.sleep(int(ms) / 1000)
        self._begin()

    def _unplug(self, ms: str) -> None:
        self._take_port_away()
        time.sleep(int(ms) / 1000)
        self._plug()

    def _plug(self) -> None:
        port = pty.openpty()
        tty.setraw(port[1])
        os.set_blocking(port[0], False)
        self._link.symlink_to(os.ttyname(port[1]))
        with self._lock:
            self._port = port

    def _take_port_away(self) -> None:
        with self._lock:
            port, self._port = self._port, None
        if port is not None:
            self._link.unlink()
            for descriptor in port:
                os.close(descriptor)

    def _carry(self) -> None:
        board = self._board[0]
        while True:
            with self._lock:
                port = self._port
            sources = [board, self._stop[0], *([port[0]] if port else [])]
            try:
                ready = select.select(sources, [], [], 0.05)[0]
            except (OSError, ValueError):  # it was just taken away
                continue
            if self._stop[0] in ready:
                return
            if board in ready:
                self._from_board(os.read(board, 4096))
            if port is not None and port[0] in ready:
                self._to_board(port[0])

    def _from_board(self, data: bytes) -> None:
        with self._lock:
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"$") and b"*" in line:
                    body = line[1:].partition(b"*")[0].decode()
                    self._said.append(Said(time.time(), body))
            if self._port is not None and (arrives := self._arrives(data)):
                self._write(self._port[0], arrives)

    def _to_board(self, port: int) -> None:
        with self._lock:
            if self._port is None or self._port[0] != port:
                return
            try:
                arrives = self._arrives(os.read(port, 4096))
            except OSError:  # nobody has it open
                return
        self._write(self._board[0], arrives)

    def _arrives(self, data: bytes) -> bytes:
        if time.monotonic() < self._cut_until:
            return b""
        if not self._noise:
            return data
        flipped = bytearray(data)
        for bit in range(8 * len(data)):
            if self._random.random() < self._noise:
                flipped[bit >> 3] ^= 1 << (bit & 7)
        return bytes(flipped)

    def _write(self, descriptor: int, data: bytes) -> None:
        try:
            os.write(descriptor, data)
        except OSError:  # nobody reads: it is lost, as on a wire
            return
