"""Seeded faults against a gateway with an emulated board, Mosquitto and history; what must be there then."""

import json
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, Self

from gateway.history.events import told_seq
from tests.e2e.conftest import Gateway
from tests.support.emulated_board import EmulatedBoard
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links: {{{{board: {{{{port: ./board}}}}}}}}
sensors:
  temp: {{{{driver: temperature, link: board, heartbeat: 10ms}}}}
  hum: {{{{driver: humidity, link: board, heartbeat: 10ms}}}}
history: {{{{window: 5s}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}"}}}}
"""
EXACT_S = 0.2
"""A time may be wrong by so much, and by the share below of the outage that it was measured in."""
SHARE = 0.01
BOOT_LOADER_S = 1.6
"""What an age does not know of (docs/protocol.md, section 7): each opening of the port is a reset here."""
SETTLED_S = 15.0
"""After a fault it may take so long until a reading is in the gateway at once."""
LONGEST_S = 30.0


class Reading(NamedTuple):
    """One that the board took: when, by this machine's clock, and as the board said it."""

    utc: float
    boot: int
    seq: int
    channel: str
    value: float


class Fault(NamedTuple):
    """From when to when, UTC seconds; and which."""

    start: float
    end: float
    what: str


class House:
    """A board, a broker with a subscriber that misses nothing, and gateways one after the other."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.ended = float("inf")  # from then on nobody listens to the board any more
        self._chance = random.Random(seed)
        self._seed = seed
        self._stack = ExitStack()
        self._gateways = ExitStack()

    def __enter__(self) -> Self:
        options = ("--seed", str(self._seed), "--dtr", "--boot-loader", f"{BOOT_LOADER_S * 1000:g}")
        self.board = self._stack.enter_context(EmulatedBoard(self.folder, "DHT22", options))
        broker = self._stack.enter_context(Mosquitto(self.folder))
        self._config = CONFIG.format(broker=broker.port)
        subscriber = Subscriber(broker.port, "sig/test/#", client_id="s", session=True)
        self.seen = self._stack.enter_context(subscriber)
        self._stack.push(self._gateways)
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        self.gateway = self._gateways.enter_context(Gateway(self.folder, self._config))

    def run(self, count: int) -> None:
        """So many faults, now and then several at once, and calm between them."""
        for _ in range(count):
            self.board.tell(f"temperature {self._chance.randint(-200, 400) / 10}")
            together = 1 if self._chance.random() < 0.75 else 2
            started = time.time()
            for fault in self._chance.sample(self._possible(), together):
                what, seconds = (
                    fault(),
                    self._chance.uniform(0.2, LONGEST_S / 4 * self._chance.choice((1, 1, 4))),
                )
                end = self._begin(what, seconds)
                self.faults.append(Fault(started, end, what))
            calm = max(fault.end for fault in self.faults) + self._chance.uniform(1, SETTLED_S)
            while time.time() < calm:
                time.sleep(0.05)
            self.board.tell("noise 0")
            if self.gateway.popen.poll() is not None:
                self._start()

    def _possible(self) -> list[Callable[[], str]]:
        causes = ("reset key", "reset watchdog", "reset brown-out")
        return [
            lambda: "cut",
            lambda: "unplug",
            lambda: "off",
            lambda: "noise",
            lambda: "kill",
            lambda: self._chance.choice(causes),
        ]

    def _begin(self, what: str, seconds: float) -> float:
        """When it is over."""
        now = time.time()
        if what == "kill":
            self.gateway.signal(signal.SIGKILL)
        elif what == "noise":
            self.board.tell(f"noise {self._chance.choice((0.0001, 0.001))}")
        elif what.startswith("reset"):
            self.board.ask(what)  # without power it is refused
            return now
        elif what == "off":
            seconds = min(seconds, 3.0)
            self.board.tell(f"off {seconds * 1000:.0f}")
        else:
            self.board.tell(f"{what} {seconds * 1000:.0f}")
        return now + seconds

    def settle(self) -> None:
        """Until all that the board has taken so far is at MQTT; then the gateway's end, which writes."""
        newest = self.readings()[-1]
        self.ended = newest.utc
        until(lambda: (newest.boot, newest.seq) in published(self.seen), 120, f"{newest} at MQTT")
        until(lambda: self.missing() == [], 60, "nothing that is missing without reason")
        self.gateway.signal(signal.SIGTERM)

    def readings(self) -> list[Reading]:
        """All that the board took in time, by the lines that its chip has sent."""
        return [each for each in readings(self.board) if each.utc <= self.ended]

    def missing(self) -> list[Reading]:
        """What the board took and MQTT has not, though the ring could hold it."""
        there = published(self.seen)
        return [one for one in self.readings() if (one.boot, one.seq) not in there and not self.lost(one)]

    def lost(self, reading: Reading) -> bool:
        """Whether a loss of power may have taken it: it had not reached the gateway, as something else was
        wrong, or was taken just before."""
        cuts = [each.start for each in self.faults if each.what == "off" and each.start >= reading.utc]
        if not cuts:
            return False
        if min(cuts) - reading.utc < 2:
            return True
        wrong = [each for each in self.faults if each.start - 2 <= reading.utc <= each.end + SETTLED_S]
        return bool(wrong)

    def outage_s(self, reading: Reading) -> float:
        """How long what was wrong when it was taken has lasted."""
        wrong = [each for each in self.faults if each.start - 2 <= reading.utc <= each.end + SETTLED_S]
        return sum(each.end - each.start + SETTLED_S for each in wrong)


def readings(board: EmulatedBoard) -> list[Reading]:
    """By the lines that the chip has sent; but not what a reset has cut short, of which only a `B` comes."""
    found: dict[tuple[int, int], Reading] = {}
    boot = 0
    for utc, body in board.said("HRA"):
        fields = body.split(" ")
        if fields[0] == "H":
            boot = int(fields[5])
            continue
        fields = fields[1:] if fields[0] == "R" else fields[2:]
        if len(fields) == 4 and fields[0] in ("temp", "hum") and not fields[3].startswith("!"):
            seq = int(fields[1])
            found.setdefault((boot, seq), Reading(utc, boot, seq, fields[0], float(fields[3])))
    return list(found.values())


def again(board: EmulatedBoard) -> set[tuple[str, int, float]]:
    """Channel, seq and value of what the board has sent again."""
    found = (said.body.split(" ")[2:6] for said in board.said("B"))
    return {(one, int(seq), float(value)) for one, seq, _, value in found if not value.startswith("!")}


def published(seen: Subscriber) -> dict[tuple[int, int], set[tuple[str, float]]]:
    """What came at MQTT, by boot and seq, which are in its id."""
    found: dict[tuple[int, int], set[tuple[str, float]]] = {}
    for message in list(seen.messages):
        if message.topic.endswith(("/event/changed", "/event/late")):
            data = json.loads(message.payload)
            boot, seq = data["id"].split("-")[1:3]
            found.setdefault((int(boot), int(seq)), set()).add((message.topic.split("/")[2], data["value"]))
    return found


def written(folder: Path) -> list[tuple[str, int, float, float]]:
    """What history has: sender, the board's seq, UTC seconds, value."""
    with closing(sqlite3.connect(f"file:{folder}/data/history.db?mode=ro", uri=True)) as db:
        query = "SELECT name, seq, time, value FROM readings, sensors WHERE sensors.key = readings.sensor"
        return [(name, told_seq(seq), at / 1000, value) for name, seq, at, value in db.execute(query)]


def check(house: House) -> list[str]:
    """What is not as it must be, in words."""
    wrong: list[str] = []
    status = house.board.status()
    late_s = status["most_behind_s"] + status["slipped_s"]  # a machine that does a lot else has a slow board
    rows = written(house.folder)
    there = published(house.seen)
    used: set[int] = set()
    for reading in house.readings():
        key = (reading.boot, reading.seq)
        allowed_s = EXACT_S + BOOT_LOADER_S + SHARE * house.outage_s(reading) + late_s
        same = [
            (abs(at - reading.utc), index)
            for index, (name, seq, at, value) in enumerate(rows)
            if (name, seq) == (reading.channel, reading.seq) and abs(value - reading.value) < 0.001
            if index not in used
        ]
        near = min(same, default=(float("inf"), -1))
        if near[0] <= allowed_s:
            used.add(near[1])
        elif not house.lost(reading):
            wrong.append(f"history: {reading}, allowed {allowed_s:.2f} s, nearest {near[0]:.3f} s")
        if key in there and there[key] != {(reading.channel, reading.value)}:
            wrong.append(f"mqtt: {reading} came as {there[key]}")
        if key not in there and not house.lost(reading):
            wrong.append(f"mqtt: {reading} did not come")
    twice = Counter(row[:3] for row in rows)
    wrong += [f"history: {count} rows of {row}" for row, count in twice.items() if count > 1]
    known = {(each.channel, each.seq, each.value) for each in readings(house.board)} | again(house.board)
    wrong += [f"history: nobody said {row}" for row in rows if (row[0], row[1], row[3]) not in known]
    return wrong
