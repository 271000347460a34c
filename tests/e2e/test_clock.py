"""A gateway as a user runs it, whose machine's clock is wrong, and set while it runs."""

import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.timekeeping import FILE
from tests.support.faked_clock import Faked
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.scripted_board import TEMP, ScriptedBoard
from tests.support.waiting import until

pytestmark = pytest.mark.once

DAY = 86400.0
SLACK_S = 2.0
"""So near to the truth a corrected time has to be. What is measured is noted a moment later."""
CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links: {{{{board: {{{{port: "{device}"}}}}}}}}
sensors: {{{{temp: {{{{driver: temperature, link: board}}}}}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}"}}}}
"""


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    """A board with one sensor, which says nothing of itself."""
    with ScriptedBoard(tmp_path / "board", (TEMP,)) as plugged:
        yield plugged


@pytest.fixture
def faked(tmp_path: Path) -> Faked:
    return Faked.required(tmp_path)


def utc(message: dict[str, Any]) -> float:
    return datetime.fromisoformat(message["time"]).timestamp()


class Scene:
    """The board's reports, with the time in truth, and what a subscriber has of them."""

    def __init__(self, board: ScriptedBoard, seen: Subscriber) -> None:
        self._board = board
        self._seen = seen
        self.reported: dict[float, float] = {}

    def report(self, count: int) -> None:
        """New values, each of them once."""
        for _ in range(count):
            value = round(22.0 + len(self.reported) / 10, 1)
            self.reported[value] = time.time()
            self._board.report("temp", f"{value:.1f}")

    def arrived(self) -> dict[float, dict[str, Any]]:
        """By value, what came of it first; the board also says one of its own, at its hello."""
        found = [json.loads(payload) for payload in self._seen.payloads("sig/test/temp/event/changed")]
        known = {event["value"]: event for event in reversed(found) if event["value"] in self.reported}
        return dict(sorted(known.items()))

    def all_arrive(self) -> dict[float, dict[str, Any]]:
        """Waits for them."""
        until(lambda: self.arrived().keys() == self.reported.keys(), what=f"{self.reported}")
        return self.arrived()

    def is_right(self, event: dict[str, Any]) -> bool:
        """Whether it has the time of its report, and no mark."""
        return "clock" not in event and abs(utc(event) - self.reported[event["value"]]) < SLACK_S


Start = Callable[..., Any]


@contextlib.contextmanager
def scene(start: Start, board: ScriptedBoard, broker: Mosquitto, faked: Faked, **more: str) -> Iterator[Any]:
    """A gateway whose data folder knows what time it is, as after a day of work."""
    config = CONFIG.format(device=board.device, broker=broker.port)
    data = board.link.parent / "data"
    data.mkdir(exist_ok=True)
    (data / FILE).write_text(json.dumps({"version": 1, "newest": time.time() - 60, "boots": {}}))
    with Subscriber(broker.port, "sig/#", client_id="kept", session=True) as seen:
        gateway = start(config, **faked.environment, **more)
        seen.on("sig/test/temp/availability", b"online")
        yield gateway, seen, Scene(board, seen)
        gateway.popen.send_signal(signal.SIGTERM)
        gateway.popen.wait(60)


@pytest.mark.parametrize("behind_s", [8 * DAY, 60 * DAY, 55 * 365 * DAY])
def test_behind_and_then_set(
    start: Start, board: ScriptedBoard, faked: Faked, tmp_path: Path, behind_s: float
) -> None:
    """Marked until it is set; what waits for a broker meanwhile is not lost, and has its right time."""
    faked.off(-behind_s)
    with (
        Mosquitto(tmp_path) as broker,
        scene(start, board, broker, faked, SIG_GATEWAY_CLOCK="") as (gateway, seen, played),
    ):
        played.report(1)
        (early,) = played.all_arrive().values()
        assert early["clock"] == "unset"
        assert abs(utc(early) + behind_s - played.reported[early["value"]]) < 60
        gateway.wait_for_error("clock: not believed")
        broker.stop()
        gateway.wait_for_error("events wait in the outbox")
        played.report(20)
        until(lambda: "24.0" in heads(tmp_path), what="it is on the disk")
        faked.off(0)
        gateway.wait_for_error("clock: it was set by +")
        played.report(3)
        broker.start()
        found = played.all_arrive()
        assert [value for value, event in found.items() if not played.is_right(event)] == [early["value"]]
        newest = max(found)
        seen.wait_for(lambda m: m.topic == "sig/test/temp/state" and json.loads(m.payload)["value"] == newest)
    assert gateway.errors.count("clock: it was set by") == 1


@pytest.mark.parametrize("days", [30, -30])
def test_wrong_for_two_seconds(
    start: Start, board: ScriptedBoard, faked: Faked, tmp_path: Path, days: float
) -> None:
    """What is told meanwhile is marked; nothing is lost, and what waits is right."""
    faked.off(0)
    with (
        Mosquitto(tmp_path) as broker,
        scene(start, board, broker, faked, SIG_GATEWAY_CLOCK="") as (gateway, _, played),
    ):
        played.report(2)
        played.all_arrive()
        faked.off(days * DAY)
        played.report(3)
        marked = played.all_arrive()
        broker.stop()
        gateway.wait_for_error("events wait in the outbox")
        played.report(3)
        ended = time.monotonic() + 2
        until(lambda: time.monotonic() > ended)
        faked.off(0)
        until(lambda: gateway.errors.count("clock: it was set by") == 2)
        played.report(3)
        broker.start()
        found = played.all_arrive()
    assert [v for v, event in found.items() if "clock" in event] == sorted(marked)[2:]
    assert all(played.is_right(event) for event in found.values() if "clock" not in event)


def test_the_variable(start: Start, board: ScriptedBoard, tmp_path: Path) -> None:
    """A right clock that is said to be none: everything is marked."""
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port, "sig/#") as seen:
        config = CONFIG.format(device=board.device, broker=broker.port)
        gateway = start(config, SIG_GATEWAY_CLOCK="unset")
        seen.on("sig/test/temp/availability", b"online")
        board.report("temp", "21.5")
        for topic in ("temp/event/changed", "temp/state", "diagnostics"):
            assert json.loads(seen.on(f"sig/test/{topic}").payload)["clock"] == "unset"
        gateway.wait_for_error("clock: not believed: SIG_GATEWAY_CLOCK=unset")


def heads(folder: Path) -> str:
    """What the outbox has on the disk, as text; it need not be whole."""
    found = (folder / "data").glob("mqtt.db*")
    return "".join(path.read_bytes().decode(errors="replace") for path in found)
