"""Another program opens the port that the gateway holds: a serial monitor, ModemManager."""

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

import sig
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

pytestmark = pytest.mark.once

CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "{device}"}}}}
sensors:
  temp: {{{{driver: temperature, link: board}}}}
"""
FAST_TEMP = "temp temperature C 0.01 -40 85 50"
OPEN = """\
import errno, os, sys
if os.getuid() == 0:
    os.setgroups([])
    os.setuid(65534)  # nobody
try:
    os.open(sys.argv[1], os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
except OSError as error:
    print(errno.errorcode[error.errno])
else:
    print("opened")
"""


class Talking:
    """The board reports a new value every 50 ms."""

    def __init__(self, board: ScriptedBoard) -> None:
        self._board = board
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="talks")

    def _talk(self) -> None:
        number = 0
        while not self._ended.wait(0.05):
            number += 1
            self._board.report("temp", f"{20 + number % 50 / 10}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ScriptedBoard]:
    """A board that reports."""
    with ScriptedBoard(tmp_path / "board", [FAST_TEMP]) as plugged, Talking(plugged):
        yield plugged


def test_nobody_else_can_open_the_port(start: Callable[..., Any], board: ScriptedBoard) -> None:
    """Also not a program that asks for no lock; root alone could."""
    start(CONFIG.format(device=board.device)).wait_for_error("board: up")
    os.chmod(board.device, 0o666)  # noqa: PTH101, S103 - not for want of permission
    tried = subprocess.run(
        [sys.executable, "-c", OPEN, board.device], capture_output=True, text=True, check=True
    )
    assert tried.stdout == "EBUSY\n"


def test_stolen_bytes_are_no_unplugged_cable(start: Callable[..., Any], board: ScriptedBoard) -> None:
    """A program that had the port open before us reads along for two seconds: lines are lost or damaged, but
    the link stays up, and nobody is told of a cable."""
    events: list[str] = []
    thief = os.open(board.device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        gateway = start(CONFIG.format(device=board.device))
        gateway.wait_for_error("board: up")
        with gateway.client() as client:
            client.addRemoteListener(lambda info, data: events.append(info["event"]), "temp")
            until(lambda: "#changed" in events)
            stolen = 0
            ends = time.monotonic() + 2.0
            while time.monotonic() < ends:
                select.select([thief], [], [], 0.1)
                with contextlib.suppress(BlockingIOError):  # the gateway was quicker
                    stolen += len(os.read(thief, 8))
            assert stolen > 100
            events.clear()
            until(lambda: "#changed" in events)
            with contextlib.suppress(sig.RequestError):
                client.remoteRequest("temp", "read")
    finally:
        os.close(thief)
    assert "unplugged?" not in gateway.errors
    assert "#disconnect" not in events
