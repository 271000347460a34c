"""What a script has queued when it ends: sent, within a bound, before its threads are no more.

Threads of ours are daemons, so that a script that only forgets to disconnect does end. They still run while
functions registered with `atexit` do.
"""

from __future__ import annotations

import atexit
import os
import time
import weakref
from typing import Protocol

from sig import log

EXIT_S = 5.0
"""For all carriers together, as `Limits.full_wait_s` for one that is disconnected."""


class Drained(Protocol):
    """A carrier."""

    def drain(self, timeout_s: float) -> None:
        """Wait until what is queued is sent."""


_carriers: weakref.WeakSet[Drained] = weakref.WeakSet()


def drained_at_exit(carrier: Drained) -> None:
    """Have its `drain` called when this process ends."""
    _carriers.add(carrier)


def _drain_all() -> None:
    deadline = time.monotonic() + EXIT_S
    for carrier in list(_carriers):
        try:
            carrier.drain(max(0.0, deadline - time.monotonic()))
        except Exception:  # noqa: BLE001 - somebody's carrier, or logger: others have something to send, too
            log.failure("what was queued could not be sent at the end")


atexit.register(_drain_all)
# A child has none of the threads that would send.
os.register_at_fork(after_in_child=_carriers.clear)
