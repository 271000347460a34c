"""A real gateway in a process of its own with ten sensors on one board, and the parts that are asked for."""

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from benchmarks.many_links import ManyChannels
from tests.support.ports import free_port

SENSORS = 10
START_S = 30.0
_TICK = os.sysconf("SC_CLK_TCK")


class House:
    """`sections`: of the config, beside those that every gateway has; `http` gets a free port. A context
    manager. `folder` is kept afterwards if it is given, and a history may be prepared in its `data`.
    """

    def __init__(self, sections: Mapping[str, Any], folder: Path | None = None) -> None:
        self._sections = dict(sections)
        self._stack = ExitStack()
        self._given = folder
        self.board = ManyChannels(0, SENSORS)
        self.port = free_port()
        self.log: list[str] = []

    def __enter__(self) -> Self:
        self._stack.callback(self.board.close)
        folder = self._given or Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        command = [sys.executable, "-m", "gateway", "run", "-c", str(self._config(folder))]
        self._process = self._stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        )
        ended, end = os.pipe()
        answering = threading.Thread(target=self._answer, args=(ended,))
        for each in (answering, threading.Thread(target=self._drain)):
            each.start()
            self._stack.callback(each.join)
        self._stack.callback(os.close, ended)
        self._stack.callback(os.close, end)
        self._stack.callback(os.write, end, b"x")
        self._stack.callback(self._process.terminate)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def wait_until_up(self) -> Self:
        """Every sensor has a first value."""
        deadline = time.monotonic() + START_S
        while self.board.unread:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the gateway has not asked for {self.board.unread}: {self.log[-5:]}")
            time.sleep(0.01)
        return self

    def say(self, readings: int, per_second: float) -> None:
        """One after the other, evenly spaced, in turn over the sensors."""
        due = time.monotonic()
        for number in range(readings):
            due += 1 / per_second
            time.sleep(max(0.0, due - time.monotonic()))
            self.board.report(self.board.channels[number % SENSORS : number % SENSORS + 1])

    @property
    def cpu_s(self) -> float:
        """User and system, of all its threads, also those that have ended."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    @property
    def memory_mb(self) -> float:
        """What it holds."""
        for each in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if each.startswith("VmRSS"):
                return int(each.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    def _config(self, folder: Path) -> Path:
        if "http" in self._sections:
            self._sections["http"] = {"listen": f"127.0.0.1:{self.port}"}
        config = {
            "gateway": {"name": "bench", "data": str(folder / "data")},
            "router": {"listen": f"unix:{folder / 'router'}"},
            "links": {"board": {"port": self.board.port}},
            "sensors": {
                f"live-{number}": {"driver": "temperature", "link": "board", "channel": name}
                for number, name in enumerate(self.board.channels)
            },
            **self._sections,
        }
        path = folder / "config.yaml"
        path.write_text(json.dumps(config))  # JSON is YAML
        return path

    def _answer(self, ended: int) -> None:
        """The board's thread: hellos and reads."""
        while ended not in (ready := select.select((self.board.descriptor, ended), (), ())[0]):
            if ready:
                self.board.answer()

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for text in self._process.stderr:
            self.log.append(text.rstrip())
            if "ERROR" in text or "Traceback" in text:
                print(f"the gateway says: {text.rstrip()}", flush=True)
