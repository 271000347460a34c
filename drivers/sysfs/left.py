"""Reads that hang, and are left to themselves.

A read of one of the kernel's files may never return, and nothing ends it: not a signal, as the kernel waits
for the bus, and not closing the file. So the thread that reads is left behind, as a daemon, and another one
takes over. What hangs belongs to the program and not to a session: a link that is opened anew must not leave
two more behind each time.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

# A second read that hangs while the first one does says that it is the bus that hangs. More threads would
# only wait beside those.
MOST = 2


class Left(NamedTuple):
    """What was read, and since when (monotonic)."""

    path: str
    since: float


class LeftReads:
    """What hangs, by the bus's folder. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, dict[object, Left]] = {}

    def add(self, bus: str, token: object, left: Left) -> None:
        """The read that `token` stands for is left behind."""
        with self._lock:
            self._left.setdefault(bus, {})[token] = left

    def returned(self, bus: str, token: object) -> None:
        """It has returned after all."""
        with self._lock:
            there = self._left.get(bus, {})
            there.pop(token, None)
            if not there:
                self._left.pop(bus, None)

    def of(self, bus: str) -> list[Left]:
        """What hangs on a bus now, the longest first."""
        with self._lock:
            return list(self._left.get(bus, {}).values())


LEFT = LeftReads()
"""The program's."""


def read_hangs(left: Left, now: float) -> str:
    """Why what it belongs to is not measured: a clause for a person."""
    return (
        f"a read of {left.path} has not returned for {now - left.since:.0f} s, and is left to itself; "
        "check the wiring, and power the sensor off and on"
    )


def bus_hangs(name: str, left: Sequence[Left], now: float) -> str | None:
    """Why nothing on the bus called `name` is measured; None as long as it is only one read that hangs."""
    if len(left) < MOST:
        return None
    paths = " and ".join(dict.fromkeys(each.path for each in left))
    return (
        f"the bus {name} hangs: reads of {paths} have not returned, the first for "
        f"{now - left[0].since:.0f} s; check the wiring, and power the sensors off and on"
    )
