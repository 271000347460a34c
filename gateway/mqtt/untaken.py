"""What the broker does not take, as the log and whoever asks are told of it: what is left out, and what is
refused; and which event must be to blame that connections end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.mqtt.aside import SUBSCRIPTION, Aside
from gateway.mqtt.broker.complaints import Refusals
from gateway.mqtt.gate import Gate
from gateway.mqtt.left_out import ENDS, TOO_LARGE, LeftOut
from gateway.mqtt.outbox.event import LateGap, Outgoing
from gateway.mqtt.parcels import Parcel

logger = logging.getLogger(__name__)

POISON = 3
"""An event that the gateway could not make a message of, or that the broker has put off, so many times, each
at the cost of a connection, is left out."""
MAX_TROUBLES = 100
MAX_TOLD = 20
"""Different refusals that are logged."""


class Untaken:
    """Of one broker. `clock`: monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._left_out = LeftOut()
        self._refusals = Refusals(logger, MAX_TOLD, clock)
        self._troubles: dict[str, int] = {}  # by event: how many connections ended because of it
        self.aside = Aside()
        self.calm = True
        """Whether there never was any of it, so that what is taken need not be told."""

    def up(self, *, was_away: bool) -> None:
        """There is a connection. `was_away`: maybe to another broker."""
        if was_away:
            self._left_out.forget()
            self.aside.forget()
        self.aside.reconnected()

    def taken(self, parcel: Parcel) -> None:
        """This one it took."""
        if self._refusals:
            self._refusals.taken(parcel.topic, parcel.size)
        if self.aside:
            self.aside.taken(parcel.topic)

    def left_out(self, parcel: Parcel, max_bytes: int, gate: Gate) -> str:
        """It is not sent: it is larger than `max_bytes`, or than what the gate has found out, or it ends the
        connection. Returns which."""
        self.calm = False
        too_large = parcel.size > max_bytes or (gate.limit is not None and parcel.size >= gate.limit)
        if too_large:
            self._left_out.too_large(parcel, max_bytes, gate)
        else:
            self._left_out.guilty(parcel)
        why = TOO_LARGE if too_large else ENDS
        self.aside.put(parcel.names, f"{why} ({parcel.size} bytes)" if too_large else why)
        return why

    def refused_event(self, parcel: Parcel, outgoing: Outgoing, why: str) -> None:
        """Also not a second time: it is lost."""
        self.calm = False
        sender = outgoing.gap.sender if isinstance(outgoing, LateGap) else outgoing.sender
        lost = f"{why}; they are counted as lost"
        self._refusals.refused("events", f"of {sender!r}", lost, parcel.topic, parcel.size)
        self.aside.put(parcel.names, why)

    def refused_message(self, parcel: Parcel, why: str) -> None:
        """Something that is retained, or an answer."""
        self.calm = False
        which = f"{parcel.topic} ({parcel.size} bytes)"
        self._refusals.refused("messages", which, why, parcel.topic, parcel.size)
        self.aside.put(parcel.names, why)

    def unreadable(self, topic: str, why: str) -> None:
        """That subscription it refuses."""
        self.calm = False
        self.aside.put([f"{SUBSCRIPTION}{topic}"], why)

    def is_poison(self, outgoing: Outgoing) -> bool:
        """Whether so many connections ended because of this event that it must be the event."""
        uid = outgoing.gap.uid if isinstance(outgoing, LateGap) else outgoing.uid
        if len(self._troubles) >= MAX_TROUBLES:
            self._troubles.clear()
        self._troubles[uid] = self._troubles.get(uid, 0) + 1
        return self._troubles[uid] >= POISON
