"""The simulator as a program of its own, and the gateway's end of its port, for the tests here."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from firmware_sim.control import tell
from firmware_sim.line import LineReader, encode

DEADLINE_S = 60.0
SOURCE = Path(__file__).parents[2] / "firmware-sim"


def wait_readable(descriptor: int, deadline: float) -> None:
    """Wait until `descriptor` can be read; fail at the deadline (monotonic seconds)."""
    left = deadline - time.monotonic()
    assert left > 0, "the deadline has passed"
    assert select.select([descriptor], [], [], left)[0], "nothing came before the deadline"


class Terminal:
    """The other end of the board's port: bodies in, requests out."""

    def __init__(self, path: Path | str) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.reader = LineReader()
        self.bodies: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port, once."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def read(self, deadline: float) -> bytes:
        """The next bytes; empty when the board is gone."""
        wait_readable(self.descriptor, deadline)
        try:
            return os.read(self.descriptor, 65536)
        except OSError:
            return b""

    def next(self, wanted: Callable[[str], bool] = lambda _: True, timeout_s: float = DEADLINE_S) -> str:
        """The next body for which `wanted` holds; those before it are dropped."""
        deadline = time.monotonic() + timeout_s
        while True:
            while self.bodies:
                if wanted(body := self.bodies.pop(0)):
                    return body
            data = self.read(deadline)
            assert data, "the port is gone"
            self.bodies += self.reader.feed(data)

    def starting(self, start: str) -> str:
        """The next body that starts with `start`."""
        return self.next(lambda body: body.startswith(start))

    def ask(self, body: str) -> None:
        """Send a line."""
        os.write(self.descriptor, encode(body))

    def wait_gone(self) -> None:
        """Wait for the hangup of an unplugged board."""
        deadline = time.monotonic() + DEADLINE_S
        while self.read(deadline):
            pass


class Program:
    """`python -m firmware_sim` with its standard input held open; `stop` ends it and returns its status."""

    def __init__(self, link: Path, *arguments: str) -> None:
        self.link = link
        self.control = link.with_name(link.name + ".control")
        self.process = spawn("--link", str(link), "--until-eof", *arguments)
        self.device = ""

    def wait_started(self) -> Self:
        """Read what it announces."""
        self.device = self.line().removeprefix(f"port: {self.link} -> ")
        self.line()
        return self

    def line(self) -> str:
        """Its next line on standard output."""
        assert self.process.stdout is not None
        wait_readable(self.process.stdout.fileno(), time.monotonic() + DEADLINE_S)
        return self.process.stdout.readline().decode().rstrip("\n")

    def tell(self, command: str) -> str:
        """Send a command; its answer without the `ok`."""
        answer = tell(self.control, command)
        assert answer.startswith("ok"), answer
        return answer.removeprefix("ok").strip()

    def status(self) -> dict[str, Any]:
        """What `status` says."""
        status: dict[str, Any] = json.loads(self.tell("status"))
        return status

    def wait_status(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask until `wanted` holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not wanted(status := self.status()):
            assert time.monotonic() < deadline, status
        return status

    def stop(self) -> int:
        """End it, if it has not ended, and wait."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        """Wait for its end."""
        try:
            return self.process.wait(DEADLINE_S)
        finally:
            close(self.process)


def spawn(*arguments: str) -> "subprocess.Popen[bytes]":
    """The program, with pipes for everything."""
    return subprocess.Popen(
        [sys.executable, "-m", "firmware_sim", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # a line read ahead into Python would be one that select does not see
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )


def close(process: "subprocess.Popen[bytes]") -> None:
    """Kill it, if it still runs, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the program to its end: status, standard output, standard error."""
    process = spawn(*arguments)
    try:
        out, err = process.communicate(timeout=DEADLINE_S)
    finally:
        close(process)
    return process.returncode, out.decode(), err.decode()
