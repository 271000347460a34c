"""The thread between zenoh and a FleetRouter: takes what comes, asks for what is missing, and hands on what
has become known.

It never waits for a listener. Where too much waits for those, it takes no events: they wait in the inbox, and
what finds no room there is asked for later.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from gateway.fleet.declaring import direct
from gateway.fleet.inbox import Answer, First, Follow, Inbox, Letter, Token, Transport
from gateway.fleet.keys import EVENTS, EVERY, SENDERS, UP, Gateway, parse_key
from gateway.fleet.message import MessageError, Page, Position, parse_event
from gateway.fleet.news import News, Reached, offers_of
from gateway.fleet.presence import MOST_SENDERS
from gateway.fleet.querying import query, selector_of
from gateway.fleet.subscriptions import Subscriptions
from gateway.fleet.unread import LOOK_S, Unread
from gateway.fleet.view import Query, View
from sig import log

if TYPE_CHECKING:
    import zenoh

    from gateway.fleet.speaker import Speaker

MOST_ASKED = 16
"""Queries under way."""
QUERY_S = 5.0
"""For an answer: a page may come from a disk."""
MOST_WAITING = 10_000
"""Events that wait for listeners: of more, none is taken."""
LONGEST_S = 0.5
"""Before the Speaker's beat is looked at again."""
BUSY_S = 0.02
"""Before it looks again whether the listeners have made room."""

_key_of = lru_cache(maxsize=65536)(parse_key)


class Listening:
    """Of one session. `own`: our own gateway, whose messages are not taken. `hand_on(news)` and `waiting()`:
    see above; `hand_on` must not block. `scope`: which sites are seen, as patterns. End with `close`,
    before the session."""

    def __init__(
        self,
        session: zenoh.Session,
        own: Gateway | None,
        hand_on: Callable[[list[News]], object],
        waiting: Callable[[], int],
        speaker: Speaker | None,
        unread: Unread,
        scope: Sequence[Gateway] = (EVERY,),
    ) -> None:
        self.view = View()
        self.settled = threading.Event()
        """Whoever was there at the beginning has been met."""
        self.routers: set[str] = set()
        self._session = session
        self._own = own
        self._hand_on = hand_on
        self._waiting = waiting
        self._speaker = speaker
        self._unread = unread
        self._look_at = 0.0
        self._scope = scope
        self._inbox = Inbox()
        self._asked = 0
        self._first: set[str] = set()  # tokens that were there at the beginning, and are to be met
        self._not_met = len(scope)  # parts of the scope of which those are not known
        self._subscriptions = Subscriptions(session, scope, self._inbox.post_event)
        self._handles: list[Any] = []
        self._thread = threading.Thread(target=self._run, name="sig-fleet-listening", daemon=True)

    def start(self, patterns: Iterable[Gateway]) -> None:
        """Begin; `patterns`: see `follow`."""
        import zenoh

        put = zenoh.SampleKind.PUT
        inbox, tokens = self._inbox, self._session.liveliness()
        self.follow(patterns)

        def transport(event: zenoh.TransportEvent) -> None:
            inbox.post(Transport(str(event.transport.zid), event.kind == put))

        def token(sample: zenoh.Sample) -> None:
            inbox.post(Token(str(sample.key_expr), sample.kind == put))

        listener = self._session.info.declare_transport_events_listener(direct(transport), history=True)
        self._handles = [listener]
        for each in self._scope:
            key = each.keys(UP)
            self._handles.append(tokens.declare_subscriber(key, direct(token), history=True))
            found: list[str] = []
            end = partial(inbox.post, First(found))
            handler = zenoh.handlers.Callback(partial(_note_key, found), end, indirect=False)
            tokens.get(key, handler, timeout=QUERY_S)
        self._thread.start()

    def follow(self, patterns: Iterable[Gateway]) -> None:
        """Whose events are wanted from now on. Any thread."""
        self._inbox.post(Follow(frozenset(patterns)))

    @property
    def dropped(self) -> int:
        """See `Inbox.dropped`."""
        return self._inbox.dropped

    def close(self, timeout_s: float) -> bool:
        """End it; False if its thread still runs."""
        self._inbox.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        beat_at = 0.0
        while True:
            try:
                now = time.monotonic()
                full = self._waiting() >= MOST_WAITING
                due = min(self.view.deadline() - now, beat_at - now, LONGEST_S)
                taken = self._inbox.take(
                    max(due, BUSY_S if full or self._asked >= MOST_ASKED else 0.0), events=not full
                )
                if taken is None:
                    return
                self._work(*taken, 0 if full else MOST_ASKED - self._asked)
                now = time.monotonic()
                beat_at = math.inf if self._speaker is None else self._speaker.beat(now)
                if now >= self._look_at:
                    self._look_at = now + LOOK_S
                    self._unread.look(log.get().warning)
            except Exception:  # noqa: BLE001 - what all depends on goes on
                log.failure("sig-fleet-listening failed")

    def _work(self, others: list[Letter], samples: list[zenoh.Sample], most: int) -> None:
        now = time.monotonic()
        for letter in others:
            _guarded(self._other, letter, now)
        for sample in samples:
            _guarded(self._sample, sample, now)
        _guarded(self.view.tick, now)
        for question in self.view.queries(now, most):
            self._ask(question)
        if self.view.news:
            self._hand_on(self.view.news)
            self.view.news = []  # not before: where there is no thread left it raises
        if not self._not_met and not self._first and not self.view.is_meeting:
            self.settled.set()

    def _other(self, letter: Letter, now: float) -> None:
        match letter:
            case Token(key, there):
                self._token(key, there, now)
            case Transport(zid, there):
                before = bool(self.routers)
                (self.routers.add if there else self.routers.discard)(zid)
                self.view.presence.routers(bool(self.routers), now)
                if before != bool(self.routers):
                    self.view.news.append(Reached(not before))
            case Answer(question, data):
                self._asked -= 1
                self._answer(question, data, now)
            case First(keys):
                self._not_met -= 1
                self._first |= {key for key in keys if not self._is_there(key)}
            case Follow(wanted):
                self.view.follow(self._subscriptions.follow(wanted), now)

    def _token(self, text: str, there: bool, now: float) -> None:
        key = _key_of(text)
        if key is not None and key.gateway != self._own and key.kind == UP and len(key.names) < 2:
            sender = key.names[0] if key.names else None
            self.view.token(key.gateway, sender, there, now)
            if there and not self.view.presence.is_seen(key.gateway, sender):
                text = f"the gateway {key.gateway} has more than {MOST_SENDERS} senders: others are not seen"
                log.repeated.note("fleet gateway with too many senders", text, str(key.gateway))
        self._first.discard(text)

    def _is_there(self, text: str) -> bool:
        key = _key_of(text)
        if key is None or key.gateway == self._own or len(key.names) > 1:
            return True
        return self.view.presence.is_there(key.gateway, *key.names)

    def _sample(self, sample: zenoh.Sample, now: float) -> None:
        key = _key_of(str(sample.key_expr))
        if key is None or key.gateway == self._own or key.kind != EVENTS or key.names:
            return
        beside = sample.attachment
        try:
            text = sample.payload.to_string()
            if beside is None:
                self.view.head(key.gateway, Position.parse(text), now)
            else:
                self.view.event(key.gateway, parse_event(text, beside.to_string()), now)
        except (MessageError, ValueError) as error:
            _note(key.gateway, error)

    def _ask(self, question: Query) -> None:
        gateway, ask = question
        answers: list[bytes] = []
        self._asked += 1
        try:
            query(
                self._session,
                gateway.key(SENDERS) if ask is None else selector_of(gateway, ask),
                QUERY_S,
                answers.append,
                lambda: self._inbox.post(Answer(question, answers[0] if answers else None)),
            )
        except Exception as error:  # noqa: BLE001 - there is no answer, so it is asked again
            log.repeated.note("fleet query failed", f"{gateway} cannot be asked: {error!r}", "")

    def _answer(self, question: Query, data: bytes | None, now: float) -> None:
        gateway, ask = question
        page = offers = None
        try:
            if data is not None and ask is not None:
                page = Page.parse(data.decode())
            elif data is not None:
                offers = offers_of(json.loads(data))
        except (MessageError, ValueError, RecursionError) as error:
            _note(gateway, error)
        if ask is None:
            self.view.described(gateway, offers, now)
        else:
            self.view.page(gateway, ask, page, now)


def _guarded(do: Callable[..., object], *arguments: object) -> None:
    """One of many that came together: if it cannot be done, the others are all the same."""
    try:
        do(*arguments)
    except Exception:  # noqa: BLE001 - see above
        log.failure("sig-fleet-listening failed")


def _note_key(found: list[str], reply: zenoh.Reply) -> None:
    if reply.ok is not None:
        found.append(str(reply.ok.key_expr))


def _note(gateway: Gateway, error: Exception) -> None:
    text = f"the gateway {gateway} has sent what cannot be understood: {error}"
    log.repeated.note("fleet message not understood", text, str(gateway))
