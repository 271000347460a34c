"""Fixtures that every test of `sig` gets: no thread survives, no logger stays set."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import sig
from tests.sig.netkit import KINDS, WAIT_S, Logged, Net

GRACE_S = WAIT_S / 2

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("sig", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sig")


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    """Fail a test after which a thread is alive that was not there before it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE_S
    left = [t for t in threading.enumerate() if t not in before]
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    alive = [t.name for t in left if t.is_alive()]
    assert not alive, f"threads left running: {alive}"


@pytest.fixture(autouse=True)
def silent_logger() -> Iterator[None]:
    """Undo a test's setup_logger."""
    yield
    sig.setup_logger(None)


@pytest.fixture(params=KINDS)
def net(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Net]:
    """Servers and clients of every carrier in turn."""
    kit = Net(request.param, tmp_path)
    yield kit
    kit.close()


@pytest.fixture
def tcp(tmp_path: Path) -> Iterator[Net]:
    """Servers and clients over plain TCP, for what does not depend on the carrier."""
    kit = Net("tcp", tmp_path)
    yield kit
    kit.close()


@pytest.fixture
def logged() -> Logged:
    """What `sig` logs during the test."""
    logger = Logged()
    sig.setup_logger(logger)
    return logger
