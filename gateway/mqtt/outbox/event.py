"""What the outbox holds: an event on its way to the broker, and a gap record."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import NamedTuple

from drivers.receipt import Receipt
from gateway.loss import Loss
from gateway.mqtt.outbox.store import Gap

READINGS = ("#changed", "#late")
"""Events that say a reading, for the first time."""
LIVE, FLYING, WAITING = "live", "flying", "waiting"
"""Where an event is that is in memory: to be sent now; sent and not acknowledged; to be sent late."""


@dataclass(slots=True, eq=False)
class Event:
    """`number` ascends; `row` is its id on disk, 0 while it is not there. `at`: boottime of the boot `boot`
    (None: this one). `known`: whether the machine's clock was believed, which `utc` is of. `receipt`: of a
    reading that its device keeps until the broker has it, or the disk."""

    number: int
    sender: str
    event: str
    head: str
    utc: float
    at: float
    uid: str
    late: bool = False
    row: int = 0
    place: str = WAITING
    boot: str | None = None
    known: bool = True
    receipt: Receipt | None = None

    def is_safe(self) -> None:
        """The broker has it, or will not have it, or the disk has it."""
        receipt, self.receipt = self.receipt, None
        if receipt is not None:
            receipt.release()

    def is_lost(self) -> None:
        """There was no room for it: it is to be sent again."""
        receipt, self.receipt = self.receipt, None
        if receipt is not None:
            receipt.lose()

    @property
    def size(self) -> int:
        """Bytes of memory that its message takes."""
        return sys.getsizeof(self.head)

    @property
    def loss(self) -> Loss:
        """What to count if it is lost."""
        return Loss.of(self.utc, self.at, self.boot, known=self.known)


class LateGap(NamedTuple):
    """A gap record on its way."""

    gap: Gap


Outgoing = Event | LateGap


def is_late(outgoing: Outgoing) -> bool:
    """Whether it belongs to the backlog."""
    return isinstance(outgoing, LateGap) or outgoing.late


def uid_of(receipt: Receipt, event: str) -> str:
    """The same for a reading that comes twice, over restarts, too."""
    return receipt.id if event in READINGS else f"{receipt.id}-{event.removeprefix('#')}"
