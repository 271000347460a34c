"""Fixtures that every test of `drivers` gets: nothing survives a test; boards, clocks, the simulator."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import sig
from drivers import Dispatcher
from tests.support.fake_clock import FakeClock
from tests.support.leaks import nothing_left
from tests.support.scripted_board import ScriptedBoard

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail a test after which a thread, a child process or a descriptor is there that was not before it."""
    with nothing_left():
        yield


@pytest.fixture
def clock() -> FakeClock:
    """A clock that goes only when told."""
    return FakeClock()


@pytest.fixture
def router() -> sig.Router:
    """A router of the test's own."""
    return sig.Router()


@pytest.fixture
def board(no_leaks: None, tmp_path: Path) -> Iterator[ScriptedBoard]:
    """A board on a pty, plugged in."""
    with ScriptedBoard(tmp_path / "board") as board:
        yield board


@pytest.fixture
def dispatcher(no_leaks: None) -> Iterator[Dispatcher]:
    """A dispatcher that runs."""
    with Dispatcher() as dispatcher:
        yield dispatcher


@pytest.fixture
def simulator_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a child find the simulator though it is not installed."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "firmware-sim"), *filter(None, sys.path)]))


@pytest.fixture
def failures(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log; fails a test in which a defect was logged with a traceback."""
    caplog.set_level(logging.INFO, logger="drivers")
    yield caplog
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.fixture(autouse=True)
def no_thread_dies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test in which a thread ended with an exception."""
    died: list[str] = []
    monkeypatch.setattr(
        threading, "excepthook", lambda args: died.append(f"{args.thread}: {args.exc_value!r}")
    )
    yield
    assert died == []
