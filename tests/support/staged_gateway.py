"""A gateway whose time goes on as a test says: the whole `App`, in a program of its own, which can be killed.

    python -m tests.support.staged_gateway CONFIG NOW

Its clock stands at NOW (monotonic; BEGAN is START_UTC). Each line of its standard input says how many seconds
go by at once, and is answered by a line that says how it fares (`Fares`). What is told as lost (`#gap`) is a
line, too. The end of its input ends it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from drivers.link import LinkState
from gateway.app import App
from gateway.config import load
from gateway.history import recorder
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine
from tests.support.staged_time import hasten, stage
from tests.support.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]
BEGAN = 1000.0


class Fares(NamedTuple):
    """How it fares: by sensor, the number of the newest live reading that it has, 0 before there is one;
    whether all links are up; whether history has written what is as old as its window."""

    newest: dict[str, int]
    up: bool
    written: bool


class StagedGateway:
    """`gaps`: what it has told, by sender; they are added."""

    def __init__(self, config: Path, now: float, gaps: list[tuple[str, dict[str, Any]]]) -> None:
        command = [sys.executable, "-m", __name__, str(config), repr(now)]
        self._gaps = gaps
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.advance(0.0)

    def advance(self, seconds: float) -> Fares:
        """That time goes by."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds!r}\n")
        self._process.stdin.flush()
        return self._told()

    def kill(self) -> None:
        """As kill -9 does; what it had told by then is known."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """It ends by itself, and writes what it has."""
        self._end()
        assert self._process.returncode == 0

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        with self._process.stdout:
            for line in self._process.stdout:
                self._take(line)
        self._process.wait(DEADLINE_S)

    def _told(self) -> Fares:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if (fares := self._take(line)) is not None:
                return fares
        raise AssertionError(f"the gateway has ended: {self._process.wait(DEADLINE_S)}")

    def _take(self, line: str) -> Fares | None:
        found = json.loads(line)
        if "sender" in found:
            self._gaps.append((found["sender"], found["data"]))
            return None
        return Fares(**found)


def main() -> None:
    """See the module."""
    config, now = Path(sys.argv[1]), float(sys.argv[2])
    machine = FakeMachine(boottime=now)
    machine.offset, machine.kept = START_UTC - BEGAN, True
    with pytest.MonkeyPatch.context() as patch:
        hasten(patch)
        patch.setattr(recorder, "PAUSE_S", 0.0)
        stage(machine, patch)
        app = App(load(config))
        app.start()
        app.router.addListener(_tell, event="#gap")
        for line in sys.stdin:
            machine.advance(float(line))
            _say(_fares(app, machine.now)._asdict())
        assert app.stop()


def _fares(app: App, now: float) -> Fares:
    last = {name: sensor.status().last for name, sensor in app.sensors.items()}
    newest = {name: 0 if reading is None else reading.seq for name, reading in last.items()}
    up = all(link.status().state is LinkState.UP for link in app.links.values())
    recording = app._recording()
    return Fares(newest, up, written=recording is None or _has_written(recording, now))


def _has_written(recording: Any, now: float) -> bool:
    if recording.mailbox.depth or recording._recorder is None:
        return False
    since = recording._recorder._heard.since
    return since is None or now - since < recording._section.window


def _tell(info: dict[str, Any], data: Any) -> None:
    _say({"sender": info["sender"], "data": data})


def _say(what: dict[str, Any]) -> None:
    """In one piece, as another thread may say something, too."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
