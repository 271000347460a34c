"""A program under test that takes readings from a board and publishes them, and a subscriber to it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks.board import Board
from tests.support.mosquitto import Subscriber

CONFIG = """
gateway: {{name: bench, data: {data}}}
router: {{listen: "unix:{data}/s"}}
links: {{board: {{port: "{port}"}}}}
sensors: {{{sensors}}}
mqtt: {{url: "mqtt://127.0.0.1:{broker}"}}
"""
ONE = "temp: {driver: temperature, link: board}"
PACED = 500.0
"""Readings a second."""


class Contender:
    """A process under test, its board, and a subscriber that notes when each message came.

    `command` takes readings from the board's port and publishes each to `topic`; it is run with the code in
    that folder.
    """

    def __init__(
        self,
        name: str,
        board: Board,
        command: Sequence[str],
        broker: int,
        stack: ExitStack,
        topic: str = "sig/bench/temp/event/changed",
        code: Path | None = None,
    ) -> None:
        self.name = name
        self.board = board
        self.came: list[float] = []
        self._subscriber = stack.enter_context(Subscriber(broker))
        self._subscriber.client.on_message = lambda *_: self.came.append(time.monotonic())
        self._subscriber.client.subscribe(topic, 1)
        started = time.monotonic()
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=code, env=environment()
        )
        stack.callback(self._process.wait)
        stack.callback(self._process.kill)
        ended, end = os.pipe()
        answering = threading.Thread(target=self._answer, args=(ended,))
        for undo in (lambda: os.close(ended), lambda: os.close(end), answering.join):
            stack.callback(undo)
        stack.callback(os.write, end, b"x")
        answering.start()
        self._wait_for_first()
        self.start_s = self.came[0] - started

    def _wait_for_first(self) -> None:
        deadline = time.monotonic() + 20
        while not self.came and time.monotonic() < deadline:
            self.board.send(1, None)
            time.sleep(0.01)
        quiet = -1
        while quiet != len(self.came):  # what was sent while it started
            quiet = len(self.came)
            time.sleep(0.7)

    def _answer(self, ended: int) -> None:
        """The board's thread: hellos and reads, until `ended` can be read."""
        while True:
            with suppress(TimeoutError):
                return self.board.answer_until(ended)

    def cpu_s(self) -> float:
        """CPU that the process has used."""
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def rss_mb(self) -> float:
        """Its memory."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise AssertionError

    def round(self, count: int, per_second: float | None) -> dict[str, float]:
        """Microseconds of CPU a reading, p50 and p99 of the latency, messages a second."""
        self.came.clear()
        sent: list[float] = []
        before, started = self.cpu_s(), time.monotonic()
        if per_second is None:
            self.board.send(count, None)
        else:
            for number in range(count):
                time.sleep(max(0.0, started + number / per_second - time.monotonic()))
                sent.append(time.monotonic())
                self.board.send(1, None)
        deadline = time.monotonic() + 30
        while len(self.came) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.came) == count, f"{self.name}: {len(self.came)} of {count} came"
        found = {
            "cpu": (self.cpu_s() - before) / count * 1e6,
            "rate": count / (self.came[-1] - started),
        }
        if sent:
            delays = sorted((came - went) * 1e6 for came, went in zip(self.came, sent, strict=True))
            found |= {"p50": delays[count // 2], "p99": delays[count * 99 // 100]}
        return found


def environment() -> dict[str, str]:
    """Of the process: where bytecode is not to be kept, each start would compile all of the source, which no
    installed program does."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def gateway(folder: Path, text: str) -> list[str]:
    """How the gateway is started, with a config of that text."""
    config = folder / "config.yaml"
    config.write_text(text)
    return [sys.executable, "-m", "gateway", "run", "-c", str(config)]
