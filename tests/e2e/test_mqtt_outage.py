"""The broker is away: what a gateway keeps of it, through kill -9, and in how much memory and disk."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.outages import SENDERS, SLACK_S, WINDOW_S, Life, Talking, check, numbers, received
from tests.support.scripted_board import HUM, TEMP, ScriptedBoard
from tests.support.waiting import until

pytestmark = pytest.mark.once

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "{device}"}}}}
sensors:
  temp: {{{{driver: temperature, link: board}}}}
  hum: {{{{driver: humidity, link: board}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}", {more}}}}}
"""


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    """A board with two sensors, which says nothing of itself."""
    with ScriptedBoard(tmp_path / "board", (TEMP, HUM)) as plugged:
        yield plugged


@pytest.mark.parametrize(
    "outage_s",
    [
        pytest.param(6.0, id="6s"),
        pytest.param(60.0, id="60s", marks=[pytest.mark.slow, pytest.mark.timeout(300)]),
    ],
)
def test_an_outage_with_three_kills(
    tmp_path: Path, start: Callable[..., Any], board: ScriptedBoard, outage_s: float
) -> None:
    """100 readings a second; a subscriber with a session gets each that was committed, every sensor's live
    ones in order and its late ones in order, and doubles under the same id."""
    part = int(outage_s / 3 * 100)
    must: set[int] = set()
    with (
        Mosquitto(tmp_path) as broker,
        Subscriber(broker.port, "sig/#", client_id="s", session=True) as seen,
        Talking(board),
    ):
        config = CONFIG.format(device=board.device, broker=broker.port, more="backlog_rate: 2000")
        life = Life(partial(start, config))
        seen.on("sig/test/temp/event/changed", count=50)
        broker.stop()
        for _ in range(3):
            must |= life.accept(part).kill()
            life = Life(partial(start, config))
        life.accept(100)
        broker.start()
        life.accept(len(life.accepted) + 150)
        until(lambda: must <= numbers(seen), what=f"missing: {sorted(must - numbers(seen))[:20]}")
        last = max(life.accepted)
        until(lambda: last in numbers(seen))
        life.kill()
    assert len(must) > 3 * (part - 100 * (WINDOW_S + SLACK_S)) - 50, "too few to mean anything"
    for sender in SENDERS:
        check(received(seen, sender), late=len(must) // 4)


class Outage(NamedTuple):
    """The broker hangs, or else ends, and comes back. It lasts for so many readings; in the middle of it the
    gateway is killed, or not."""

    hangs: bool
    readings: int
    killed: bool


PER_SECOND = 50
LONGEST_S = 3
BACK_S = 2.0
"""From the broker's return to the first live reading, at p95."""


def outages(seed: int, count: int, kills: int) -> list[Outage]:
    """So many, of both kinds and of all lengths; the same for the same seed."""
    chance = Random(seed)
    killed = chance.sample(range(count), kills)
    return [
        Outage(chance.random() < 0.3, chance.randint(1, LONGEST_S * PER_SECOND), at in killed)
        for at in range(count)
    ]


def is_live(seen: Subscriber, known: int, after: int) -> bool:
    """Whether a reading has come since there were `known` messages that was made after the `after`th, and is
    not late."""
    new = (message for message in seen.messages[known:] if message.topic.endswith("/event/changed"))
    events = (json.loads(message.payload) for message in new)
    return any(event["seq"] > after and "late" not in event for event in events)


@pytest.mark.parametrize(
    ("count", "kills"),
    [
        pytest.param(3, 1, id="3"),
        pytest.param(20, 3, id="20", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_many_outages_and_kills(
    tmp_path: Path, start: Callable[..., Any], board: ScriptedBoard, count: int, kills: int
) -> None:
    """50 readings a second: nothing is lost but the window of a kill, each sender's are in order, and after
    each outage live ones come again, soon."""
    must: set[int] = set()
    took_s: list[float] = []
    with (
        Mosquitto(tmp_path) as broker,
        Subscriber(broker.port, "sig/#", client_id="s", session=True) as seen,
        Talking(board, PER_SECOND),
    ):
        begin = partial(
            start, CONFIG.format(device=board.device, broker=broker.port, more="backlog_rate: 2000")
        )
        life = Life(begin)
        seen.on("sig/test/temp/event/changed", count=20)
        for outage in outages(10, count, kills):
            life.accept(len(life.accepted) + PER_SECOND)
            (broker.suspend if outage.hangs else broker.stop)()
            life.accept(len(life.accepted) + outage.readings)
            if outage.killed:
                must |= life.kill()
                life = Life(begin)
                life.accept(outage.readings)
            known, newest = len(seen.messages), board.seq
            began = time.monotonic()
            (broker.resume if outage.hangs else broker.start)()
            until(partial(is_live, seen, known, newest), what=f"live again after {outage}")
            took_s.append(time.monotonic() - began)
        life.accept(len(life.accepted) + PER_SECOND)
        must |= set(life.accepted)
        until(lambda: must <= numbers(seen), what=f"missing: {sorted(must - numbers(seen))[:20]}")
        life.kill()
    assert len(must) > 2 * count * PER_SECOND, "too few to mean anything"
    for sender in SENDERS:
        check(received(seen, sender), late=count)
    if count >= 20:  # of fewer there is no p95, and a machine that is busy beside it says nothing
        assert sorted(took_s)[count * 95 // 100 - 1] < BACK_S, took_s


@pytest.mark.parametrize(
    ("readings", "rows"),
    [
        pytest.param(50_000, 5_000, id="50000"),
        # Three sensors at 1 Hz.
        pytest.param(260_000, 60_000, id="day", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_the_readings_of_a_day_without_a_broker(
    tmp_path: Path, start: Callable[..., Any], board: ScriptedBoard, readings: int, rows: int
) -> None:
    """As fast as they are taken, and more than the outbox may hold: memory and disk keep to their bounds, and
    what could not be kept is counted, in gaps."""
    memory, disk = [], []
    with Mosquitto(tmp_path) as broker:
        broker.stop()
        more = f"outbox_rows: {rows}, backlog_rate: 100000"
        gateway = start(CONFIG.format(device=board.device, broker=broker.port, more=more))
        gateway.wait_for_error("board: up")
        with gateway.client() as client:
            for part in range(20):
                say_flat_out(board, readings // 20)
                until(partial(has_heard, client, (part + 1) * readings // 20), timeout_s=60)
                memory.append(peak_kb(gateway.popen.pid))
                disk.append(folder_kb(tmp_path / "data"))
        assert memory[-1] - memory[0] < QUEUES_KB < readings * EVENT_BYTES // 1000, memory
        assert max(disk) < (rows + WINDOW_ROWS) * EVENT_BYTES // 1000 + WAL_KB, disk
        with Subscriber(broker.start().port, "sig/#") as seen, gateway.client() as client:
            until(lambda: sum(outcome(seen)) >= triggered(client), timeout_s=120)
            kept, lost = outcome(seen)
            assert kept + lost == triggered(client)
    assert kept >= rows


EVENT_BYTES = 400
"""Of an event in memory; its row on disk has fewer."""
QUEUES_KB = 16_000
"""What the gateway's queues hold in a flood, and SQLite's cache; all the readings would need more."""
WINDOW_ROWS = 10_000
"""The events of a loss window, flat out, come on top before the oldest go."""
WAL_KB = 2_000


def say_flat_out(board: ScriptedBoard, count: int) -> None:
    """Each another value than the one before, in bunches that the pty takes."""
    for _ in range(count // 20):
        board.say(*(board.reading(SENDERS[n % 2], f"{20 + board.seq // 2 % 50}") for n in range(20)))


def has_heard(client: Any, count: int) -> bool:
    """Whether both sensors together have received so many."""
    return stats(client, "received") >= count


def triggered(client: Any) -> int:
    """Events so far: those of readings and silences, and the two connects."""
    return stats(client, "published") + len(SENDERS)


def stats(client: Any, counter: str) -> int:
    """The sum of the sensors' counters of that name."""
    return sum(client.remoteRequest(sender, "stats")[counter] for sender in SENDERS)


def outcome(seen: Subscriber) -> tuple[int, int]:
    """How many events the subscriber has got, and how many it was told are lost."""
    base = "sig/test/{}/event/{}"
    kept = sum(seen.count(base.format(*at)) for at in product(SENDERS, ("changed", "stale", "connect")))
    gaps = [json.loads(gap) for sender in SENDERS for gap in seen.payloads(base.format(sender, "gap"))]
    return kept, sum(gap["count"] for gap in gaps)


def peak_kb(pid: int) -> int:
    """The most memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def folder_kb(folder: Path) -> int:
    """What the files of a folder take."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) // 1000
