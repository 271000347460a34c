"""Fixtures that every test of `sig` gets: no thread survives, no logger stays set."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

import sig

GRACE_S = 5.0


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
