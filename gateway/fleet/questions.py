"""What a gateway is asked over the fleet, and who answers it.

    replay     a page of the spool, on a thread for that alone, so that no request holds it up
    senders    and requests to them, on a small pool: they run the users' code
    confirmed  is noted in the spool at once

zenoh's threads only post, and note what is confirmed: some microseconds.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import sig
from gateway.fleet import keys
from gateway.fleet.answering import Answer, answered, failed, patience
from gateway.fleet.declaring import direct, undeclare
from gateway.fleet.keys import Gateway
from gateway.fleet.message import MessageError, Position
from gateway.fleet.spool import Spool
from sig.net.dispatch import Pool

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

Senders = Callable[[], Mapping[str, Any] | Sequence[Any]]
"""What `senders` is answered with."""

WORKERS = 4
WAITING = 64
"""Requests that wait for one of them: of more, each is refused at once."""
WAITING_PAGES = 64
"""Consumers that ask for a page at the same time: of more, each asks again."""
JOIN_S = 0.3


class Threads:
    """Who answers. One of these may serve many speakers, whoever made it closes it."""

    def __init__(self, name: str = "fleet") -> None:
        self.pages = Pool(f"{name}-pages", 1, WAITING_PAGES, self, _nothing)
        self.requests = Pool(f"{name}-requests", WORKERS, WAITING, self, _nothing)

    def close(self, within_s: float = JOIN_S) -> bool:
        """End them; False if a request holds one up."""
        deadline = time.monotonic() + within_s
        pools = (self.pages, self.requests)
        for pool in pools:
            pool.close()
        return sum(pool.join(max(0.0, deadline - time.monotonic())) for pool in pools) == len(pools)


class Questions:
    """Answered from the constructor on, which declares them, until `close`."""

    def __init__(
        self,
        session: zenoh.Session,
        gateway: Gateway,
        spool: Spool,
        answer: Answer,
        senders: Senders,
        threads: Threads,
    ) -> None:
        self._gateway = gateway
        self._spool = spool
        self._answer = answer
        self._senders = senders
        self._threads = threads
        self._declared: list[Any] = [
            session.declare_queryable(gateway.key(keys.REPLAY), direct(self._asked_for_page)),
            session.declare_queryable(gateway.key(keys.SENDERS), direct(self._asked_for_senders)),
            session.declare_queryable(gateway.keys(keys.ASK), direct(self._asked)),
            session.declare_subscriber(gateway.keys(keys.CONFIRMED), direct(self._confirmed)),
        ]

    def close(self) -> None:
        """Nobody is asked any more; what is under way is answered if the session lasts."""
        declared, self._declared = self._declared, []
        for each in declared:
            undeclare(each)

    # zenoh's threads

    def _asked_for_page(self, query: zenoh.Query) -> None:
        self._threads.pages.post(partial(self._give_page, query))  # else it ends without an answer

    def _asked_for_senders(self, query: zenoh.Query) -> None:
        self._threads.requests.post(partial(self._give_senders, query))

    def _asked(self, query: zenoh.Query) -> None:
        attachment = query.attachment
        until = time.monotonic() + patience(None if attachment is None else attachment.to_bytes())
        if not self._threads.requests.post(partial(self._give_answer, query, until)):
            self._threads.pages.post(partial(self._refuse, query))

    def _confirmed(self, sample: zenoh.Sample) -> None:
        key = keys.parse_key(str(sample.key_expr))
        if key is None or len(key.names) != 1:
            return
        try:
            self._spool.confirm(key.names[0], Position.parse(sample.payload.to_bytes().decode()))
        except ValueError as error:
            logger.debug("fleet: a confirmation cannot be understood: %s", error)

    # The threads that answer

    def _give_page(self, query: zenoh.Query) -> None:
        with query:
            try:
                asked = query.parameters
                after, before = (_position(asked.get(name)) for name in ("after", "before"))
                page = self._spool.page(after, before)
            except (MessageError, OSError) as error:
                query.reply_err(str(error))
                return
            query.reply(self._gateway.key(keys.REPLAY), page.encode())

    def _give_senders(self, query: zenoh.Query) -> None:
        with query:
            try:
                said = json.dumps(self._senders(), ensure_ascii=False, allow_nan=False)
            except Exception as error:
                logger.exception("fleet: who is here cannot be said; please report this")
                query.reply_err(f"{type(error).__name__}: {error}")
                return
            query.reply(self._gateway.key(keys.SENDERS), said)

    def _give_answer(self, query: zenoh.Query, until: float) -> None:
        with query:
            key, names = self._asked_of(query)
            if names is None:
                error = sig.BadParams("a request is for one sender and one method: ask/SENDER/METHOD")
                query.reply(key, failed(error))
                return
            payload = query.payload
            params = None if payload is None else payload.to_bytes()
            query.reply(key, answered(self._answer, *names, params, until - time.monotonic()))

    def _refuse(self, query: zenoh.Query) -> None:
        with query:
            error = sig.Busy(f"{WAITING} requests wait at that gateway already; try again later")
            query.reply(self._asked_of(query)[0], failed(error))

    def _asked_of(self, query: zenoh.Query) -> tuple[str, tuple[str, str] | None]:
        """The key of the answer, which names this gateway where the question named any, and whom it is for:
        sender and method, if it is for one."""
        text = str(query.key_expr)
        key, parts = keys.parse_key(text), text.split("/")[-2:]
        if key is None or key.kind != keys.ASK or len(key.names) != 2 or "*" in "".join(parts):
            return text, None
        return "/".join((self._gateway.key(keys.ASK), *parts)), (key.names[0], key.names[1])


def _nothing() -> None:
    """A job of ours raises nothing but what ends the process."""


def _position(text: str | None) -> Position | None:
    return None if text is None else Position.parse(text)
