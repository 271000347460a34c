"""Years of a whole gateway on a fast clock, whose boards, broker, clock and disk fail again and again.

What it keeps is complete and has its right time; what it takes stays in bounds.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from gateway.history.archive import Archive
from tests.hard_years.life import DAY, LAST_STEPS, STEP_S
from tests.support.fake_clock import START_UTC
from tests.support.in_memory import IN_MEMORY
from tests.support.mosquitto import Mosquitto
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
DISK_MB = 24
SLACK_S = 1.5
"""So near to the truth is a time."""
LOST_STEPS = 2
"""Readings that a kill may cost: those of the window of history, of which one is written at each next."""
ZONE = "Europe/Berlin"
"""Where all of it takes place: its clocks change twice a year."""
MOST_RSS_KB, MOST_GROWTH_KB = 80_000, 4_000
MOST_DESCRIPTORS, MOST_THREADS, MOST_FILES = 20, 10, 12
MOST_LINES_A_DAY = 8
MOST_WRITTEN_A_DAY = {"history": 6e6, "mqtt": 2e6, "keeping": 20_000, "dispatcher": 60_000}
"""Bytes of write calls by thread, of two sensors that report each minute, with a broker that is there, once
all has begun: docs/sd-card.md. What MQTT has of it is from connections that a jump of the clock ends."""
"""Of a gateway that has some fault every other day."""


class Boot(NamedTuple):
    """How many days it lasts, and how it ends."""

    days: int
    end: str


class Collector:
    """Takes all readings from the broker, whoever of the two goes and comes: `by_value`, of one sender."""

    def __init__(self, port: int) -> None:
        self.by_value: dict[int, dict[str, Any]] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, "collector", clean_session=False)
        self._client.reconnect_delay_set(0.05, 0.1)  # type: ignore[arg-type]
        self._client.on_connect = self._connected
        self._client.on_message = self._take
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._port = port

    def _connected(self, client: Client, *_: object) -> None:
        client.subscribe("sig/hard/count/event/changed", qos=1)

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        event = json.loads(message.payload)
        self.by_value[int(event["value"])] = event

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        del self._client


class Disk(NamedTuple):
    """A small file system of the test's own, which is only there for programs that are started with
    `enter`; or, where that may not be, any folder."""

    enter: Sequence[str]
    small: bool


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """At `folder`, for as long as the test takes."""
    mount = f"mount -t tmpfs -o size={DISK_MB}m none {folder} && echo there && exec cat"
    command = ["unshare", "--mount", "sh", "-c", mount]
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("nsenter")):
        yield Disk((), small=False)
        return
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() == "there\n":
                yield Disk(("nsenter", "--mount", "--target", str(holder.pid), f"--wd={ROOT}"), small=True)
            else:
                yield Disk((), small=False)
        finally:
            holder.terminate()


class Years:
    """Boot after boot. `begin`: when step 0 is (UTC); `truth`: when each value was measured; `lives`: what
    each said of itself, by the week; `kills`: the last value before each kill."""

    def __init__(
        self, folder: Path, broker: Mosquitto, seed: int, place: Disk, step_s: float = STEP_S
    ) -> None:
        self._folder, self._broker, self._seed, self._place = folder, broker, seed, place
        self._step_s = step_s
        self.begin = START_UTC
        self.truth: dict[int, float] = {}
        self.lives: list[list[dict[str, Any]]] = []
        self.kills: list[int] = []

    def live(self, boot: Boot) -> None:
        """One boot, to its end."""
        first = len(self.truth)
        faults = "" if self._step_s < STEP_S else "bcls" + "f" * self._place.small
        arguments = [self._folder, self._broker.port, self._seed, len(self.lives), first, boot.days * DAY]
        program = [sys.executable, "-m", "tests.hard_years.life", *map(str, arguments), faults, boot.end]
        program += [str(self._step_s), str(self.begin)]
        self.lives.append([])
        environment = {**os.environ, **UNCOVERED, "SIG_GATEWAY_CLOCK": "", "TZ": ZONE}
        # Compiled once, and neither at each boot nor for each test: half of what a boot takes.
        environment["PYTHONDONTWRITEBYTECODE"] = ""
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "firmware-sim")])
        with subprocess.Popen(
            [*self._place.enter, *program],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in process.stdout:
                self._heed(json.loads(line), process)
        assert process.returncode == (0 if boot.end == "stop" else -9), boot
        assert len(self.truth) == first + boot.days * DAY + LAST_STEPS
        if boot.end == "kill":
            self.kills.append(len(self.truth) - 1)

    def _heed(self, said: dict[str, Any], process: Any) -> None:
        if "value" in said:
            self.truth[said["value"]] = said["utc"]
        elif "ask" in said:
            (self._broker.start if said["up"] else self._broker.stop)()
            process.stdin.write("done\n")
            process.stdin.flush()
        else:
            self.lives[-1].append(said)

    @property
    def must(self) -> set[int]:
        """The values that nothing may have lost."""
        may = {value - back for value in self.kills for back in range(LOST_STEPS)}
        return self.truth.keys() - may

    def history(self) -> tuple[dict[int, float], dict[int, float]]:
        """What is kept of the sender, and of the other, by value: when it was (UTC)."""
        self.copy = self._folder / "copy"
        copied = [*self._place.enter, "cp", "-r", str(self._folder / "data"), str(self.copy)]
        subprocess.run(copied, check=True)
        with Archive(self.copy / "history.db") as archive:
            return self._rows(archive, "count"), self._rows(archive, "other")

    def _rows(self, archive: Archive, sender: str) -> dict[int, float]:
        rows = list(archive.rows(sender, 0, 1 << 45))
        found = {int(row.value): row.time / 1000 for row in rows}
        assert len(found) == len(rows), "each once"
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where it can be: what a disk takes is no part of this."""
    made = Path(IN_MEMORY or tmp_path) / f"sig-gateway-years-{os.getpid()}"
    (made / "data").mkdir(parents=True)
    yield made
    shutil.rmtree(made)


def check(years: Years, collector: Collector, keep_days: int = 400) -> None:
    """Everything is there, at its time; and nothing that was never measured."""
    until(lambda: collector.by_value.keys() >= years.must, what="at the broker")
    for value, event in collector.by_value.items():
        at = datetime.fromisoformat(event["time"]).timestamp()
        assert event.get("clock") == "unset" or abs(at - years.truth[value]) < SLACK_S, (value, event)
    (kept, other), newest = years.history(), max(years.truth.values())
    missing = {
        value for value in years.must - kept.keys() if years.truth[value] > newest - keep_days * 86_400
    }
    assert missing == set()
    assert other, "of one that was often unplugged"
    for times in (kept, other):
        wrong = {value: at - years.truth[value] for value, at in times.items()}
        assert {value: off for value, off in wrong.items() if abs(off) >= SLACK_S} == {}


def check_bounds(years: Years) -> None:
    """Memory, descriptors, threads, files and log lines, of each life."""
    for weeks in years.lives:
        days = max(7.0, (weeks[-1]["step"] - weeks[0]["step"]) / DAY + 7)
        for week in weeks:
            assert week["rss_kb"] <= MOST_RSS_KB, week
            assert week["descriptors"] <= MOST_DESCRIPTORS, week
            assert week["threads"] <= MOST_THREADS, week
            assert week["files"] <= MOST_FILES, week
        assert weeks[-1]["lines"] <= MOST_LINES_A_DAY * days, weeks[-1]
        settled = [week["rss_kb"] for week in weeks[4:]]
        if settled:
            assert max(settled) - settled[0] <= MOST_GROWTH_KB, settled


@pytest.mark.once
@pytest.mark.parametrize(
    ("seed", "boots"),
    [
        pytest.param(1, [Boot(18, "kill"), Boot(12, "stop")], id="a month"),
        pytest.param(
            2,
            [Boot(400, "kill"), *(Boot(30, "kill" if boot % 2 else "stop") for boot in range(24))],
            id="three years",
            marks=[pytest.mark.slow, pytest.mark.timeout(3000)],
        ),
    ],
)
def test_years(folder: Path, tmp_path: Path, seed: int, boots: list[Boot]) -> None:
    """Nothing that was measured is lost, but what a kill may cost; no time is wrong; all is in bounds."""
    settings = ("allow_anonymous true", "set_tcp_nodelay true")
    with (
        disk(folder / "data") as place,
        Mosquitto(tmp_path, settings) as broker,
        Collector(broker.port) as collector,
    ):
        years = Years(folder, broker, seed, place)
        for boot in boots:
            years.live(boot)
        for weeks in years.lives:
            print(weeks[-1])
        check(years, collector)
        check_bounds(years)


CHANGES = (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC))
"""When Berlin's clocks go forward, and back: of the latter day the hour from two to three is there twice."""
QUARTER_S = 900.0


@pytest.mark.once
@pytest.mark.parametrize("change", CHANGES, ids=["forward", "back"])
def test_through_a_change_of_the_clocks(folder: Path, tmp_path: Path, change: datetime) -> None:
    """In local time an hour is missing or there twice; what is kept and sent knows nothing of it: no gap, and
    each time right."""
    settings = ("allow_anonymous true", "set_tcp_nodelay true")
    with Mosquitto(tmp_path, settings) as broker, Collector(broker.port) as collector:
        years = Years(folder, broker, 4, Disk((), small=False), step_s=QUARTER_S)
        years.begin = change.timestamp() - DAY * QUARTER_S  # and so to three hours after it
        years.live(Boot(2, "stop"))
        check(years, collector)
    times = sorted(years.truth.values())
    assert times[0] < change.timestamp() < times[-1]
    hours = {datetime.fromtimestamp(time, ZoneInfo(ZONE)).utcoffset() for time in times}
    assert len(hours) == 2, "through it in that zone"
    with Archive(years.copy / "history.db") as archive:
        assert [gap for gap in archive.gaps("count", 0, 1 << 45) if gap.begin / 1000 < times[-1]] == []
    (week,) = years.lives[0]
    assert week["errors"] == []
    check_bounds(years)


@pytest.mark.slow
def test_bytes_a_day(folder: Path, tmp_path: Path) -> None:
    """What each part writes where nothing is wrong: history its commits, the clock its hourly file, MQTT
    nothing."""
    settings = ("allow_anonymous true", "set_tcp_nodelay true")
    with Mosquitto(tmp_path, settings) as broker:
        years = Years(folder, broker, 3, Disk((), small=False), step_s=60.0)
        years.live(Boot(20, "stop"))  # of twelve steps each: four hours
    first, *_, last = years.lives[0]
    days = (last["step"] - first["step"]) * 60.0 / 86_400
    a_day = {
        name: round((last["written"][name] - first["written"][name]) / days) for name in MOST_WRITTEN_A_DAY
    }
    print(a_day)
    assert a_day["history"] > 100_000, "it is counted"
    assert {name for name, most in MOST_WRITTEN_A_DAY.items() if a_day[name] > most} == set(), a_day
