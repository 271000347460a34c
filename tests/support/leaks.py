"""What a test may leave behind: nothing."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import DEADLINE_S

GRACE_S = DEADLINE_S / 2


def _descriptors() -> dict[int, str]:
    found = {}
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - iterdir would hold one itself while we look
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")  # noqa: PTH115 - as above
        except OSError:
            continue  # the one that listed the folder
        if target.startswith(("pipe:", "socket:", "/dev/pts/", "/dev/ptmx", "/dev/tty")):
            found[int(entry)] = target
    return found


def _children() -> set[int]:
    tasks = Path("/proc/self/task")
    found: set[int] = set()
    for task in tasks.iterdir():
        try:
            found |= {int(pid) for pid in (task / "children").read_text().split()}
        except OSError:
            continue  # a thread that has just ended
    return found


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fails when a thread, a child process or a descriptor is there afterwards that was not before."""
    threads, children, descriptors = set(threading.enumerate()), _children(), _descriptors()
    yield
    deadline = time.monotonic() + GRACE_S
    pause = threading.Event()
    while True:
        left = [thread.name for thread in threading.enumerate() if thread not in threads]
        orphans = _children() - children
        opened = {number: name for number, name in _descriptors().items() if descriptors.get(number) != name}
        if not (left or orphans or opened):
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"left behind: threads {left}, processes {orphans}, descriptors {opened}")
        pause.wait(0.005)
