"""All that a gateway does on a zenoh session: it says events, is there, and answers.

say        number the event, and put it, on the caller's thread
connect    a liveliness token for a sender
beat       where the newest event is, when nothing follows it that would show it
questions  what it is asked: see `gateway.fleet.questions`
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway.fleet import keys
from gateway.fleet.answering import Answer
from gateway.fleet.declaring import undeclare, zenoh_error
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event, Position
from gateway.fleet.questions import JOIN_S, Questions, Senders, pages_pool
from gateway.fleet.spool import Spool
from sig.net.dispatch import Pool

if TYPE_CHECKING:
    import zenoh

BEATS_S = (0.5, 2.0, 8.0, 30.0)
"""After an event, and then one after the other, where the head is said: whoever has missed the last event is
to know soon, and that costs little."""


class Speaker:
    """Of one gateway, from its constructor, which declares what it answers to, until `close`. `answer` asks a
    sender here, `senders` says who they are; both run on threads of `questions`. `pages`: see `pages_pool`;
    None: a thread of its own. The session stays open, it is its owner's.

    `say`, `connect`, `disconnect`: any thread. `beat`: one.
    """

    def __init__(
        self,
        session: zenoh.Session,
        gateway: Gateway,
        spool: Spool,
        answer: Answer,
        senders: Senders,
        pages: Pool | None = None,
    ) -> None:
        self._session = session
        self._gateway = gateway
        self._spool = spool
        self._error = zenoh_error()
        given = pages or pages_pool()
        self._own_pages = None if pages else given
        # Held for a put: 30 us, also where no router is there, since a full queue of zenoh's drops.
        self._order = threading.Lock()
        self._events = gateway.key(keys.EVENTS)
        self._present = threading.Lock()  # guards the tokens; held while one is declared
        self._tokens: dict[str | None, zenoh.LivelinessToken] = {}
        self._closed = False
        self._beaten: Position | None = None
        self._beats = 0
        self._beat_at = 0.0
        self._questions = Questions(session, gateway, spool, answer, senders, given)
        self._declare(None)  # last: who sees it asks

    def say(self, sender: str, event: str, data: str, utc_ms: int, known: bool) -> Event:
        """Number an event, and say it to whoever listens now. Where nobody can be reached it is in the spool
        all the same. `data`: JSON."""
        with self._order:  # or a later one might overtake it
            said = self._spool.add(sender, event, data, utc_ms, known)
            self._put(said)
        return said

    def tell(self, event: Event) -> None:
        """Say one that is in the spool already, and that no other may overtake."""
        with self._order:
            self._put(event)

    def connect(self, sender: str) -> None:
        """It is there, until `disconnect`."""
        self._declare(sender)

    def disconnect(self, sender: str) -> None:
        """It is not there any more."""
        with self._present:
            token = self._tokens.pop(sender, None)
            if token is not None:
                undeclare(token)

    def beat(self, now: float) -> float:
        """Say where the head is if it is time for it (monotonic). Returns when to call it next; and it is to
        be called after an event, or no more than half a second later."""
        head = self._spool.head
        if head != self._beaten:
            self._beaten, self._beats, self._beat_at = head, 0, now + BEATS_S[0]
        elif now >= self._beat_at:
            with suppress(self._error):
                self._session.put(self._events, str(head))
            self._beats = min(self._beats + 1, len(BEATS_S) - 1)
            self._beat_at = now + BEATS_S[self._beats]
        return self._beat_at

    def close(self, within_s: float = JOIN_S) -> bool:
        """Be there no more. False if a request still holds up one of its own threads."""
        with self._order:
            self._closed = True
        with self._present:
            tokens, self._tokens = self._tokens, {}
        for token in tokens.values():
            undeclare(token)
        deadline = time.monotonic() + within_s
        pages = self._own_pages
        if pages is not None:
            pages.close()
        ended = self._questions.close(within_s)
        return (pages is None or pages.join(max(0.0, deadline - time.monotonic()))) and ended

    def _put(self, event: Event) -> None:
        if not self._closed:
            with suppress(self._error):  # its session has ended: then it comes in a page
                self._session.put(self._events, event.data, attachment=event.attachment)

    def _declare(self, sender: str | None) -> None:
        """A token; None: of the gateway itself."""
        up = self._gateway.key(keys.UP)
        key = up if sender is None else f"{up}/{_exactly(sender)}"
        with self._present:
            if sender not in self._tokens and not self._closed:
                self._tokens[sender] = self._session.liveliness().declare_token(key)


def _exactly(name: str) -> str:
    """A part of a key for a name that is no pattern, whatever it is."""
    return quote(name, safe="", errors="replace")
