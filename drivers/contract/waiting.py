"""Waiting for a link, with a deadline, and for what a test may not leave behind."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from drivers.link import Link

Result = TypeVar("Result")

LOOK_S = 0.005
# How often a value is measured for those who wait for the next one.
MEASURE_S = 0.05


def until(
    condition: Callable[[], object],
    within_s: float,
    what: str,
    link: Link,
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """Ask `condition` until it is true. `meanwhile` is called now and again. Raises AssertionError at the
    deadline."""
    now = time.monotonic()
    deadline, act_at = now + within_s, now
    pause = threading.Event()
    while not condition():
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"waited {within_s:g} s in vain for {what}; the link: {link.status()}")
        if meanwhile is not None and now >= act_at:
            act_at = now + MEASURE_S
            meanwhile()
        pause.wait(LOOK_S)


@contextmanager
def running(
    jobs: Sequence[Callable[[], None]],
    within_s: float,
    what: str,
    link: Link,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Threads, that end by themselves within so long."""
    threads = [threading.Thread(target=job, name="contract-asks", daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    yield
    until(lambda: not any(thread.is_alive() for thread in threads), within_s, what, link, meanwhile)


def ended(
    job: Callable[[], Result],
    within_s: float,
    what: str,
    link: Link,
    meanwhile: Callable[[], None] | None = None,
) -> Result:
    """What `job`, on a thread of its own, returns within so long."""
    results: list[Result] = []
    with running([lambda: results.append(job())], within_s, what, link, meanwhile):
        pass
    return results[0]


@contextmanager
def nothing_left(within_s: float = 5.0) -> Iterator[None]:
    """Fails when, so long afterwards, a thread or a file descriptor is there that was not before."""
    threads, descriptors = set(threading.enumerate()), _descriptors()
    yield
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        left = [thread.name for thread in threading.enumerate() if thread not in threads]
        opened = {number: name for number, name in _descriptors().items() if descriptors.get(number) != name}
        if not (left or opened):
            return
        assert time.monotonic() <= deadline, f"left behind: threads {left}, descriptors {opened}"
        pause.wait(LOOK_S)


def _descriptors() -> dict[int, str]:
    found = {}
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - iterdir would hold one itself while we look
        try:
            found[int(entry)] = os.readlink(f"/proc/self/fd/{entry}")  # noqa: PTH115 - as above
        except OSError:
            continue  # the one that listed the folder
    return found
