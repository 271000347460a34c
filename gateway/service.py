"""What the gateway is made of: services. The app starts and stops them, and asks each how it fares."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

logger = logging.getLogger(__name__)

MARGIN_S = 0.05
"""What a service that takes all its time has left to say so, and to say what it leaves behind."""


class State(StrEnum):
    """Whether data flows, as far as that has been seen."""

    OK = "ok"
    UNKNOWN = "unknown"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Part:
    """How one part of the gateway fares. `message`: the sentence that a person needs; `facts`: beside it, for
    a program, what JSON can hold."""

    state: State
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """The form in which it leaves the process."""
        return {"status": str(self.state), "message": self.message, **self.facts}


class Service(Protocol):
    """A part that the app starts and stops, on one thread. Constructors open nothing."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def start(self) -> None:
        """Begin; returns at once. Raises `StartError` if there is no use in going on without it."""

    def stop(self, within_s: float) -> bool:
        """End, also if it was never started; False if something is left behind after `within_s`."""

    def status(self) -> Mapping[str, Part]:
        """How its parts fare, by name. From any thread; waits for nothing."""


class StartError(Exception):
    """The gateway cannot start; the text says what, where, and what to do."""


def stop_together(services: Sequence[Service], within_s: float) -> bool:
    """Stop all of them at the same time; False if one of them is not done in time, or says so."""
    stopped: list[bool] = []

    def stop(service: Service) -> None:
        stopped.append(service.stop(within_s - MARGIN_S))

    what = " or ".join(service.name for service in services)
    return all_within([partial(stop, service) for service in services], within_s, what) and all(stopped)


def all_within(actions: Sequence[Callable[[], object]], timeout_s: float, what: str) -> bool:
    """Run the actions at the same time, each on a thread; False if one is not done after `timeout_s`.

    Where no thread can be had (`RLIMIT_NPROC`, a service's TasksMax), the rest follow on this one, however
    long they take. One that raises there is not done, and is in the log; it keeps nobody from what follows.
    """
    threads: list[threading.Thread] = []
    failed = 0
    deadline = time.monotonic() + timeout_s
    for action in actions:
        thread = threading.Thread(target=action, name=f"stop-{what}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            failed += not _is_done(action, what)
        else:
            threads.append(thread)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = sum(thread.is_alive() for thread in threads)
    if left:
        logger.warning("stopping: %d %s did not stop within %g s and is left behind", left, what, timeout_s)
    return left == 0 and not failed


def _is_done(action: Callable[[], object], what: str) -> bool:
    try:
        action()
    except Exception:
        logger.exception("stopping: %s failed; please report this", what)
        return False
    return True
