"""A gateway that lives for days, of which each takes a moment: one boot of a machine in its hard years.

    python -m tests.hard_years.life FOLDER PORT SEED BOOT FIRST STEPS FAULTS END STEP_S BEGIN

It is the whole `App`, with its threads, on real files and a real broker at PORT; the clocks are the test's.
Between two readings STEP_S go by at once, as in a suspend. `FAULTS`: which kinds may happen, by
letters of FAULTS below. `END`: `stop`, or `kill`, as when the power fails. `BEGIN`: when step 0 is (UTC).

It asks for what it cannot do (`{"ask": "broker", "up": false}`) on its standard output, and is answered by a
line; a line a simulated week says how it fares, and one of each value what its time was in truth.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.app import App
from gateway.config import load
from tests.hard_years.staged_board import board
from tests.support.fake_machine import RunningMachine
from tests.support.plugin import installed
from tests.support.staged_time import hasten, stage
from tests.support.waiting import until

STEP_S = 7200.0
DAY = 12
"""Steps."""
UNSET_STEPS = 3
"""After a boot, until a time server has answered."""
CONFIG = """\
gateway: {{name: hard, data: {folder}/data}}
router: {{listen: "unix:{folder}/router"}}
links:
  steady: {{protocol: staged, board: steady}}
  loose: {{protocol: staged, board: loose}}
sensors:
  count: {{driver: generic, unit: m, link: steady, channel: count}}
  other: {{driver: generic, unit: m, link: loose, channel: count}}
mqtt: {{url: "mqtt://127.0.0.1:{port}"}}
history: {{keep: 400d, size: 100MB}}
"""
BROKER, CABLE, CLOCK, LEAP, FULL = "bclsf"
RATES = {BROKER: (4, 10), CABLE: (6, 6), CLOCK: (10, 2), LEAP: (60, 1), FULL: (12, 5)}
"""Days between two of a kind, and steps that it lasts, both on average."""
LAST_STEPS = 3
"""Without a fault, before the end."""
PLUGIN = "from tests.hard_years.staged_board import PROTOCOL\n"


class Lines(logging.Handler):
    """Counts what is logged, and keeps the newest of what is an error."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging`."""
        self.count += 1
        if record.levelno >= logging.ERROR:
            self.errors.append(record.getMessage())


class Life:
    """One boot."""

    def __init__(
        self,
        folder: Path,
        port: int,
        seed: int,
        boot: int,
        first: int,
        faults: str,
        step_s: float,
        begin: float,
    ) -> None:
        self.folder, self.data, self.step_s = folder, folder / "data", step_s
        self.chance = random.Random(f"{seed} {boot}")
        self.machine = RunningMachine(begin + first * step_s, boot=f"boot-{boot}")
        self.true_offset = self.machine.offset
        self.kinds = [kind for kind in RATES if kind in faults]
        self.ends: dict[str, int] = {}
        self.lines = Lines()
        path = folder / "config.yaml"
        path.write_text(CONFIG.format(folder=folder, port=port))
        self.config = path
        self.steady, self.loose = board("steady"), board("loose")
        self.heard: dict[str, float | None] = {}
        self.app: App

    def boot(self, *, first: bool) -> None:
        """Start; but for the first time, with a clock that stands where the machine was shut down."""
        if not first:
            self.wrong(-5 * 86_400.0)
        self.app = App(load(self.config))
        self.app.start()
        for sensor in ("count", "other"):
            self.app.router.addListener(self._hear, sensor, "#changed")
        until(lambda: all(sensor.status().connected for sensor in self.app.sensors.values()))

    def _hear(self, info: dict[str, Any], data: Any) -> None:
        self.heard[info["sender"]] = data["value"]

    def wrong(self, seconds: float) -> None:
        """The clock is set wrong, and nobody keeps it; there is a client that will."""
        self.machine.kept, self.machine.client = False, "systemd-timesyncd"
        self.machine.offset = self.true_offset + seconds

    def right(self) -> None:
        """A time server has answered."""
        self.machine.offset = self.true_offset
        self.machine.kept, self.machine.client = True, None

    def step(self, number: int, *, begins: bool = True) -> None:
        """Some time, and a reading of each sensor that is there: heard before time goes on, as one that is
        not has another time."""
        self.machine.advance(self.step_s)
        self._end_faults(number)
        if begins:
            self._begin_faults(number)
        other = CABLE not in self.ends and self.app.sensors["other"].status().connected
        value = float(number)
        expected = {"count": value, "other": value} if other else {"count": value}
        utc = self.machine.boottime() + self.true_offset
        say({"value": number, "utc": round(utc, 3)})
        self.steady.say(value)
        if other:  # else it would be kept until the link is up, and measured then
            self.loose.say(value)
        try:
            until(lambda: self.heard.items() >= expected.items(), what="heard")
            if BROKER not in self.ends:
                until(self._is_sent, what="at the broker")
        except AssertionError as error:
            raise AssertionError(f"{number}: {self.app.health()}") from error

    def _is_sent(self) -> bool:
        (bridging,) = (service for service in self.app.services() if service.name == "mqtt")
        part = bridging.status()["mqtt"]
        return bool(part.facts["connected"]) and part.message.endswith("no event waits")

    def _begin_faults(self, number: int) -> None:
        for kind in self.kinds:
            days, steps = RATES[kind]
            if kind not in self.ends and self.chance.random() < 1 / (days * DAY):
                self.ends[kind] = number + 1 + int(self.chance.expovariate(1 / steps))
                getattr(self, f"_{kind}")(True)

    def _end_faults(self, number: int) -> None:
        for kind in [kind for kind, end in self.ends.items() if number >= end]:
            del self.ends[kind]
            getattr(self, f"_{kind}")(False)

    def end_all(self) -> None:
        """What was at fault is so no more."""
        self._end_faults(1 << 60)

    def _b(self, begins: bool) -> None:
        ask({"ask": "broker", "up": not begins})

    def _c(self, begins: bool) -> None:
        self.loose.plug(plugged=not begins)

    def _l(self, begins: bool) -> None:
        if begins:
            self.wrong(self.chance.choice((3600.0, -3600.0, 86_400.0 * 365, -86_400.0 * 30, 2.0)))
        else:
            self.right()

    def _s(self, begins: bool) -> None:
        if begins and CLOCK not in self.ends:  # the last second of a day comes twice
            self.true_offset -= 1.0
            self.machine.offset = self.true_offset

    def _f(self, begins: bool) -> None:
        ballast = self.data.parent / "data" / "ballast"
        if not begins:
            ballast.unlink()
            return
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def facts(self, number: int) -> dict[str, Any]:
        """How it fares."""
        files = []
        for file in self.data.iterdir():
            with contextlib.suppress(FileNotFoundError):  # a `.new` that has just got its name
                files += [file.stat()] if file.name != "ballast" else []
        return {
            "step": number,
            "rss_kb": int(Path("/proc/self/statm").read_text().split()[1])
            * os.sysconf("SC_PAGE_SIZE")
            // 1024,
            "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
            "threads": threading.active_count(),
            "files": len(files),
            "bytes": sum(file.st_size for file in files),
            "lines": self.lines.count,
            "errors": self.lines.errors[-3:],
            "written": written(),
        }


def written() -> dict[str, int]:
    """Bytes of write calls so far, by thread: what goes to sockets is sent, not written."""
    found = {}
    for thread in threading.enumerate():
        with contextlib.suppress(OSError):
            counts = Path(f"/proc/self/task/{thread.native_id}/io").read_text()
            found[thread.name] = int(counts.partition("wchar: ")[2].split()[0])
    return found


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


def ask(what: dict[str, Any]) -> None:
    """And wait until it is done."""
    say(what)
    sys.stdout.flush()
    assert sys.stdin.readline() == "done\n"


def main() -> None:
    """See the module."""
    folder, port, seed, boot, first, steps = Path(sys.argv[1]), *map(int, sys.argv[2:7])
    faults, end, step_s, begin = sys.argv[7:11]
    life = Life(folder, port, seed, boot, first, faults, float(step_s), float(begin))
    logging.getLogger().addHandler(life.lines)
    logging.getLogger().setLevel(logging.INFO)
    plugins = folder / f"plugins-{boot}"
    plugins.mkdir()
    entry = {"sig_gateway.protocols": "staged = staged_plugin:PROTOCOL"}
    with pytest.MonkeyPatch.context() as patch, installed(plugins, "staged_plugin", PLUGIN, entry):
        hasten(patch)
        stage(life.machine, patch)
        live(life, first, steps, end)


def live(life: Life, first: int, steps: int, end: str) -> None:
    life.boot(first=first == 0)
    began = time.monotonic()
    for number in range(first, first + steps):
        if number == first + UNSET_STEPS or (first == 0 and number == 0):
            life.right()
        life.step(number)
        if (number + 1) % (7 * DAY) == 0:
            say(life.facts(number) | {"real_s": round(time.monotonic() - began, 1)})
    life.end_all()
    for number in range(first + steps, first + steps + LAST_STEPS):
        life.step(number, begins=False)
    say(life.facts(first + steps + LAST_STEPS))
    sys.stdout.flush()
    if end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    assert life.app.stop()


if __name__ == "__main__":
    main()
