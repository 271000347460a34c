"""The link's own requests: among others', on a damaging line, to boards that restart or do not listen."""

import contextlib
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import sig
from drivers import HumiditySensor, Link, LinkState
from tests.support.deaf_board import DeafBoard
from tests.support.house import House
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import DEADLINE_S, until

pytestmark = pytest.mark.once

NAMES = ("temp", "hum", "lux")
INTERVAL_S = 0.2
LOST_S = DEADLINE_S / 2
"""A write that nobody takes ends after a second, and the session with it; else nothing ever ends it."""
ONE_LINE_IN_FIVE = 0.0007
"""A bit's chance to be flipped: of a line of some 40 bytes, 320 bits, 0.9993 ^ 320 = 80 % stay whole."""


@contextlib.contextmanager
def readers(house: House, sender: str, count: int) -> Iterator[None]:
    """So many threads that read `sender` in a loop."""
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            with contextlib.suppress(sig.RequestError):
                house.read(sender, timeout=5)

    threads = [threading.Thread(target=read, name=f"reads-{number}") for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def has_read_more(house: House, lines: int) -> bool:
    """Whether the link has read more than so many good lines."""
    return house.link.status().counters["lines"] > lines


def received(house: House) -> dict[str, int]:
    """The readings of each sensor so far."""
    return {name: sensor.stats()["received"] for name, sensor in house.sensors.items()}


class Quiet:
    """True once no request has come for so long."""

    def __init__(self, board: ScriptedBoard, span_s: float) -> None:
        self._board = board
        self._span_s = span_s
        self._count = -1
        self._since = 0.0

    def __call__(self) -> bool:
        count = len(self._board.requests)
        if count != self._count:
            self._count, self._since = count, time.monotonic()
        return time.monotonic() - self._since >= self._span_s


@pytest.mark.usefixtures("simulator_path")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_wanted_intervals_arrive_on_a_damaging_line(tmp_path: Path, seed: int) -> None:
    """One line in five is damaged, both ways: yet each channel reports every 0.2 s, not every second."""
    port = f"sim:{tmp_path}/board?speed=60&seed={seed}&faults=flip={ONE_LINE_IN_FIVE}"
    with House(port, *NAMES, interval=INTERVAL_S) as house:

        def in_force() -> bool:
            board = house.link.status().board
            return board is not None and all(c.interval_s == INTERVAL_S for c in board.channels.values())

        until(in_force, what=f"an interval of {INTERVAL_S} s on each channel: {house.link.status()}")
        before, started = received(house), time.monotonic()
        until(lambda: all(count >= before[name] + 12 for name, count in received(house).items()))
        # 12 of what comes every 0.2 s, and every fifth is lost: 3 s. With the board's own second it were 15.
        assert time.monotonic() - started < 6
        damaged = house.link.status().counters["damaged"]
        assert damaged > 0


def test_an_interval_that_got_lost_is_asked_for_again(board: ScriptedBoard) -> None:
    """Twice the line to the board is damaged: the hello says so, and the wish is sent a third time."""
    lost: list[list[str]] = []

    def damaged(fields: list[str]) -> list[str] | None:
        if fields[1] == "interval" and len(lost) < 2:
            lost.append(fields)
            return []
        return None

    board.script = damaged
    with House(str(board.link), interval=INTERVAL_S):
        board.wait_for("interval", 3)
        until(lambda: board.channels[0].endswith(" 200"))
    assert [fields[1:] for fields in lost] == [["interval", "temp", "200"]] * 2


def test_a_second_sensor_does_not_wait_for_the_readers_of_the_first(board: ScriptedBoard) -> None:
    """Sixteen threads read the first in a loop: the second has interval and first value soon."""
    with House(str(board.link)) as house:
        house.wait_for("#changed")
        with readers(house, "temp", 16):
            board.wait_for("read", 100)
            attached = time.monotonic()
            hum = HumiditySensor("hum", house.link, interval=INTERVAL_S)
            house.sensors["hum"] = hum
            hum.attach(house.router)
            # Tenths of a second; one who is passed over waits for as long as they read.
            assert house.wait_for("#changed", "hum")[1] - attached < DEADLINE_S / 4
            until(lambda: board.channels[1].endswith(" 200"), what=f"its interval: {board.channels}")


def test_a_brown_out_leaves_no_heap_of_requests(board: ScriptedBoard) -> None:
    """After sixty restarts the board is asked what one start takes, not what sixty would have taken."""
    with House(str(board.link), "temp", "hum", interval=INTERVAL_S) as house:
        house.wait_for("#changed")
        house.wait_for("#changed", "hum")
        board.script = lambda fields: []  # before it could answer, it restarts
        for _ in range(60):
            lines = house.link.status().counters["lines"]
            board.restart(silently=False)
            until(partial(has_read_more, house, lines))
        asked = len(board.requests)
        board.script = lambda fields: None
        board.values = {"temp": "22.5", "hum": "41.5"}
        board.restart(silently=False)
        house.wait_for("#changed", count=2)
        house.wait_for("#changed", "hum", count=2)
        until(lambda: all(channel.endswith(" 200") for channel in board.channels[:2]), what="the intervals")
        until(Quiet(board, 1.5))
        # Two intervals, the hello that confirms them, two reads: 5. And once more for what was under way.
        assert len(board.requests) - asked <= 12, board.requests[asked:]


def test_a_port_that_takes_no_writes_ends_the_session(tmp_path: Path) -> None:
    """Though readings go on coming: a link on which every request fails is not up."""
    with DeafBoard(tmp_path / "board") as board, Link("board", str(board.link)) as link:
        until(lambda: link.status().state is LinkState.UP)
        board.deafen()
        heard = board.readings
        deafened = time.monotonic()
        left: list[str | None] = []

        def lost() -> bool:
            with contextlib.suppress(sig.RequestError):
                link.request("read", "temp", timeout_s=1.5)
            status = link.status()
            if status.state is not LinkState.UP:
                left.append(status.reason)
            return bool(left)

        until(lost, LOST_S, what=f"not up: {link.status()}")
        assert time.monotonic() - deafened < LOST_S
        assert board.readings > heard
        assert left[0] is not None
        assert "writ" in left[0] or "took nothing" in left[0]
