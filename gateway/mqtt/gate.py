"""Lets through what is to be sent: all of it; or, while there are suspects, some of it only one at a time.

A suspect goes alone: nothing else is in flight, and the connection has just answered to something, so that
its end says something about the suspect. See suspects.py for who is one. All of it belongs to the bridge's
thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from gateway.mqtt.broker.broker import STEADY_S
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.notes import Ending
from gateway.mqtt.parcels import Parcel, Probe, of_probe
from gateway.mqtt.suspects import Item, Suspects, Verdict

LONGER_S = 0.25
"""With each end alone the next test comes so much later in a connection's life. If connections end by
themselves, soon after they were made, one does so meanwhile, with nothing in flight."""
MAX_QUESTIONED = 100


class Gate:
    """`topic`: of probes. `leave_out` is told of parcels that the broker does not get. `pending()` are sizes
    that wait."""

    def __init__(
        self,
        topic: str,
        *,
        leave_out: Callable[[Parcel], None],
        pending: Callable[[], Iterable[int]],
    ) -> None:
        self._topic = topic
        self._leave_out = leave_out
        self._pending = pending
        self._suspects = Suspects()
        self._held: Parcel | None = None
        self._alone = False
        self._answered = False  # the connection, after all that was sent
        self._asked = False  # for an answer
        self._questioned: list[Item] = []  # refused: a broker may hang up after that, too
        self._steady_at = 0.0
        self._answered_at = 0.0
        self.due = math.inf
        """When what is held may go, if it is time that it waits for."""
        self.quiet = False
        """Whether all may pass without being asked about, and what was taken need not be told."""
        self._tested = False  # the last connection ended with a suspect alone in flight

    @property
    def shut(self) -> bool:
        """Whether nothing may be sent before the broker has answered."""
        return self._alone or self._held is not None

    @property
    def alone(self) -> bool:
        """Whether what is in flight has to be there alone."""
        return self._alone

    @property
    def calm(self) -> bool:
        """Whether there are no suspects, and no limits."""
        return self._suspects.calm

    @property
    def held(self) -> Parcel | None:
        """What waits for its turn alone."""
        return self._held

    @property
    def limit(self) -> int | None:
        """Bytes of the smallest packet that the broker is known to refuse."""
        return self._suspects.limit

    @property
    def largest(self) -> int:
        """Bytes of the largest packet that it has taken meanwhile."""
        return self._suspects.largest

    def up(self, now: float, *, was_away: bool) -> None:
        """There is a connection. `was_away`: before it there was no broker for a while."""
        self._answered = self._asked = self.quiet = False
        self._steady_at = now + STEADY_S
        if was_away and not self._tested:  # else it is the test that has brought the broker down
            self._suspects.renewed()

    def down(self, flight: Iterable[Parcel], *, suspicious: bool) -> Ending:
        """The connection has ended, with that in flight; `suspicious`: maybe because of that."""
        flying = list(flight)
        items = [item for parcel in flying for item in parcel.items if not isinstance(parcel.what, Probe)]
        items += self._questioned
        probes = [parcel.what.size for parcel in flying if isinstance(parcel.what, Probe)]
        if suspicious and probes and not items:
            self._suspects.probe_ended(probes[0])
        elif suspicious and items:
            self._suspects.ended(items, alone=self._alone)
        elif suspicious:
            self._suspects.acquit()
        self._tested = suspicious and self._alone
        self._held, self._alone, self.due = None, False, math.inf
        self._questioned.clear()
        return Ending(len(flying), self._tested)

    def admit(self, connection: Connection, parcel: Parcel, *, now: float, busy: bool) -> Parcel | None:
        """What may be sent now: it, or a probe before it; None: nothing, it is held or left out. `busy`:
        something is in flight."""
        self._held, self.due = None, math.inf
        if self._suspects.calm:
            return parcel
        verdict = max((self._suspects.judge(item) for item in parcel.items), key=lambda found: found.value)
        if verdict is Verdict.ASIDE:
            self._leave_out(parcel)
            return None
        if verdict is Verdict.GO:
            return parcel
        self._steady_at = now + STEADY_S
        if busy or not self._answered:
            self._held = parcel
            if not (busy or self._asked):
                self._asked = True
                connection.ping()
            return None
        size = None
        if verdict is Verdict.MEASURE:
            self._suspects.want(self._pending())
            size = self._suspects.next_size()
        ready = self._answered_at + LONGER_S * self._ends(parcel, size)
        if now < ready:
            self._held, self.due = parcel, ready
            return None
        self._alone = True
        if size is None:
            return parcel
        self._held = parcel
        return of_probe(self._topic, size, connection.size)

    def _ends(self, parcel: Parcel, probe: int | None) -> int:
        """Of connections on which it was alone, or a probe of that size."""
        if probe is not None:
            return self._suspects.ends_of_probes(probe)
        return max(self._suspects.ends_alone(item.topic) for item in parcel.items)

    def answered(self, parcel: Parcel, *, taken: bool, connection: Connection, now: float) -> None:
        """The broker has answered to what was sent."""
        if isinstance(parcel.what, Probe):
            self._suspects.probed(parcel.what.size)  # refused or not, the connection lives
            self._good(tuple, now)
            return
        if taken:
            self._good(lambda: parcel.items, now)
            return
        self._answered = self.quiet = False
        if len(self._questioned) < MAX_QUESTIONED:
            self._questioned += parcel.items
        if self._alone:  # a broker that hangs up because of it does so by now, or never
            self._asked = True
            connection.ping()

    def withdraw(self) -> None:
        """What was let through was not sent."""
        self._alone = False

    def pong(self, now: float, *, busy: bool) -> None:
        """The broker has dealt with all that was sent before that ping, and the connection lives."""
        self._asked = False
        if not busy:
            self._good(tuple, now)

    def _good(self, items: Callable[[], Iterable[Item]], now: float) -> None:
        self._answered, self._alone, self._answered_at = True, False, now
        if self._suspects.calm:
            self._questioned.clear()
            self.quiet = self._held is None
            return
        for item in (*items(), *self._questioned):
            self._suspects.taken(item)
        self._questioned.clear()
        if now >= self._steady_at:
            self._suspects.steady()
