"""A long outage, and a bridge that is killed meanwhile: nothing is lost but what the loss window allows."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]
WINDOW_S = 1.0
SLACK_S = 0.5
"""From a trigger to the bridge's thread, and for a disk and a machine that do a lot else."""

PROGRAM = """
import sys, time
from pathlib import Path
import sig
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.connection import Target
from gateway.mqtt.settings import Settings

port, folder, first = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
router = sig.Router()
target = Target("127.0.0.1", port, "sig-test")
bridge = Bridge(router, Settings("test", target, folder / "mqtt.db", backlog_rate=2000.0))
bridge.start()
signals = [router.addSender(name, "#changed").getSignal("#changed") for name in ("temp", "hum")]
due = time.monotonic()
for seq in range(first, first + 1_000_000):
    signals[seq % 2].trigger({"value": 1.5, "unit": "x", "time": "t", "quality": "good", "seq": seq})
    print(seq, time.monotonic(), flush=True)
    due += 0.01
    time.sleep(max(0.0, due - time.monotonic()))
"""


class Worker:
    """A process with a bridge that triggers 100 events a second, and says which and when."""

    def __init__(self, port: int, folder: Path, first: int) -> None:
        environ = os.environ | {"PYTHONPATH": str(ROOT), "COVERAGE_PROCESS_CONFIG": ""}
        self.triggered: dict[int, float] = {}
        self._popen = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(port), str(folder), str(first)],
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            if line.endswith("\n"):
                seq, at = line.split()
                self.triggered[int(seq)] = float(at)

    def work(self, count: int) -> Self:
        """Wait until it has triggered so many."""
        until(lambda: len(self.triggered) >= count, timeout_s=count / 100 + 20)
        return self

    def kill(self) -> set[int]:
        """kill -9; returns what must not be lost."""
        self._popen.kill()
        killed = time.monotonic()
        self._popen.wait()
        self._reader.join()
        assert self._popen.stdout is not None
        self._popen.stdout.close()
        return {seq for seq, at in self.triggered.items() if at < killed - WINDOW_S - SLACK_S}


@pytest.mark.parametrize(
    "outage_s",
    [
        pytest.param(6.0, id="6s"),
        pytest.param(60.0, id="60s", marks=[pytest.mark.slow, pytest.mark.timeout(300)]),
    ],
)
def test_an_outage_with_three_kills(tmp_path: Path, outage_s: float) -> None:
    """100 events a second; a subscriber with a session gets every one that was committed, each sender's live
    ones in order and its late ones in order, and doubles under the same id."""
    part = int(outage_s / 3 * 100)
    must: set[int] = set()
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port, "sig/#", client_id="s", session=True) as seen:
        worker = Worker(broker.port, tmp_path, 0)
        seen.on("sig/test/temp/event/changed", count=50)
        broker.stop()
        for number in range(1, 4):
            must |= worker.work(part).kill()
            worker = Worker(broker.port, tmp_path, number * 1_000_000)
        worker.work(100)
        broker.start()
        worker.work(len(worker.triggered) + 150)
        seen.on("sig/test/temp/event/changed", count=len(must) // 2 + 50)
        until(lambda: must <= numbers(seen), what=f"missing: {sorted(must - numbers(seen))[:20]}")
        last = max(worker.triggered)
        until(lambda: last in numbers(seen))
        worker.kill()
        check(seen, must)


def numbers(seen: Subscriber) -> set[int]:
    return {message["seq"] for message in received(seen, "temp") + received(seen, "hum")}


def received(seen: Subscriber, sender: str) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in seen.payloads(f"sig/test/{sender}/event/changed")]


def check(seen: Subscriber, must: set[int]) -> None:
    for sender in ("temp", "hum"):
        events = received(seen, sender)
        ids: dict[str, int] = {}
        for event in events:
            assert ids.setdefault(event["id"], event["seq"]) == event["seq"], "one id, one event"
        assert len(set(ids.values())) == len(ids), "one event, one id"
        for late in (False, True):
            first_seen = list(dict.fromkeys(e["seq"] for e in events if e.get("late", False) is late))
            assert first_seen == sorted(first_seen)
        assert sum("late" in event for event in events) > len(must) // 4
