"""What zenoh's threads hand over to a FleetRouter's own: nothing blocks them."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, NamedTuple

from gateway.fleet.keys import Gateway
from gateway.fleet.view import Query

MOST_EVENTS = 20_000
"""That wait; of more the newest are dropped: their gateway has them, and is asked for them by number."""
AT_ONCE = 500
"""Events that are taken at a time, so that whatever else comes does not wait for long."""


class Token(NamedTuple):
    """One has come or gone."""

    key: str
    there: bool


class Transport(NamedTuple):
    """A router is connected, or is not any more."""

    zid: str
    there: bool


class First(NamedTuple):
    """The tokens that were there at the beginning."""

    keys: list[str]


class Answer(NamedTuple):
    """To what was asked; `data` None: there is none."""

    query: Query
    data: bytes | None


class Follow(NamedTuple):
    """Whose events are wanted from now on."""

    patterns: frozenset[Gateway]


Letter = Token | Transport | First | Answer | Follow


class Inbox:
    """Any thread posts; one takes. What is no event is never dropped: there is one for each token that comes
    or goes, and each question asked."""

    def __init__(self) -> None:
        self.dropped = 0
        """Events for which there was no room."""
        self._changed = threading.Condition(threading.Lock())
        self._events: deque[Any] = deque()
        self._others: deque[Letter] = deque()
        self._with_events = True
        self._closed = False

    def post_event(self, sample: Any) -> None:
        """An event or a head, as zenoh has it."""
        with self._changed:
            if len(self._events) >= MOST_EVENTS:
                self.dropped += 1
                return
            self._events.append(sample)
            if self._with_events and len(self._events) == 1:
                self._changed.notify()

    def post(self, letter: Letter) -> None:
        """Anything else."""
        with self._changed:
            self._others.append(letter)
            self._changed.notify()

    def close(self) -> None:
        """Take no more: `take` answers None."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, timeout_s: float, *, events: bool) -> tuple[list[Letter], list[Any]] | None:
        """What there is, or what comes first: anything else, and events, none unless they are wanted. Waits
        for so long at most. None at the end."""
        with self._changed:
            self._with_events = events
            self._changed.wait_for(self._is_ready, timeout_s)
            if self._closed:
                return None
            others = list(self._others)
            self._others.clear()
            count = min(len(self._events), AT_ONCE) if events else 0
            return others, [self._events.popleft() for _ in range(count)]

    def _is_ready(self) -> bool:
        return bool(self._closed or self._others or (self._with_events and self._events))
