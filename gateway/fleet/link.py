"""A FleetRouter's connection: the session, and the threads that it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Self

from gateway.fleet.keys import Gateway
from gateway.fleet.listening import Listening
from gateway.fleet.news import News
from gateway.fleet.own import OwnSenders
from gateway.fleet.session import FleetError, Settings, close, open_session
from gateway.fleet.unread import of_session
from sig.net.dispatch import Dispatcher, runs_for

if TYPE_CHECKING:
    import zenoh

AGAIN_S = 0.2
"""Before a router is looked for again."""
END_S = 5.0
"""For each of our threads to end."""
_NO_BOUND = 1 << 62
"""The dispatcher's queue is bounded by what Listening puts into it."""


class Link:
    """`owner`: the router; `take(news)` is called for each of the news, in order, on the dispatcher's thread.
    Begins with `open` and `start`, ends with `close`."""

    def __init__(
        self,
        session: zenoh.Session,
        owner: object,
        take: Callable[[News], object],
        own: OwnSenders,
        scope: Sequence[Gateway],
    ) -> None:
        self.session = session
        self._take = take
        self._owner = owner
        self._own = own
        self._dispatcher = Dispatcher("sig-fleet-dispatcher", _NO_BOUND, owner)
        self._speaker = own.speaker_on(session)
        self._listening = Listening(
            session,
            own.gateway,
            self._hand_on,
            self._dispatcher.waiting,
            self._speaker,
            of_session(session),
            scope,
        )

    @classmethod
    def open(
        cls,
        settings: Settings,
        deadline: float,
        owner: object,
        take: Callable[[News], object],
        own: OwnSenders,
        scope: Sequence[Gateway],
    ) -> Self:
        """With a session; tries until the deadline (monotonic), once at least. Raises FleetError."""
        while True:
            try:
                session = open_session(settings)
                break
            except FleetError:
                if time.monotonic() + AGAIN_S >= deadline:
                    raise
                time.sleep(AGAIN_S)
        try:
            return cls(session, owner, take, own, scope)
        except BaseException:
            close(session)
            raise

    def start(self, patterns: Iterable[Gateway], settle_s: float) -> None:
        """Begin, and wait until who is there has been met; so long at most."""
        deadline = time.monotonic() + settle_s
        self._listening.start(patterns)
        if self._listening.settled.wait(settle_s):
            while self._dispatcher.waiting() and time.monotonic() < deadline and not runs_for(self._owner):
                time.sleep(0.001)

    def follow(self, patterns: Iterable[Gateway]) -> None:
        """Whose events are wanted from now on."""
        self._listening.follow(patterns)

    @property
    def has_router(self) -> bool:
        """Whether any of the fleet's routers is there now."""
        return bool(self._listening.routers)

    @property
    def dropped(self) -> int:
        """Events for which there was no room, and that were asked for again."""
        return self._listening.dropped

    def close(self, last: Callable[[], object]) -> bool:
        """End it. `last`: what the dispatcher's thread does at the end. False if a listener, or a request
        to one of our own senders, still runs, or zenoh still tries to tell a router that hangs."""
        ended = self._listening.close(END_S)
        self._own.leave()
        if self._speaker is not None:
            ended = self._speaker.close() and ended
        ended = close(self.session) and ended
        self._dispatcher.post(last, must=True)
        self._dispatcher.close()
        return self._dispatcher.join(END_S) and ended

    def _hand_on(self, news: Iterable[News]) -> None:
        take = self._take
        jobs = [lambda each=each: take(each) for each in news]
        if jobs:
            self._dispatcher.post(*jobs, must=True)
