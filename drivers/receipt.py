"""Whether a reading that its device keeps is safe: known when all who took it have it safe, or have lost it.

    made (one hold, the link's) -- hold --> held by several -- release or lose, each --> told: safe, or not

A device that keeps its readings (docs/protocol.md, section 7) forgets one when it is told to, so it must not
be told too soon. Whoever takes a reading to keep it (history, MQTT's outbox) holds the receipt until it is
written; `current` is how they come by it, as the listeners of an event run on the thread that triggers it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Receipt:
    """Of the reading `seq` of a `boot` of the device `identity`. `tell(receipt, safe)` is called once, by
    whoever lets go of it last, on any thread: it only takes note. From any thread."""

    __slots__ = ("_holds", "_lock", "_lost", "_tell", "boot", "identity", "seq")

    def __init__(self, identity: str, boot: int, seq: int, tell: Callable[[Receipt, bool], None]) -> None:
        self.identity = identity
        self.boot = boot
        self.seq = seq
        self._tell = tell
        self._lock = threading.Lock()  # guards the two below; held for an assignment
        self._holds = 1
        self._lost = False

    @property
    def id(self) -> str:
        """By which one who hears of the reading twice knows it."""
        return f"{self.identity}-{self.boot}-{self.seq}"

    def hold(self) -> None:
        """One more takes it. Only while somebody holds it."""
        with self._lock:
            self._holds += 1

    def release(self) -> None:
        """One of them has it safe, or nothing to do with it."""
        self._let_go(lost=False)

    def lose(self) -> None:
        """One of them had no room for it: it is not safe, and is to be sent again."""
        self._let_go(lost=True)

    def _let_go(self, *, lost: bool) -> None:
        with self._lock:
            self._holds -= 1
            self._lost = self._lost or lost
            last, safe = self._holds == 0, not self._lost
        if last:
            self._tell(self, safe)


class _Handed(threading.local):
    # Of the class: a thread that has none of its own would look for it seven times as long.
    receipt: Receipt | None = None


_handed = _Handed()


def current() -> Receipt | None:
    """The receipt of the reading whose listeners run on this thread now; None where there is none to hold."""
    return _handed.receipt


@contextmanager
def handing(receipt: Receipt | None) -> Iterator[None]:
    """Listeners that run within it can hold `receipt`."""
    before = current()
    _handed.receipt = receipt
    try:
        yield
    finally:
        _handed.receipt = before
