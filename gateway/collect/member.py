"""What the collector knows of one gateway, and how far it is with it. Of the consumer's thread, but for
`told`."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterable
from typing import Any

from gateway.collect.admission import Cursor
from gateway.collect.arrival import Unset, gap_of, noted_of, size_of
from gateway.collect.keeping import Keeping
from gateway.collect.placed import Placed
from gateway.collect.room import Dropped
from gateway.collect.twins import SAID, Epochs
from gateway.fleet.follower import Deliver, Follower, Step
from gateway.fleet.keys import Gateway
from gateway.fleet.message import MOST_EVENTS, START, Event, Lost, Position
from gateway.history.events import CHANGED

UNKEPT = "it cannot be kept"
MOST_READINGS = MOST_SENDERS = 5000
"""Senders of a gateway that are remembered."""
_lives = itertools.count(1)


class Member:
    """A gateway. It is followed from `begin` on, until `again`."""

    def __init__(self, gateway: Gateway, keeping: Keeping, unset: Unset) -> None:
        self.gateway = gateway
        self.name = str(gateway)
        self.keeping = keeping
        self.follower: Follower | None = None
        self.stored = Cursor()
        """What is safe."""
        self.up = False
        self.since: float | None = None
        """When (UTC, s) its token came, or went, last."""
        self.heard: float | None = None
        """When (UTC, s) an event came last."""
        self.head = START
        """The newest that it is known to have."""
        self.said: dict[str, Any] = {}
        """What it says of itself."""
        self.senders: list[dict[str, Any]] = []
        self.readings: dict[str, str] = {}
        """By sender, the newest that came, as JSON."""
        self.ahead_s: float | None = None
        """What its clock is ahead of ours, as it said last."""
        self.events = self.lost = 0
        """So many were taken, and told as lost, since the start."""
        self.skipped = False
        """Something of it came, and was let go as there was no room."""
        self.senders_due = math.inf
        self.epochs = Epochs()
        self._unset = unset
        self._life = self._turn = 0
        self._reserved: deque[int] = deque()  # events for which there is to be room, by page
        self._last = Cursor()  # what was handed over last
        self._rewound: Position | None = None  # what is before the event that was not kept, its own fault
        self._unkept = False  # the next event is one that cannot be kept

    def begin(self, cursor: Cursor, now: float) -> None:
        """Follow it from there on, anew."""
        self.stored = self._last = cursor
        self.follower = Follower(cursor.position)
        self.follower.came(now)
        self._life, self._turn = next(_lives), 0

    def again(self, dropped: Dropped) -> bool:
        """That was not kept: it is to be begun from what is safe on; False where it was since, or is to be.
        If the first event after it is not kept twice, though there is room, that is its own fault, and it is
        told as lost."""
        if dropped.life != self._life or self.follower is None:
            return False
        at_fault = None if dropped.crowded or dropped.turn != 1 else self.stored.position
        self._unkept = at_fault is not None and self._rewound == at_fault
        self._rewound = at_fault
        self.follower = None
        return True

    def take(self, steps: Iterable[Step], now: float, utc: float) -> None:
        """Hand them over. `now`: the clock's monotonic, `utc`: its time, in s."""
        losses: list[Lost] = []
        for step in steps:
            if isinstance(step, Lost):
                losses.append(step)
                continue
            assert isinstance(step, Deliver)
            if losses:
                before = step.event.position._replace(seq=step.event.position.seq - 1)
                self._lose(losses, before, now, utc)
                losses = []
            self._deliver(step.event, now, utc)
        if losses:
            assert self.follower is not None
            self._lose(losses, self.follower.position or START, now, utc)

    def _deliver(self, event: Event, now: float, utc: float) -> None:
        self.heard, self.head = utc, max(self.head, event.position)
        if self._unkept:
            self._unkept = False
            lost = Lost(event.sender, 1, event.utc_ms, event.utc_ms, UNKEPT)
            self._lose([lost], event.position, now, utc)
            return
        now_ms = round(utc * 1000)
        event = self._unset.moved(self.name, event, now_ms)
        self.events += 1
        noted = noted_of(self.gateway, event, self.keeping.next_id(utc), now)
        if noted is None:
            return
        is_value = noted.body.reading and noted.event == CHANGED
        if is_value and (event.sender in self.readings or len(self.readings) < MOST_READINGS):
            self.readings[event.sender] = noted.body.data
        self._put(noted, Cursor(event.position, event.utc_ms))

    def _lose(self, losses: list[Lost], upto: Position, now: float, utc: float) -> None:
        """The last of them is behind all that is lost: were the collector killed between two, both come
        again."""
        for lost in losses:
            self.lost += lost.events
            noted = gap_of(self.gateway, lost, self.keeping.next_id(utc), now, round(utc * 1000))
            utc_ms = max(self._last.utc_ms, lost.last_ms)
            self._put(noted, Cursor(upto if lost is losses[-1] else self._last.position, utc_ms))

    def _put(self, noted: Any, cursor: Cursor) -> None:
        self._last = cursor
        self._turn += 1
        place = self._life, self._turn, size_of(noted)
        self.keeping.put(noted, Placed(self.name, *cursor, *place, self.keeping.tell))

    def tell(self, said: object, senders: object, utc: float) -> None:
        """What it says of itself, and of its senders: whatever that is. `utc`: now."""
        self.said = said if isinstance(said, dict) else {}
        found = senders if isinstance(senders, list) else []
        self.senders = [each for each in found[:MOST_SENDERS] if isinstance(each, dict)]
        clock = self.said.get("clock")
        its = clock.get("utc") if isinstance(clock, dict) else None
        self.ahead_s = round(its - utc, 3) if isinstance(its, int | float) else None

    @property
    def problem(self) -> str | None:
        """What is wrong with it though it is there; None if nothing is."""
        return SAID if self.epochs.are_two else None

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is under way: asked for, or handed over and not written."""
        return not self._reserved and self._last.position <= self.stored.position

    def reserve(self) -> bool:
        """Room for a page, and for what waits for it."""
        assert self.follower is not None
        events = MOST_EVENTS + self.follower.held
        if not self.keeping.room.reserve(events):
            return False
        self._reserved.append(events)
        return True

    def unreserve(self) -> None:
        """That page, the oldest that was asked for, has come, or will not."""
        self.keeping.room.unreserve(self._reserved.popleft())

    def told(self) -> dict[str, Any]:
        """For the overview; from any thread."""
        position, head = self.stored.position, self.head
        waiting = head.seq - position.seq if head.epoch == position.epoch else head.seq
        return {
            "gateway": self.name,
            "site": self.gateway.site,
            "name": self.gateway.name,
            "up": self.up,
            "since": self.since,
            "heard": self.heard,
            "last_event": self.stored.utc_ms / 1000 if self.stored.utc_ms else None,
            "version": self.said.get("version"),
            "uptime": self.said.get("uptime"),
            "clock": self.said.get("clock"),
            "clock_ahead": self.ahead_s,
            "senders": len(self.senders),
            "connected": sum(each.get("connected") is True for each in self.senders) if self.up else 0,
            "stored": str(position),
            "newest": str(head),
            "waiting": max(0, waiting),
            "events": self.events,
            "lost": self.lost,
            "problem": self.problem,
        }
