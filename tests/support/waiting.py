"""Waiting for what other threads do, with a deadline, never for a fixed time."""

import threading
import time
from collections.abc import Callable

# Far more than anything here takes, for a machine that does a lot else.
DEADLINE_S = 60.0


def until(condition: Callable[[], object], timeout_s: float = DEADLINE_S, what: str = "") -> float:
    """Ask `condition` until it is true; returns the seconds that took. Fails at the deadline."""
    started = time.monotonic()
    pause = threading.Event()
    while not condition():
        waited = time.monotonic() - started
        if waited > timeout_s:
            raise AssertionError(f"still not, after {waited:.1f} s: {what or condition}")
        pause.wait(0.002)
    return time.monotonic() - started


def happens(event: threading.Event, timeout_s: float = DEADLINE_S) -> None:
    """Wait for `event`; fails at the deadline."""
    assert event.wait(timeout_s), "the event did not happen"
