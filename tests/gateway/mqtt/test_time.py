"""The machine's clock is wrong, and then set: what every consumer of a reading is told, on a real broker."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drivers import TemperatureSensor
from gateway.clock.memory import Memory
from gateway.clock.wall import DOUBT_S
from gateway.live.table import LiveTable
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.broker.target import Target
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.settings import Settings
from tests.support.desk import Desk
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import RunningMachine, StagedClock
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

DAY = 86400.0
SLACK_S = 2.0
"""So near to the truth a corrected time has to be."""
BASE = "sig/test"


class Home:
    """A sensor on a desk, a bridge, and a broker, all on one clock, whose truth a test knows."""

    def __init__(self, folder: Path, mosquitto: Mosquitto, clock: StagedClock) -> None:
        self.folder = folder
        self.mosquitto = mosquitto
        self.clock = clock
        self.true_offset = START_UTC - clock.monotonic()
        self.desk = Desk(TemperatureSensor, clock=clock, hot=30.0, stale_after=3600.0)
        self.measured: dict[int, float] = {}  # UTC by sequence number, in truth
        self.bridge = Bridge(self.desk.router, self.settings(), clock)

    def settings(self, **more: Any) -> Settings:
        """Of the gateway `test`."""
        target = Target("127.0.0.1", self.mosquitto.port, "sig-test")
        given: dict[str, Any] = {"backlog_rate": 1000.0, "bounds": Bounds(20, 10**6, 7 * DAY), **more}
        return Settings(gateway="test", target=target, database=self.folder / "mqtt.db", **given)

    def measure(self, count: int = 1) -> None:
        """New values, each of them an event."""
        for _ in range(count):
            self.measured[self.desk.seq + 1] = self.truth
            self.desk.measure(20.0 + self.desk.seq % 2, every_s=0.0)

    @property
    def truth(self) -> float:
        """What time it is."""
        return self.clock.monotonic() + self.true_offset

    def is_set(self) -> None:
        """The clock, by the time client."""
        self.clock.machine.client, self.clock.machine.kept = None, True
        self.clock.set_wall(self.truth)
        self.clock.look()

    def is_right(self, message: Mapping[str, Any]) -> bool:
        """Whether a reading has the time of its measurement, and no mark."""
        return "clock" not in message and abs(utc(message) - self.measured[message["seq"]]) < SLACK_S


def utc(message: Mapping[str, Any], key: str = "time") -> float:
    return datetime.fromisoformat(message[key]).timestamp()


@pytest.fixture
def home(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Callable[..., Home]]:
    """Homes with a clock so many seconds off; they are ended afterwards."""
    with contextlib.ExitStack() as stack:

        def make(off_s: float, *, client: str | None = "systemd-timesyncd") -> Home:
            machine = RunningMachine(START_UTC + off_s)
            machine.client = client
            made = Home(tmp_path, mosquitto, StagedClock(machine))
            made.bridge.start()
            stack.callback(made.bridge.stop)
            made.desk.up()
            return made

        yield make


def events(seen: Subscriber) -> list[dict[str, Any]]:
    """The readings in the order in which they came first; what was not acknowledged comes twice."""
    found = {m["id"]: m for m in map(json.loads, reversed(seen.payloads(f"{BASE}/temp/event/changed")))}
    return list(found.values())[::-1]


def last(seen: Subscriber, topic: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(seen.payloads(topic)[-1])
    return found


@pytest.mark.parametrize("behind_s", [8 * DAY, 60 * DAY, 55 * 365.25 * DAY])
def test_marked_until_the_clock_is_set(
    home: Callable[..., Home], mosquitto: Mosquitto, behind_s: float
) -> None:
    """Events, state, diagnostics, `last`, `read`; then state and diagnostics come once more, corrected,
    and what the sensor is asked is right."""
    with Subscriber(mosquitto.port, f"{BASE}/#") as seen:
        made = home(-behind_s)
        seen.on(f"{BASE}/status", b"online")
        made.measure()
        event = json.loads(seen.on(f"{BASE}/temp/event/changed").payload)
        state = json.loads(seen.on(f"{BASE}/temp/state").payload)
        connect = json.loads(seen.on(f"{BASE}/temp/event/connect").payload)
        sensor = made.desk.sensor
        read = sensor.read({"max_age": 60})
        newest = sensor.last()
        assert newest is not None
        diagnostics = last(seen, f"{BASE}/diagnostics")
        for told in (event, state, read, newest, connect, diagnostics):
            assert told["clock"] == "unset", told
            assert abs(utc(told) - (START_UTC - behind_s)) < 60
        made.is_set()
        seen.wait_for(lambda m: m.topic == f"{BASE}/temp/state" and made.is_right(json.loads(m.payload)))
        seen.wait_for(lambda m: m.topic == f"{BASE}/diagnostics" and "clock" not in json.loads(m.payload))
        assert abs(utc(last(seen, f"{BASE}/diagnostics")) - made.truth) < 60
        assert seen.count(f"{BASE}/temp/event/changed") == 1, "what has arrived does not come again"
        newest = sensor.last()
        assert newest is not None
        assert made.is_right(newest)
        assert made.is_right(sensor.read({"max_age": 60}))
        made.measure()
        assert made.is_right(json.loads(seen.on(f"{BASE}/temp/event/changed", count=2).payload))
        retained = Subscriber(mosquitto.port, f"{BASE}/temp/state")
        with retained:
            assert made.is_right(json.loads(retained.on(f"{BASE}/temp/state").payload))


@pytest.mark.parametrize("behind_s", [8 * DAY, 60 * DAY, 55 * 365.25 * DAY])
def test_what_waits_is_corrected(home: Callable[..., Home], mosquitto: Mosquitto, behind_s: float) -> None:
    """None is lost for its age, each has its right time, and so have the gaps of those for which there was no
    room."""
    with Subscriber(mosquitto.port, f"{BASE}/#", client_id="kept", session=True) as seen:
        made = home(-behind_s)
        seen.on(f"{BASE}/status", b"online")
        mosquitto.stop()
        until(lambda: not made.bridge.status().connected)
        before = made.truth
        made.measure(30)
        until(lambda: made.bridge.status().lost > 0)
        after = made.truth
        made.is_set()
        made.measure(5)
        mosquitto.start()
        seen.on(f"{BASE}/temp/event/gap")
        until(lambda: any(reading["seq"] == 35 for reading in events(seen)))
        readings = events(seen)
        gaps = [json.loads(payload) for payload in seen.payloads(f"{BASE}/temp/event/gap")]
    assert all(made.is_right(reading) for reading in readings), readings
    sequence = [reading["seq"] for reading in readings]
    assert sequence == sorted(set(sequence)), "in their order"
    assert sum(gap["count"] for gap in gaps) + len(readings) == 35
    for gap in gaps:
        assert "clock" not in gap
        assert before - SLACK_S < utc(gap, "from") <= utc(gap, "to") < after + SLACK_S + 60


@pytest.mark.parametrize("days", [30, -30])
def test_wrong_for_a_moment(home: Callable[..., Home], mosquitto: Mosquitto, days: float) -> None:
    """A clock that was believed is wrong for two seconds and right again: nothing false is told without the
    mark, nothing is lost, and what waited meanwhile is right."""
    with Subscriber(mosquitto.port, f"{BASE}/#", client_id="kept", session=True) as seen:
        made = home(0.0, client=None)
        seen.on(f"{BASE}/status", b"online")
        made.measure()
        seen.on(f"{BASE}/temp/event/changed")
        right = made.clock.machine.offset
        made.clock.machine.offset += days * DAY
        made.measure(3)
        seen.on(f"{BASE}/temp/event/changed", count=4)
        mosquitto.stop()
        until(lambda: not made.bridge.status().connected)
        made.measure(3)
        made.clock.advance(2)
        made.clock.machine.offset = right
        made.measure(3)
        mosquitto.start()
        until(lambda: any(reading["seq"] == 10 for reading in events(seen)))
        seen.wait_for(lambda m: m.topic == f"{BASE}/temp/state" and json.loads(m.payload)["seq"] == 10)
        told = events(seen)
        states = [json.loads(payload) for payload in seen.payloads(f"{BASE}/temp/state")]
    assert [reading["seq"] for reading in told] == list(range(1, 11))
    assert made.bridge.status().lost == 0
    assert all(made.is_right(message) for message in (*told, *states) if "clock" not in message)
    assert [reading["seq"] for reading in told if "clock" in reading] == [2, 3, 4]


def test_set_by_hand(home: Callable[..., Home], mosquitto: Mosquitto) -> None:
    """A clock that was believed was wrong: doubted for a while after it is set, and then the state comes once
    more, with its right time."""
    with Subscriber(mosquitto.port, f"{BASE}/#") as seen:
        made = home(-3 * DAY, client=None)
        seen.on(f"{BASE}/status", b"online")
        made.measure()
        assert "clock" not in json.loads(seen.on(f"{BASE}/temp/state").payload), "nothing contradicts it"
        made.clock.set_wall(made.truth)
        made.clock.look()
        seen.wait_for(lambda m: m.topic == f"{BASE}/diagnostics" and "clock" in json.loads(m.payload))
        made.clock.advance(DOUBT_S + 1)
        made.clock.look()
        seen.wait_for(lambda m: m.topic == f"{BASE}/temp/state" and made.is_right(json.loads(m.payload)))


def test_over_a_boot(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """What waited when the machine was switched off is corrected if its clock was ever set in that boot; else
    it goes with its mark. Nothing is taken for old because of it."""
    mosquitto.stop()  # No boot may send what the one before it has left.
    for boot, was_set in (("boot-a", False), ("boot-b", True)):
        memory = Memory(tmp_path / "clock.json")
        machine = RunningMachine(START_UTC - 8 * DAY, boot)
        machine.client = "ntpd"
        made = Home(tmp_path, mosquitto, StagedClock(machine, memory))
        made.desk.seq = 10 * (boot == "boot-b")
        made.bridge.start()
        try:
            made.desk.up()
            made.measure(3)
            if was_set:
                made.is_set()
            made.clock.keep()
        finally:
            made.bridge.stop()
        made.clock.close()
        measured = made.measured
    mosquitto.start()
    with Subscriber(mosquitto.port, f"{BASE}/#") as seen:
        made = Home(
            tmp_path, mosquitto, StagedClock(RunningMachine(boot="boot-c"), Memory(tmp_path / "clock.json"))
        )
        made.true_offset = START_UTC - made.clock.monotonic()
        made.bridge.start()
        try:
            seen.on(f"{BASE}/temp/event/changed", count=6)
        finally:
            made.bridge.stop()
        found = {m["seq"]: m for m in map(json.loads, seen.payloads(f"{BASE}/temp/event/changed"))}
    assert {seq: m.get("clock") for seq, m in found.items()} == {
        **dict.fromkeys((1, 2, 3), "unset"),
        **dict.fromkeys((11, 12, 13)),
    }
    assert all(abs(utc(found[seq]) - true) < SLACK_S for seq, true in measured.items())
    assert made.bridge.status().lost == 0


def test_ages_in_the_live_table(home: Callable[..., Home]) -> None:
    """Are the seconds since the measurement, also of a link that is gone when the clock is set."""
    made = home(-8 * DAY)

    class FakeLink:
        state, reason, name = "up", None, "board"

        def status(self) -> Any:
            return self

    link = FakeLink()
    rows = LiveTable(made.desk.router, lambda: {"temp": ("board", link)}, lambda _: None, made.clock)
    made.measure()
    for _ in range(3):
        (row,) = rows.now()
        assert row.age_s is not None
        assert row.age_s < 20
        made.is_set()
        if row.link_state == "up":
            made.desk.sensor.link_down("unplugged")
