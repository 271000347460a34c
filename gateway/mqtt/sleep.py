"""How the bridge's thread sleeps: on the mailbox's descriptor and the connection's, until something is due.

Waking costs more than most of what there is to do, so what can wait for the next reason to wake does. All of
it belongs to the bridge's thread.
"""

from __future__ import annotations

import math
import select
from collections.abc import Callable

from gateway.mailbox import Mailbox
from gateway.mqtt.broker.connection import Connection

PATIENCE_S = 0.005
"""So long the acknowledgement of an event does not wake the bridge, and a request waits: in a stream of
events the next one comes meanwhile."""
BURST_S = 0.05
"""In a burst, how long events may wait in the mailbox while only the broker's answers wake the bridge."""
LONGEST_S = 3600.0


class Sleep:
    """Sleeps on `mailbox` and on one connection after the other."""

    def __init__(self, mailbox: Mailbox, clock: Callable[[], float]) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._poll = select.poll()
        self._poll.register(mailbox.fd, select.POLLIN)
        self._watched = (-1, 0)
        self._patient_until = -math.inf

    def sent(self, now: float) -> None:
        """An event was sent: its acknowledgement may take a while."""
        if now >= self._patient_until:
            self._patient_until = now + PATIENCE_S

    def until(self, due: float, connection: Connection | None, *, full: bool, burst: bool) -> bool:
        """Sleep; whether the connection can be read then.

        `full`: nothing can be sent before something is acknowledged. `burst`: so much waits to be sent that
        what else comes may wait for a moment.
        """
        fd = connection.fileno() if connection is not None else -1
        if connection is not None and connection.pending():
            self._wait(-math.inf, fd, select.POLLIN, burst=burst)
            return True
        out = select.POLLOUT if connection is not None and connection.blocked() else 0
        if not (out or full) and self._clock() < self._patient_until < due:
            found = self._wait(self._patient_until, fd, 0, burst=burst)  # it still shows a connection's end
            if found is not None:
                return found
        return bool(self._wait(due, fd, select.POLLIN | out, burst=burst))

    def _wait(self, due: float, fd: int, mask: int, *, burst: bool) -> bool | None:
        """Whether the descriptor can be read; None: nothing has happened."""
        self._watch(fd, mask)
        wait_ms = min(max(0.0, due - self._clock()), BURST_S if burst else LONGEST_S) * 1000
        asleep = burst or self._mailbox.prepare_to_sleep()
        found = self._poll.poll(math.ceil(wait_ms) if asleep else 0)
        self._mailbox.awake()
        readable = False
        for ready, event in found:
            if ready == fd:
                readable = event != select.POLLOUT
            else:
                self._mailbox.woken()
        return readable if found or not asleep else None

    def _watch(self, fd: int, mask: int) -> None:
        if (fd, mask) == self._watched:
            return
        watched, _ = self._watched
        if fd == watched != -1:
            self._poll.modify(fd, mask)
        else:
            if watched != -1:
                self._poll.unregister(watched)
                self._watched = (-1, 0)  # true also if the other cannot be watched
            if fd != -1:
                self._poll.register(fd, mask)
        self._watched = (fd, mask)
