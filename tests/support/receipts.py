"""Receipts of readings that a device keeps, and what it is told of each."""

from __future__ import annotations

import threading

from drivers.receipt import Receipt, handing
from sig import Signal


class Kept:
    """A device that keeps its readings, as far as those who take them see it."""

    def __init__(self, identity: str = "board", boot: int = 7) -> None:
        self._identity, self._boot = identity, boot
        self._lock = threading.Lock()
        self.safe: list[int] = []
        self.lost: list[int] = []
        """By their numbers, in the order in which it was told."""

    def receipt(self, seq: int) -> Receipt:
        """Of one that was measured; whoever asks has the link's hold on it."""
        return Receipt(self._identity, self._boot, seq, self._told)

    def say(self, signal: Signal, seq: int, data: object) -> None:
        """As a link does: it lets go when the listeners have run."""
        receipt = self.receipt(seq)
        with handing(receipt):
            signal.trigger(data)
        receipt.release()

    @property
    def told(self) -> int:
        """Of how many it was told something."""
        return len(self.safe) + len(self.lost)

    def _told(self, receipt: Receipt, safe: bool) -> None:
        with self._lock:
            (self.safe if safe else self.lost).append(receipt.seq)
