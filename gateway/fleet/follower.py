"""One consumer's view of one gateway's events: each once, in order, and what is missing is fetched. No I/O.

    live event that is next  --> delivered
    live event further on    --> held; what is missing is asked for, a page at a time
    page                     --> delivered, then what was held
    nothing comes in time    --> `patience_s` after the gap began what is held goes on, and what was missing
                                 comes late, in its own order
    it is not there any more --> told as lost, with how much it is

A durable consumer has endless patience, and all in order. One that shows what is now has little: the event of
this second is not to wait for ten minutes of yesterday. Not for several threads; time is passed in
(monotonic).
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from gateway.fleet.message import START, Event, Lost, Page, Position

MOST_HELD = 1000
"""Live events that wait for missing ones: of more the newest come in a page, as the missing do."""
MOST_RANGES = 64
"""Gaps of which each is still to come late; of more the oldest is lost."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
"""Before what had no answer is asked for again; it doubles."""
INTERRUPTED = "interrupted too often"


class Deliver(NamedTuple):
    """An event for the consumer. `late`: others of its gateway that came after it were delivered before."""

    event: Event
    late: bool = False


class Ask(NamedTuple):
    """A page to ask for: what comes after `after` (None: nothing, but where the newest is), and before
    `before` if there is one."""

    after: Position | None
    before: Position | None = None


Step = Deliver | Lost


class Follower:
    """`start`: a durable consumer's cursor, `message.START` for all that there is; None: from now on."""

    def __init__(self, start: Position | None, *, patience_s: float = math.inf) -> None:
        self.position = start
        """All up to it was delivered, is told as lost, or comes late. None before it is known."""
        self._patience_s = patience_s
        self._held: deque[Event] = deque()
        self._missing_since: float | None = None
        self._ranges: deque[tuple[Position, Position]] = deque()  # after, before: to come late
        self._asked: Ask | None = None
        self._again_at = -math.inf
        self._pause_s = FIRST_PAUSE_S

    @property
    def held(self) -> int:
        """Live events that wait for missing ones."""
        return len(self._held)

    def live(self, event: Event, now: float) -> list[Step]:
        """It has come as it happened."""
        if self.position is None:
            self.position = event.position
            return [Deliver(event)]
        if event.position.epoch < self.position.epoch:
            self._miss(now)  # the gateway may have begun a new numbering, which its page will say
            return []
        if event.position <= self.position:
            return []
        if self._missing_since is None and _follows(event.position, self.position):
            self.position = event.position
            return [Deliver(event)]
        self._miss(now)
        if len(self._held) < MOST_HELD and (not self._held or event.position > self._held[-1].position):
            self._held.append(event)
        return self.tick(now)

    def head(self, newest: Position, now: float) -> None:
        """The gateway says where its newest event is."""
        if self.position is None:
            self.position = newest
        elif newest > self.position or newest.epoch < self.position.epoch:
            self._miss(now)

    def came(self, now: float) -> None:
        """The gateway is there, or is there again: something may have been missed."""
        if self.position is not None:
            self._miss(now)
        self._again_at = -math.inf
        self._pause_s = FIRST_PAUSE_S

    def ask(self, now: float) -> Ask | None:
        """What to ask for now; None while that is under way or there is nothing. `page` or `failed` is to
        follow, with it."""
        if self._asked is not None or now < self._again_at:
            return None
        missing = self.position is None or self._missing_since is not None
        if self._ranges and (not missing or self._is_impatient(now)):
            self._asked = Ask(*self._ranges[0])
        elif missing:
            self._asked = Ask(self.position)
        return self._asked

    def failed(self, ask: Ask, now: float) -> None:
        """There was no answer, or none that can be understood."""
        if ask is not self._asked:
            return
        self._asked = None
        self._again_at = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def page(self, ask: Ask, page: Page, now: float) -> list[Step]:
        """The answer to what was asked for. One that is not waited for any more is let go."""
        if ask is not self._asked:
            return []
        if ask.before is None and (self.position is None or ask.after is None):
            self.position = self.position or page.head
            self._asked, self._pause_s = None, FIRST_PAUSE_S
            return []
        before = self._place()
        steps = self._in_turn(page) if ask.before is None else self._late_page(page, ask.before)
        if before == self._place() and (self._missing_since is not None or self._ranges):
            self.failed(ask, now)  # it leads nowhere, so there is no hurry
        else:
            self._asked, self._pause_s = None, FIRST_PAUSE_S
        return steps

    def _place(self) -> tuple[object, ...]:
        """How far it has come: in its turn, and late."""
        return self.position, len(self._ranges), self._ranges[0] if self._ranges else None

    def _in_turn(self, page: Page) -> list[Step]:
        """What comes after all that was delivered. Also where older ones are yet to come late: those are then
        the late ones, and the newest is what is now."""
        assert self.position is not None
        if page.anew:
            self._held.clear()
            self.position = START
        steps: list[Step] = list(page.lost)
        for each in page.events:
            if each.position > self.position:
                self.position = each.position
                steps.append(Deliver(each))
        self.position = max(self.position, page.upto)
        steps += self._held_that_follow()
        if not self._held and self.position >= page.head:
            self._missing_since = None
        return steps

    def deadline(self) -> float:
        """When to come back to `tick` and `ask`; infinite while only something that comes can change it."""
        wants = self.position is None or self._missing_since is not None or self._ranges
        asking = self._again_at if wants and self._asked is None else math.inf
        waiting = self._missing_since if self._held else None
        return min(asking, math.inf if waiting is None else waiting + self._patience_s)

    def tick(self, now: float) -> list[Step]:
        """Where patience is over: what is held, whose missing predecessors come late."""
        if not self._held or not self._is_impatient(now) or self.position is None:
            return []
        steps: list[Step] = []
        for event in self._held:
            if not _follows(event.position, self.position):
                self._ranges.append((self.position, event.position))
            steps.append(Deliver(event))
            self.position = event.position
        self._held.clear()
        self._missing_since = None
        if self._asked is not None and self._asked.before is None:
            self._asked = None  # its page is of a range now, and is asked for as such
        while len(self._ranges) > MOST_RANGES:
            after, before = self._ranges.popleft()
            count = before.seq - 1 - (after.seq if before.epoch == after.epoch else 0)
            if count:
                steps.append(Lost("", count, 0, 0, INTERRUPTED))
        return steps

    def _late_page(self, page: Page, before: Position) -> list[Step]:
        """Of the oldest range."""
        if not self._ranges or self._ranges[0][1] != before:
            return []
        after, _ = self._ranges[0]
        steps: list[Step] = list(page.lost)
        for each in page.events:
            if after < each.position < before:
                after = each.position
                steps.append(Deliver(each, late=True))
        if page.anew or not page.events or _follows(before, page.upto):
            self._ranges.popleft()
        else:
            self._ranges[0] = max(after, page.upto), before
        return steps

    def _held_that_follow(self) -> list[Step]:
        steps: list[Step] = []
        assert self.position is not None
        while self._held:
            event = self._held[0]
            if event.position > self.position:
                if not _follows(event.position, self.position):
                    break
                self.position = event.position
                steps.append(Deliver(event))
            self._held.popleft()
        return steps

    def _miss(self, now: float) -> None:
        if self._missing_since is None:
            self._missing_since = now

    def _is_impatient(self, now: float) -> bool:
        return self._missing_since is not None and now - self._missing_since >= self._patience_s


def _follows(position: Position, before: Position) -> bool:
    """Whether nothing can be between the two. A gateway that has begun an epoch has its head at number 0."""
    return position.epoch == before.epoch and position.seq == before.seq + 1
