"""Faults between a board and a gateway: what the board took arrives, once, with its time. The board is an
emulated Uno, or one in MicroPython behind a wire that fails."""

import itertools
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Gateway
from tests.support.emulated_board import EmulatedBoard
from tests.support.gap_truth import mistold, told_gaps
from tests.support.kept_truth import (
    ON_THE_WAY_S,
    Outage,
    Power,
    compare,
    ids,
    overwritten,
    perhaps_safe,
    stored,
    taken,
)
from tests.support.micropython_board import NEEDED
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.waiting import until
from tests.support.wired_board import WiredBoard

CONFIG = """\
gateway: {{name: shed, data: ./data}}
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{protocol: sensorline, port: %s}}
sensors:
  air: {{driver: temperature, link: board, channel: temp, heartbeat: 1ms, interval: 500ms}}
  damp: {{driver: humidity, link: board, channel: hum, heartbeat: 1ms, interval: 500ms}}
mqtt: {{url: "mqtt://127.0.0.1:%d"}}
history: {{window: 2s}}
"""
SENSORS = {"temp": "air", "hum": "damp"}
FAULTS = {
    "cut": 30,
    "unplug": 25,
    "long cut": 8,
    "kill": 25,
    "key": 20,
    "watchdog": 15,
    "brown-out": 15,
    "off": 20,
    "noise": 22,
    "several": 20,
}
"""How many of each in two hundred."""
RECOVER_S = 30.0
"""After a fault: to find that the line is silent, to say hello, to be asked what there is. What the board had
no room for never comes."""
UNSAFE_S = 4.0
"""What was heard so long before a kill may not be written yet, nor acknowledged: the window and a second, and
as long for the commit."""


class FaultRun:
    """A board, a broker and a gateway, and what goes wrong with them."""

    def __init__(
        self, board: EmulatedBoard | WiredBoard, start: Callable[[], Gateway], database: Path, seed: int
    ) -> None:
        self._board = board
        self._database = database
        self._start = start
        self._random = random.Random(seed)
        self.gateway = start()
        self.outages: list[Outage] = []
        self.behind_s = 0.0
        self.kinds: list[str] = []
        self._powers: list[Power] = []
        self._kills: list[float] = []

    def order(self, count: int) -> Iterator[str]:
        """Of all the faults, `count` of them."""
        bag = [kind for kind, number in FAULTS.items() for _ in range(number)]
        self._random.shuffle(bag)
        return itertools.islice(itertools.cycle(bag), count)

    def inflict(self, kind: str) -> None:
        """Do it, wait for its end, and until what was taken meanwhile is in history."""
        begin, self.kinds = time.time(), [*self.kinds, kind]
        self._board.tell(f"temperature {self._random.randint(-300, 800) / 10}")
        self._board.tell(f"humidity {self._random.randint(0, 1000) / 10}")
        self._powers.clear()
        self._kills.clear()
        getattr(self, f"_{kind.replace(' ', '_').replace('-', '_')}")()
        self.recover(begin - UNSAFE_S * (kind == "several"))

    def recover(self, begin: float) -> None:
        """Wait until all is well again after what began then."""
        ended, on = time.time(), max((power.on for power in self._powers), default=0.0)
        end = time.monotonic() + RECOVER_S
        while not self._caught_up(max(begin, on), ended) and time.monotonic() < end:
            time.sleep(0.2)
        self.outages.append(Outage(begin, time.time(), tuple(self._powers), tuple(self._kills)))

    def _caught_up(self, since: float, ended: float) -> bool:
        """Whether all that was taken from then on is in history, but for that of the last window; and
        something that was taken after the fault had ended."""
        status = self._board.status()
        self.behind_s = max(self.behind_s, status["behind_s"] + status["slipped_s"])
        _, truth = taken(self._board.said("HRAB"), SENSORS)
        rows = {(row.sensor, row.seq, row.value) for row in stored(self._database)}
        old = [one for one in truth if since <= one.utc < time.time() - UNSAFE_S]
        there = all((one.sensor, one.seq, one.value) in rows for one in old)
        return there and any(one.utc > ended for one in old)

    def _lasting(self, command: str, seconds: float) -> None:
        self._board.tell(f"{command} {round(seconds * 1000)}")
        time.sleep(seconds)

    def _cut(self) -> None:
        self._lasting("cut", self._random.expovariate(1 / 4.0) + 0.1)

    def _long_cut(self) -> None:
        self._lasting("cut", self._random.uniform(20.0, 30.0))

    def _unplug(self) -> None:
        self._lasting("unplug", self._random.expovariate(1 / 4.0) + 0.2)

    def _kill(self) -> None:
        self.gateway.popen.send_signal(signal.SIGKILL)
        self.gateway.popen.wait()
        self._kills.append(time.time())
        time.sleep(self._random.uniform(0.0, 3.0))
        self.gateway = self._start()

    def _key(self) -> None:
        self._board.tell("reset key")

    def _watchdog(self) -> None:
        self._board.tell("reset watchdog")

    def _brown_out(self) -> None:
        self._board.tell("reset brown-out")

    def _off(self) -> None:
        off = time.time()
        self._lasting("off", self._random.uniform(0.1, 3.0))
        self._powers.append(Power(off, time.time()))

    def _noise(self) -> None:
        self._board.tell(f"noise {10 ** self._random.uniform(-4.0, -2.3):.6f}")
        time.sleep(self._random.uniform(2.0, 8.0))
        self._board.tell("noise 0")

    def _several(self) -> None:
        self._board.tell("noise 0.001")
        for kind in self._random.sample(("cut", "unplug", "kill", "key", "watchdog", "off"), 3):
            getattr(self, f"_{kind}")()
        self._board.tell("noise 0")


def run(
    board: EmulatedBoard | WiredBoard, folder: Path, start: Callable[..., Gateway], seed: int, count: int
) -> str:
    """That many faults; then all is well again, and what there is is compared. Returns what was seen."""
    port, link, database = free_port(), folder / "board", folder / "data" / "history.db"
    broker = Mosquitto(folder)
    with broker, Subscriber(broker.port, "sig/shed/+/event/+") as subscriber, board:
        begin = time.time()
        faults = FaultRun(board, lambda: start(CONFIG % (link, broker.port), port), database, seed)
        faults.gateway.wait_for_error("board: up")
        until(lambda: _has_readings(database))
        faults.recover(begin)
        for kind in faults.order(count):
            faults.inflict(kind)
        stopping = time.time()
        faults.gateway.signal(signal.SIGTERM)
        said = board.said("HRABG")
    identity, truth = taken(said, SENSORS)
    verdict = compare(truth, stored(database), faults.outages, faults.behind_s, stopping)
    gaps = told_gaps(_events(subscriber, "gap"))
    missing = {(one.boot, one.seq) for one in (*verdict.by_power, *verdict.unheard)}
    came = ids(_events(subscriber, "changed", "late"))
    kept = [one for one in truth if (one.boot, one.seq) not in missing and one.utc < stopping - ON_THE_WAY_S]
    absent = [one for one in kept if f"{identity}-{one.boot}-{one.seq}" not in came]
    kinds = ", ".join(f"{faults.kinds.count(kind)} {kind}" for kind in FAULTS)
    seen = (
        f"seed {seed}: {count} faults ({kinds}); {len(truth)} readings taken, {len(verdict.by_power)} went "
        f"with the board's power, {len(verdict.unheard)} are missing beside; "
        f"{sum(gap.number or 0 for gap in gaps)} told as lost in {len(gaps)} gaps, "
        f"{[gap.number for gap in gaps].count(None)} of them without a number; "
        f"{verdict.doubtful} of a time that is doubtful, the furthest other "
        f"{verdict.furthest_s:.3f} s; the emulator was {faults.behind_s:.1f} s behind at most"
    )
    assert verdict.wrong == [], f"{len(verdict.wrong)}: {verdict.wrong[:10]}; {seen}"
    assert absent == [], f"not on MQTT: {absent[:10]}; {seen}"
    assert [(id_, readings) for id_, readings in came.items() if len(readings) > 1] == []
    lost = overwritten(said)
    had_room = [one for one in verdict.unheard if (one.boot, one.seq) not in lost]
    assert had_room == [], f"the board had room for {had_room[:10]}; {seen}"
    perhaps = perhaps_safe(said, faults.outages)
    wrong = mistold(verdict, gaps, faults.outages, truth, faults.behind_s, perhaps)
    assert wrong == [], f"{seen}: {wrong}"
    return seen


def _events(subscriber: Subscriber, *events: str) -> Iterator[tuple[str, bytes]]:
    """Of the sensors, in order."""
    for message in subscriber.messages:
        _, _, sensor, _, event = message.topic.split("/")
        if event in events:
            yield sensor, bytes(message.payload)


def uno(folder: Path, seed: int) -> EmulatedBoard:
    """With an SHT31, which can be asked every half second."""
    return EmulatedBoard(folder, "SHT31", ("--seed", str(seed)))


def _has_readings(database: Path) -> bool:
    try:
        return bool(stored(database))
    except sqlite3.OperationalError:  # it is just being made
        return False


@pytest.mark.once
def test_some_faults(
    tmp_path: Path, start: Callable[..., Gateway], capsys: pytest.CaptureFixture[str]
) -> None:
    """A few of each run, as long as a test may take."""
    seen = run(uno(tmp_path, 1), tmp_path, start, seed=1, count=5)
    with capsys.disabled():
        print(f"\n{seen}")


@NEEDED
@pytest.mark.once
def test_some_faults_in_micropython(
    tmp_path: Path, start: Callable[..., Gateway], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same with the board in MicroPython, whose memory outlives a reset."""
    seen = run(WiredBoard(tmp_path, 4), tmp_path, start, seed=4, count=5)
    with capsys.disabled():
        print(f"\n{seen}")


@NEEDED
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_faults_in_micropython(
    tmp_path: Path, start: Callable[..., Gateway], capsys: pytest.CaptureFixture[str]
) -> None:
    """As many as there are of a kind."""
    seen = run(WiredBoard(tmp_path, 5), tmp_path, start, seed=5, count=100)
    with capsys.disabled():
        print(f"\n{seen}")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [2, 3])
def test_two_hundred_faults(
    tmp_path: Path, start: Callable[..., Gateway], capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    """Every reading that the board could keep is there, once; what it could not is told, and how many."""
    seen = run(uno(tmp_path, seed), tmp_path, start, seed=seed, count=100)
    with capsys.disabled():
        print(f"\n{seen}")
